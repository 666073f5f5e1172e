"""When a snapshot is due, beside a game that is only played here."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import kube
import pytest

from core.cluster.local_files import SavedFile, StoreFile
from core.cluster.manifests_pod import pod_file
from core.games.catalogue import Save
from core.worlds.agentlib import snapshots
from core.worlds.agentlib.game import NoConsole
from core.worlds.agentlib.snapshots import Saver, Scene
from core.worlds.listing import listing
from core.worlds.store.folder import FolderStore
from tests.worlds.around import SERVER
from tests.worlds.pod_process import ROOT

pytestmark = pytest.mark.process
POD = pod_file(kube.make_spec(SERVER, game=kube.TINY.model_copy(update={"save": Save(off="off", flush="f", on="on")})))


class Played(Scene):
    def __init__(self, folder: Path) -> None:
        self.data, self.work, self.receipt = folder / "data", folder, folder / "saved.json"
        self.data.mkdir()
        self.players = 0
        self.lines: list[str] = []
        self.deaf = False
        self.counted, self.told = asyncio.Event(), asyncio.Event()
        self.saved: list[SavedFile] = []

    def store(self) -> StoreFile | None:
        return StoreFile(f"folder:{self.work / 'store'}", every=3600)

    def env(self, store: StoreFile) -> Mapping[str, str]:
        return dict(os.environ) | {"PYTHONPATH": str(ROOT)} | store.env

    def foreign(self) -> str:
        return ""

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

    def tell(self, *, saving: bool, saved: SavedFile | None = None, not_saved: str | None = None) -> None:
        if saved:
            self.saved.append(saved)
            self.told.set()

    async def look(self) -> None:
        """The saver's next look at who plays."""
        self.counted.clear()
        await asyncio.wait_for(self.counted.wait(), 10)


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Played]:
    monkeypatch.setattr(snapshots, "_LOOK_EVERY", 0.05)
    scene = Played(tmp_path)
    running = asyncio.create_task(Saver(replace(POD, server=SERVER), scene).run())
    yield scene
    running.cancel()
    await asyncio.wait([running])


async def test_when_the_last_player_leaves_the_world_is_saved(scene: Played) -> None:
    scene.players = 2
    await scene.look()
    scene.players = 1
    await scene.look()
    assert scene.saved == []
    scene.players = 0
    await asyncio.wait_for(scene.told.wait(), 20)
    assert [each.name for each in listing(FolderStore(scene.work / "store"), SERVER)] == [scene.saved[0].name]


async def test_saving_that_is_owed_is_paid_once_the_console_is_back(scene: Played) -> None:
    await scene.look()
    scene.lines.clear()
    scene.deaf = True
    scene.players = 1
    await scene.look()
    scene.players = 0
    await asyncio.wait_for(scene.told.wait(), 20)
    scene.deaf = False
    await scene.look()
    await scene.look()
    assert scene.lines == ["on"]
