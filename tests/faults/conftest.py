"""The shipped process in a guild that can be made to fail.

`house` is one process for a whole module, with a server of Ada's that is never paused for being empty; `fresh` is one
for a single test. `hollow_oak` is the bot in this process, on a cluster in memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from faults import Faults
from ports import ports
from shipped import Shipped, shipped
from town import Town, town


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shipped]:
    """Pond is running and its ready notice is posted."""
    async with shipped(tmp_path_factory.mktemp("house"), IDLE_AFTER="0", PORTS=ports()) as house:
        await house.create()
        await house.message("**Pond** is ready")
        yield house


@pytest.fixture
def faults(house: Shipped) -> Iterator[Faults]:
    faults = Faults(house.guild)
    yield faults
    faults.withdraw()


@pytest.fixture
async def fresh(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Shipped]:
    """A guild without servers; short idle times by `@pytest.mark.parametrize("fresh", [IDLE], indirect=True)`."""
    async with shipped(tmp_path, **getattr(request, "param", {"IDLE_AFTER": "0"}), PORTS=ports()) as house:
        yield house


@pytest.fixture
def its_faults(fresh: Shipped) -> Faults:
    return Faults(fresh.guild)


@pytest.fixture
async def hollow_oak(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as made:
        yield made
