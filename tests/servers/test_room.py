"""Downloads and imports where there is little room to put worlds together: refused in words, never evicted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.assemble import assemble
from core.children import ChildFailed, Program
from core.errors import BadInput, Refusal, TryAgain
from core.servers import worlds as module
from core.servers.host_rules import HostRules
from core.servers.worlds import Worlds
from core.worlds.gaps import Gaps
from core.worlds.listing import Snapshot
from core.worlds.receipt import Receipt
from core.worlds.scratch import SPARE
from core.worlds.shelf import Shelf as Real
from core.worlds.store.place import StorePlace
from tests.conftest import ADA

MIB = 2**20
NAME = "000001-000001-000001-aaaa"


class Shelf(Real):
    """A store whose one snapshot is `size` bytes, and `room` for what is put together."""

    def __init__(self, folder: Path, room: int, size: int) -> None:
        super().__init__(StorePlace(f"folder:{folder / 'store'}"), folder / "work", most=room)
        self.size = size
        self.ran: list[tuple[Program, list[str]]] = []
        self.fails: ChildFailed | None = None
        self.asked = asyncio.Event()

    @asynccontextmanager
    async def scratch(self, size: int) -> AsyncIterator[Path]:
        self.asked.set()
        async with super().scratch(size) as folder:
            yield folder

    async def snapshots(self, server: str) -> list[Snapshot]:
        return [Snapshot(NAME, datetime.now(UTC), self.size, 1, 10, "", Gaps(), False)]

    async def ask(self, question: Any) -> Any:
        return "https://example.org/pond.zip"

    async def run(self, program: Program, arguments: Any, **_: Any) -> dict[str, Any]:
        self.ran.append((program, list(arguments)))
        if self.fails:
            raise self.fails
        return {"key": "k", "size": 2**30, "name": NAME}

    def most(self) -> int:
        (said,) = (each for _, arguments in self.ran for each in arguments if each.startswith("--most="))
        return int(said.removeprefix("--most="))


class File:
    name = "world.zip"

    def __init__(self, size: int) -> None:
        self.size = size

    async def save(self, path: Path) -> None:
        """It matters only how large it is said to be."""


@pytest.fixture
def rules(rules: HostRules) -> HostRules:
    return replace(rules, keeps_worlds=True)


@pytest.fixture
async def pond(house: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """It runs, and its world was saved."""

    async def snapshot(server: str, *, note: str = "", full: bool = False) -> Receipt:
        return Receipt(NAME, datetime.now(UTC), 100 * MIB)

    monkeypatch.setattr(house.cluster, "snapshot", snapshot)
    server = str(await house.create())
    await house.until(server, lambda row: row.phase == "running" and row.bound == 1)
    return server


@asynccontextmanager
async def refused(kind: type[Refusal], message: str) -> AsyncIterator[None]:
    with pytest.raises(kind) as said:
        yield
    assert said.value.message == message


def worlds_of(house: Any, shelf: Shelf) -> Worlds:
    core = assemble(house.database, house.core.catalogue, house.cluster, house.core.rules, house.core.now, shelf=shelf)
    assert core.worlds is not None
    return core.worlds


async def test_a_download_needs_room_for_the_world_twice(house: Any, pond: str, tmp_path: Path) -> None:
    enough = Shelf(tmp_path, 2 * 100 * MIB + SPARE, 100 * MIB)
    assert (await worlds_of(house, enough).download(ADA, pond, NAME)).link
    short = Shelf(tmp_path, 2 * 100 * MIB + SPARE - 1, 100 * MIB)
    with pytest.raises(Refusal) as said:
        await worlds_of(house, short).download(ADA, pond, NAME)
    assert (said.value.message, said.value.values["most"] // MIB) == ("world.no_room", 99)
    assert short.ran == []


async def test_while_others_are_at_work_one_waits(house: Any, pond: str, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 2 * 100 * MIB + SPARE, 100 * MIB)
    async with shelf.room.take(MIB):
        waiting = asyncio.create_task(worlds_of(house, shelf).download(ADA, pond, NAME))
        await shelf.asked.wait()
        assert shelf.ran == []
    assert (await waiting).link


async def test_who_would_wait_too_long_is_asked_to_try_again(
    house: Any, pond: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.0)
    shelf = Shelf(tmp_path, 2 * 100 * MIB + SPARE, 100 * MIB)
    async with shelf.room.take(MIB), refused(TryAgain, "world.no_room_now"):
        await worlds_of(house, shelf).download(ADA, pond, NAME)
    assert shelf.ran == []


async def test_an_import_may_become_as_large_as_there_is_room_for(house: Any, pond: str, tmp_path: Path) -> None:
    """The archive and what comes out of it."""
    shelf = Shelf(tmp_path, 2 * 300 * MIB + SPARE, 1)
    await worlds_of(house, shelf).bring_in(ADA, pond, file=None, url="https://example.org/a.zip")
    assert shelf.most() == 300 * MIB


async def test_an_import_that_turns_out_too_large_for_the_room_is_said_so(
    house: Any, pond: str, tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path, 2 * 300 * MIB + SPARE, 1)
    shelf.fails = ChildFailed("hostile", "", {"why": "large"})
    async with refused(Refusal, "world.no_room"):
        await worlds_of(house, shelf).bring_in(ADA, pond, file=None, url="https://example.org/a.zip")


async def test_where_the_guilds_limit_is_smaller_that_is_what_is_said(house: Any, pond: str, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 30 * 2**30, 1)
    shelf.fails = ChildFailed("hostile", "", {"why": "large"})
    async with refused(BadInput, "import.large"):
        await worlds_of(house, shelf).bring_in(ADA, pond, file=None, url="https://example.org/a.zip")


async def test_a_file_that_is_too_large_for_the_room_is_not_even_fetched(house: Any, pond: str, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 2 * 300 * MIB + SPARE, 1)
    async with refused(Refusal, "world.no_room"):
        await worlds_of(house, shelf).bring_in(ADA, pond, file=File(301 * MIB), url=None)
    assert shelf.ran == []
