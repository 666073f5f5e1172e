from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from apihouse import ApiHouse, standing


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHouse]:
    """One for all tests of a module, which run in its loop."""
    async with standing(Path(tmp_path_factory.mktemp("api"))) as house:
        yield house
