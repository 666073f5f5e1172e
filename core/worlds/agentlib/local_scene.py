"""What a saver (snapshots.py) sees on the local cluster: the agent is the game's parent and hears what it prints."""

from __future__ import annotations

import os
from collections.abc import Mapping

from core.cluster.local_files import PodFile, SavedFile, ServerFolder, StoreFile

from . import probe
from .snapshots import Scene
from .supervisor import Supervisor

_LOOK_EVERY = 5.0  # seconds


class LocalScene(Scene):
    def __init__(self, pod: PodFile, folder: ServerFolder, supervisor: Supervisor) -> None:
        self._pod = pod
        self._folder = folder
        self._supervisor = supervisor
        self.data = folder.data(pod.volume)
        self.work = folder.root
        self.receipt = folder.saved

    def store(self) -> StoreFile | None:
        return StoreFile.read(self._folder.store)

    def env(self, store: StoreFile) -> Mapping[str, str]:
        return dict(os.environ) | store.env  # the agent's own was made for it by the keeper

    def foreign(self) -> str:
        return "" if self.data.is_dir() else "there is no world"

    async def is_ready(self) -> bool:
        return self._supervisor.state.phase == "ready"

    async def until_ready(self) -> None:
        while (state := self._supervisor.state).phase != "ready":
            await self._supervisor.changed(state.revision, _LOOK_EVERY)

    async def online(self) -> int:
        return int((await probe.players(self._pod))["online"])

    async def order(self, line: str) -> None:
        await self._supervisor.console(line)

    async def flush(self, line: str, done: str, within: float) -> None:
        await self._supervisor.order(line, done, within)

    def tell(self, *, saving: bool, saved: SavedFile | None = None, not_saved: str | None = None) -> None:
        more = {} if saved is None else {"saved": saved.name}
        more |= {} if not_saved is None else {"not_saved": not_saved}
        self._supervisor.tell(saving=saving, **more)
