"""Snapshots while the game is played, when the last player leaves, and after the game has ended.

Each is a child process of low priority (core/worlds/snapshot.py): the agent itself stays small. The world is quieted by
the game's console meanwhile; that saving goes on afterwards is owed, whatever happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from core.cluster.children import ChildFailed, run_child
from core.cluster.local_files import LAST_WITHIN, PodFile, SavedFile, ServerFolder, StoreFile, write_json

from . import probe
from .game import NoConsole
from .supervisor import Supervisor

CHEAP, DEAR = 120.0, 600.0  # seconds between snapshots
_CHEAP_CPU = 2.0  # seconds of CPU of the last one, under which it counts as cheap
_LOOK_EVERY = 5.0  # seconds between looks at who plays
_FLUSH_WITHIN = 60.0  # seconds that a game may take to write its world
_RACY = 2_000_000_000  # ns; changes so shortly before a snapshot may have escaped it
_FULL_EVERY = 24 * 3600.0  # seconds; writes through memory maps may leave no trace in a file's times


class Saver:
    """`run` until the game ended, then `last`. Without a store there is nothing to do."""

    def __init__(self, pod: PodFile, folder: ServerFolder, supervisor: Supervisor) -> None:
        self._pod = pod
        self._folder = folder
        self._supervisor = supervisor
        self._lock = asyncio.Lock()
        self._played = False  # since the last snapshot; what they did may be in the game's memory only
        self._online = 0
        self._began_at = time.time_ns()  # the last snapshot, or this pod
        self._next_at = 0.0
        self._full_at = time.monotonic() + _FULL_EVERY
        self._cpu = 0.0

    async def run(self) -> None:
        """Until cancelled. Never raises."""
        await self._until_ready()
        await self._let_save()
        self._next_at = time.monotonic() + self._every()
        while True:
            await asyncio.sleep(min(_LOOK_EVERY, self._every() / 2))
            try:
                if await self._is_due():
                    await self.snapshot(full=time.monotonic() >= self._full_at)
            except (ChildFailed, OSError):
                continue  # told in the state; the next one is due in its time

    async def snapshot(self, *, note: str = "", full: bool = False, within: float | None = None) -> SavedFile:
        """One snapshot now, after the one that is under way. Raises `ChildFailed`, `OSError`."""
        async with self._lock:
            store = StoreFile.read(self._folder.store)
            if store is None:
                raise ChildFailed("refused", "no store is set up")
            self._supervisor.tell(saving=True)
            began, played = time.time_ns(), self._played
            self._next_at = time.monotonic() + self._every()
            self._played = False
            try:
                async with self._quiet():
                    said = await self._child(store, note, full, within)
                saved = SavedFile.of(said)
                write_json(self._folder.saved, saved.to_json())
            except BaseException as wrong:
                self._played = self._played or played
                self._supervisor.tell(saving=False, not_saved=str(wrong) or type(wrong).__name__)
                raise
            self._began_at, self._cpu = began, saved.cpu_seconds
            self._next_at = time.monotonic() + self._every()
            if full:
                self._full_at = time.monotonic() + _FULL_EVERY
            self._supervisor.tell(saving=False, saved=saved.name, not_saved="")
            return saved

    async def last(self) -> None:
        """The game has ended: the one that reads everything. Best effort."""
        if StoreFile.read(self._folder.store) is None or not self._folder.data(self._pod.volume).is_dir():
            return
        self._supervisor.tell(phase="saving")
        with contextlib.suppress(ChildFailed, OSError):
            await self.snapshot(full=True, within=LAST_WITHIN)
        self._supervisor.tell(phase="ended")

    async def _child(self, store: StoreFile, note: str, full: bool, within: float | None) -> dict[str, Any]:
        pod, rules = self._pod, self._pod.save
        arguments = [
            "--server",
            pod.server,
            str(self._folder.data(pod.volume)),
            f"--volume={pod.volume}",
            f"--run={pod.run}",
            *([f"--note={note}"] if note else []),
            *(["--full"] if full else []),
            *(f"--include={glob}" for glob in rules.get("include", ())),
            *(f"--exclude={glob}" for glob in rules.get("exclude", ())),
        ]
        env = dict(os.environ) | store.env  # the agent's own was made for it by the keeper
        return await run_child("core.worlds.snapshot", arguments, env=env, cwd=self._folder.root, within=within)

    @contextlib.asynccontextmanager
    async def _quiet(self) -> AsyncIterator[None]:
        """What the game holds in memory is on the disk, and nothing more is written, as far as the game can do that."""
        rules = self._pod.save
        try:
            with contextlib.suppress(NoConsole):
                if rules.get("off"):
                    await self._supervisor.order(rules["off"], "", _FLUSH_WITHIN)
                if rules.get("flush"):
                    await self._supervisor.order(rules["flush"], rules.get("done", ""), _FLUSH_WITHIN)
            yield
        finally:
            await asyncio.shield(self._let_save())

    async def _let_save(self) -> None:
        if on := self._pod.save.get("on"):
            with contextlib.suppress(NoConsole):
                await self._supervisor.order(on, "", _FLUSH_WITHIN)

    async def _until_ready(self) -> None:
        while (state := self._supervisor.state).phase != "ready":
            await self._supervisor.changed(state.revision, _LOOK_EVERY)

    async def _is_due(self) -> bool:
        """Whether the last player left since the last look, or it is time and something changed."""
        if self._supervisor.state.phase != "ready" or StoreFile.read(self._folder.store) is None:
            return False
        before, self._online = self._online, await self._count()
        self._played = self._played or self._online > 0
        if before > 0 and self._online == 0:
            return True
        if time.monotonic() < self._next_at:
            return False
        if self._played:
            return True
        self._next_at = time.monotonic() + self._every()  # whatever it says: a look costs a walk
        return await asyncio.to_thread(_changed_since, self._folder.data(self._pod.volume), self._began_at - _RACY)

    async def _count(self) -> int:
        """Players; a game that does not tell may have some."""
        try:
            return int((await probe.players(self._pod))["online"])
        except probe.NoAnswer:
            return self._online

    def _every(self) -> float:
        store = StoreFile.read(self._folder.store)
        if store is not None and store.every is not None:
            return store.every
        return CHEAP if self._cpu < _CHEAP_CPU else DEAR


def _changed_since(folder: Path, moment: int) -> bool:
    """Whether anything below has a change time (ns) of `moment` or later; True too where that cannot be told."""
    waiting = [folder]
    try:
        while waiting:
            at = waiting.pop()
            if at.stat().st_ctime_ns >= moment:
                return True
            with os.scandir(at) as found:
                for each in found:
                    if each.is_dir(follow_symlinks=False):
                        waiting.append(Path(each.path))
                    elif each.stat(follow_symlinks=False).st_ctime_ns >= moment:
                        return True
    except OSError:
        return True
    return False
