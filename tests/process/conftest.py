"""The shipped process, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shipped import Shipped, shipped


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[Shipped]:
    settings = {} if database_url.startswith("sqlite") else {"DATABASE_URL": database_url}
    async with shipped(tmp_path, **settings) as house:
        yield house
