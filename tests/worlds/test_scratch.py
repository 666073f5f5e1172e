"""How much room there is to put worlds together, and that nobody takes more."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.worlds import scratch as module
from core.worlds.scratch import NoRoom, Scratch


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    free = SimpleNamespace(free=1000)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: free)
    return free


class Worker:
    """Takes `size` until it is told to end."""

    def __init__(self, room: Scratch, size: int) -> None:
        self.has = asyncio.Event()
        self._over = asyncio.Event()
        self._task = asyncio.create_task(self._work(room, size))

    async def _work(self, room: Scratch, size: int) -> None:
        async with room.take(size):
            self.has.set()
            await self._over.wait()

    async def end(self) -> None:
        self._over.set()
        await self._task


async def turned() -> None:
    """Everybody who can go on has."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_there_is_as_much_as_was_said_and_never_more_than_the_disk_has(tmp_path: Path, disk: SimpleNamespace) -> None:
    assert Scratch(tmp_path).free == 1000
    assert Scratch(tmp_path, 600).free == 600
    disk.free = 500
    assert Scratch(tmp_path, 600).free == 500


def test_the_folder_need_not_be_there_yet(tmp_path: Path) -> None:
    assert Scratch(tmp_path / "data" / "work", 600).free == 600


async def test_what_somebody_takes_is_there_again_afterwards(tmp_path: Path, disk: SimpleNamespace) -> None:
    room = Scratch(tmp_path, 600)
    async with room.take(400):
        assert (room.free, room.whole) == (200, 600)
    with pytest.raises(ValueError, match="wrong"):
        async with room.take(400):
            raise ValueError("wrong")
    assert room.free == 600


async def test_what_others_have_is_waited_for(tmp_path: Path, disk: SimpleNamespace) -> None:
    room = Scratch(tmp_path, 600)
    first, second = Worker(room, 400), Worker(room, 400)
    await first.has.wait()
    disk.free = 600  # it has written that by now
    await turned()
    assert not second.has.is_set()
    disk.free = 1000
    await first.end()
    await second.has.wait()
    await second.end()


async def test_who_needs_much_is_not_overtaken_for_ever(tmp_path: Path, disk: SimpleNamespace) -> None:
    room = Scratch(tmp_path, 600)
    first, large, small = Worker(room, 400), Worker(room, 600), Worker(room, 100)
    await turned()
    assert [each.has.is_set() for each in (first, large, small)] == [True, False, False]
    await first.end()
    await large.has.wait()
    assert not small.has.is_set()
    await large.end()
    await small.has.wait()
    await small.end()


async def test_what_there_never_is_is_not_waited_for(tmp_path: Path, disk: SimpleNamespace) -> None:
    room = Scratch(tmp_path, 600)
    with pytest.raises(NoRoom):
        async with room.take(601):
            pass
    first = Worker(room, 400)
    await first.has.wait()
    waiting = asyncio.create_task(room.take(400).__aenter__())
    await turned()
    disk.free = 100  # something else fills the disk
    await first.end()
    with pytest.raises(NoRoom):
        await waiting
    assert room.free == 100


async def test_who_stops_waiting_is_in_nobodys_way(tmp_path: Path, disk: SimpleNamespace) -> None:
    room = Scratch(tmp_path, 600)
    first, impatient = Worker(room, 400), asyncio.create_task(room.take(600).__aenter__())
    await turned()
    impatient.cancel()
    second = Worker(room, 200)
    await second.has.wait()
    await asyncio.gather(first.end(), second.end())
    assert room.free == 600
