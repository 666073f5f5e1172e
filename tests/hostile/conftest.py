"""The bot on a guild on loopback: one for each test, or (`den`) one for all tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from wire import Wire, wired


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    async with wired(tmp_path) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def den(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wire]:
    """With room for many servers, and one called Pond."""
    async with wired(tmp_path_factory.mktemp("den")) as made:
        await made.allow(100)
        await made.create()
        yield made
