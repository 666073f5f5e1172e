"""What a saver sees on the local cluster: the agent is the game's parent and hears what it prints."""

from __future__ import annotations

import os
from collections.abc import Mapping

from core.agent.files import read_record
from core.agent.local.folder import ServerFolder
from core.agent.local.supervisor import Supervisor
from core.agent.saver import NotSaved, Surroundings
from core.agent.wire import PodSpec
from core.worlds.receipt import Receipt
from core.worlds.store.place import StorePlace

_LOOK_EVERY = 5.0  # seconds


class LocalSurroundings(Surroundings):
    def __init__(self, pod: PodSpec, folder: ServerFolder, supervisor: Supervisor) -> None:
        self._pod = pod
        self._folder = folder
        self._supervisor = supervisor
        self.volume = folder.volume(pod.volume)
        self.work = folder.root
        self.receipt = folder.saved

    def store(self) -> StorePlace | None:
        return read_record(StorePlace, self._folder.store)

    def env(self) -> Mapping[str, str]:
        return os.environ  # made for the agent by the keeper

    async def is_ready(self) -> bool:
        return self._supervisor.state.phase == "ready"

    async def until_ready(self) -> None:
        while (state := self._supervisor.state).phase != "ready":
            await self._supervisor.changed(state.revision, _LOOK_EVERY)

    async def online(self) -> int:
        return int((await self._supervisor.players())["online"])

    async def order(self, line: str) -> None:
        await self._supervisor.console(line)

    async def flush(self, line: str, done: str, within: float) -> None:
        await self._supervisor.order(line, done, within)

    def tell(self, *, saving: bool, saved: Receipt | None = None, not_saved: NotSaved | None = None) -> None:
        more = {} if saved is None else {"saved": saved.name}
        more |= {} if not_saved is None else {"not_saved": not_saved.why, "not_saved_kind": not_saved.kind}
        self._supervisor.tell(saving=saving, **more)
