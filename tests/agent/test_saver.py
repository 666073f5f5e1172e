"""When a snapshot is due, beside a game that is only played here."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import kube
import pytest

from core.agent import saver
from core.agent.console import NoConsole
from core.agent.saver import NotSaved, Saver, Surroundings
from core.agent.volume import Volume
from core.cluster.kubernetes.manifests_pod import pod_spec
from core.games.form.saving import Save
from core.nofollow import Spot
from core.worlds.listing import listing
from core.worlds.receipt import Receipt
from core.worlds.store.folder import FolderStore
from core.worlds.store.place import StorePlace
from tests.agent.pod_process import ROOT
from tests.worlds.around import SERVER

pytestmark = pytest.mark.process
POD = pod_spec(kube.make_spec(SERVER, game=kube.TINY.model_copy(update={"save": Save(off="off", flush="f", on="on")})))


class Played(Surroundings):
    def __init__(self, folder: Path) -> None:
        self.volume, self.work, self.receipt = Volume(folder, POD.volume), folder, folder / "saved.json"
        self.volume.make_empty()
        self.players = 0
        self.lines: list[str] = []
        self.deaf = False
        self.every = 3600.0
        self.counted, self.told = asyncio.Event(), asyncio.Event()
        self.saved: list[Receipt] = []

    def store(self) -> StorePlace | None:
        return StorePlace(f"folder:{self.work / 'store'}", every=self.every)

    def env(self) -> Mapping[str, str]:
        return dict(os.environ) | {"PYTHONPATH": str(ROOT)}

    async def is_ready(self) -> bool:
        return True

    async def until_ready(self) -> None:
        pass

    async def online(self) -> int:
        self.counted.set()
        return self.players

    async def order(self, line: str) -> None:
        if self.deaf:
            raise NoConsole
        self.lines.append(line)

    async def flush(self, line: str, done: str, within: float) -> None:
        await self.order(line)

    def tell(self, *, saving: bool, saved: Receipt | None = None, not_saved: NotSaved | None = None) -> None:
        if saved:
            self.saved.append(saved)
            self.told.set()

    async def look(self) -> None:
        """The saver's next look at who plays."""
        self.counted.clear()
        await asyncio.wait_for(self.counted.wait(), 10)


@pytest.fixture
async def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Played]:
    monkeypatch.setattr(saver, "_LOOK_EVERY", 0.05)
    around = Played(tmp_path)
    running = asyncio.create_task(Saver(replace(POD, server=SERVER), around).run())
    yield around
    running.cancel()
    await asyncio.wait([running])


async def test_when_the_last_player_leaves_the_world_is_saved(around: Played) -> None:
    around.players = 2
    await around.look()
    around.players = 1
    await around.look()
    assert around.saved == []
    around.players = 0
    await asyncio.wait_for(around.told.wait(), 20)
    assert [each.name for each in listing(FolderStore(around.work / "store"), SERVER)] == [around.saved[0].name]


async def test_saving_that_is_owed_is_paid_once_the_console_is_back(around: Played) -> None:
    await around.look()
    around.lines.clear()
    around.deaf = True
    around.players = 1
    await around.look()
    around.players = 0
    await asyncio.wait_for(around.told.wait(), 20)
    around.deaf = False
    await around.look()
    await around.look()
    assert around.lines == ["on"]


async def test_after_the_clock_was_set_back_the_world_is_saved(tmp_path: Path) -> None:
    """Whatever changes then bears a time from before the last snapshot."""
    around = Played(tmp_path)
    around.every = 0.2
    last = time.time_ns() + 7200 * 10**9
    running = asyncio.create_task(Saver(replace(POD, server=SERVER), around, since=last).run())
    await asyncio.wait_for(around.told.wait(), 60)
    running.cancel()
    await asyncio.wait([running])
    assert len(around.saved) == 1


class TestChanges:
    """Whether a world is worth a snapshot is found out without leaving it."""

    def changed(self, folder: Path) -> bool:
        """Since long after now: so nothing has, whatever is looked at."""
        return saver._changed_since(Spot(folder), time.time_ns() + 3_600_000_000_000)

    def test_nothing_is_looked_at_through_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "a" / "b").mkdir(parents=True)
        (tmp_path / "loop").symlink_to(tmp_path)
        (tmp_path / "a" / "proc").symlink_to("/proc")
        os.mkfifo(tmp_path / "a" / "pipe")
        assert not self.changed(tmp_path)

    def test_a_folder_exchanged_for_a_link_meanwhile_is_not_entered(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "a").mkdir()
        entered: list[object] = []
        real = os.open

        def raced(path: object, flags: int, *more: object, **most: object) -> int:
            if path == "a":
                (tmp_path / "a").rmdir()
                (tmp_path / "a").symlink_to("/proc")
            handle = real(path, flags, *more, **most)  # type: ignore[arg-type]
            entered.append(path)
            return handle

        monkeypatch.setattr(os, "open", raced)
        assert self.changed(tmp_path), "it cannot be told"
        assert "a" not in entered

    def test_no_depth_is_too_great_and_no_handle_stays(self, tmp_path: Path) -> None:
        before = len(os.listdir("/proc/self/fd"))
        at = os.open(tmp_path, os.O_RDONLY)
        for _ in range(1200):
            os.mkdir("d", dir_fd=at)
            below = os.open("d", os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = below
        os.close(at)
        assert not self.changed(tmp_path)
        assert len(os.listdir("/proc/self/fd")) == before
        Spot.of(tmp_path).remove()  # pytest's own way would be too deep
