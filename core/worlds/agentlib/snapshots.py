"""Snapshots while the game is played, when the last player leaves, and after the game has ended.

Each is a child process of low priority (core/worlds/snapshot.py): the agent itself stays small. The world is quieted by
the game's console meanwhile; that saving goes on afterwards is owed, whatever happens. What a saver has to know of the
game and its surroundings is its `Scene`: local_scene.py on the local cluster, pod_scene.py in a pod.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from core.cluster.children import ChildFailed, run_child, saving
from core.cluster.local_files import PodFile, SavedFile, StoreFile, write_json

from .game import NoConsole
from .probe import NoAnswer

CHEAP, DEAR = 120.0, 600.0  # seconds between snapshots
_CHEAP_CPU = 2.0  # seconds of CPU of the last one, under which it counts as cheap
_LOOK_EVERY = 5.0  # seconds between looks at who plays
_FLUSH_WITHIN = 60.0  # seconds that a game may take to write its world
_RACY = 2_000_000_000  # ns; changes so shortly before a snapshot may have escaped it
_FULL_EVERY = 24 * 3600.0  # seconds; writes through memory maps may leave no trace in a file's times


class Scene(ABC):
    data: Path
    work: Path  # where children run: no game writes there
    receipt: Path  # where the newest is kept

    @abstractmethod
    def store(self) -> StoreFile | None:
        """Where to save; None: nowhere."""

    @abstractmethod
    def env(self, store: StoreFile) -> Mapping[str, str]:
        """Of a child."""

    @abstractmethod
    def foreign(self) -> str:
        """Why `data` is not to be saved as this pod's world; empty if it is."""

    @abstractmethod
    async def is_ready(self) -> bool: ...

    @abstractmethod
    async def until_ready(self) -> None: ...

    @abstractmethod
    async def online(self) -> int:
        """Players. Raises `NoAnswer`."""

    @abstractmethod
    async def order(self, line: str) -> None:
        """A line for the game's console. Raises `NoConsole`."""

    @abstractmethod
    async def flush(self, line: str, done: str, within: float) -> None:
        """As `order`, until `done` (a regular expression; empty: any answer) says that the world is written, as far as
        that can be told."""

    @abstractmethod
    def tell(self, *, saving: bool, saved: SavedFile | None = None, not_saved: str | None = None) -> None:
        """News; None: as before."""


class Saver:
    """`run` until the game ended, then `last`. Without a store there is nothing to do.

    `since` (ns since 1970): what changed later may have been saved by nobody.
    """

    def __init__(self, pod: PodFile, scene: Scene, since: int | None = None) -> None:
        self._pod = pod
        self._scene = scene
        self._lock = asyncio.Lock()
        self._owes = True  # `save on`: an agent of before may have been killed
        self._was_ready = False
        self._played = False  # since the last snapshot; what they did may be in the game's memory only
        self._online = 0
        self._began_at = time.time_ns() if since is None else since  # the last snapshot, or this pod
        self._next_at = 0.0
        self._full_at = time.monotonic() + _FULL_EVERY
        self._cpu = 0.0

    async def run(self) -> None:
        """Until cancelled. Never raises."""
        await self._scene.until_ready()
        self._was_ready = True
        await self._pay()
        self._next_at = time.monotonic() + self._every()
        while True:
            await asyncio.sleep(min(_LOOK_EVERY, self._every() / 2))
            try:
                if await self._is_due():
                    await self.snapshot(full=time.monotonic() >= self._full_at)
            except (ChildFailed, OSError):
                continue  # told in the state; the next one is due in its time

    async def snapshot(self, *, note: str = "", full: bool = False, quiet: bool = True) -> SavedFile:
        """One snapshot now, after the one that is under way. Raises `ChildFailed`, `OSError`."""
        async with self._lock:
            store = self._scene.store()
            if store is None:
                raise ChildFailed("refused", "no store is set up")
            if why := self._scene.foreign():
                raise ChildFailed("failed", why)
            self._scene.tell(saving=True)
            began, played = time.time_ns(), self._played
            self._next_at = time.monotonic() + self._every()
            self._played = False
            try:
                async with self._quiet() if quiet else contextlib.nullcontext():
                    said = await self._child(store, note, full)
                saved = SavedFile.of(said)
                write_json(self._scene.receipt, saved.to_json())
            except BaseException as wrong:
                self._played = self._played or played
                self._scene.tell(saving=False, not_saved=str(wrong) or type(wrong).__name__)
                raise
            self._began_at, self._cpu = began, saved.cpu_seconds
            self._next_at = time.monotonic() + self._every()
            if full:
                self._full_at = time.monotonic() + _FULL_EVERY
            self._scene.tell(saving=False, saved=saved, not_saved="")
            return saved

    async def last(self, within: float) -> None:
        """The game has ended: the one that reads everything, in at most so many seconds. Best effort; none where the
        game never came up and nothing changed."""
        if self._scene.store() is None or self._scene.foreign():
            return
        if not self._was_ready and not await self._has_changed():
            return
        try:
            async with asyncio.timeout(within):
                await self.snapshot(full=True, quiet=False)
        except TimeoutError:
            self._scene.tell(saving=False, not_saved=f"the last snapshot took longer than {within:g} s")
        except (ChildFailed, OSError):
            return  # told in the state

    async def _child(self, store: StoreFile, note: str, full: bool) -> dict[str, Any]:
        pod = self._pod
        arguments = saving(
            pod.server, self._scene.data, volume=pod.volume, run=pod.run, rules=pod.save, note=note, full=full
        )
        return await run_child("core.worlds.snapshot", arguments, env=self._scene.env(store), cwd=self._scene.work)

    @contextlib.asynccontextmanager
    async def _quiet(self) -> AsyncIterator[None]:
        """What the game holds in memory is on the disk, and nothing more is written, as far as the game can do that."""
        rules = self._pod.save
        self._owes = True
        try:
            with contextlib.suppress(NoConsole):
                if rules.get("off"):
                    await self._scene.order(rules["off"])
                if rules.get("flush"):
                    await self._scene.flush(rules["flush"], rules.get("done", ""), _FLUSH_WITHIN)
            yield
        finally:
            await asyncio.shield(self._let_save())

    async def _pay(self) -> None:
        """What is owed; a snapshot that is under way does so itself."""
        if self._owes and not self._lock.locked():
            await self._let_save()

    async def _let_save(self) -> None:
        with contextlib.suppress(NoConsole):
            if on := self._pod.save.get("on"):
                await self._scene.order(on)
            self._owes = False

    async def _is_due(self) -> bool:
        """Whether the last player left since the last look, or it is time and something changed."""
        if self._scene.store() is None or not await self._scene.is_ready():
            return False
        await self._pay()
        before, self._online = self._online, await self._count()
        self._played = self._played or self._online > 0
        if before > 0 and self._online == 0:
            return True
        if time.monotonic() < self._next_at:
            return False
        if self._played:
            return True
        self._next_at = time.monotonic() + self._every()  # whatever it says: a look costs a walk
        return await self._has_changed()

    async def _has_changed(self) -> bool:
        return await asyncio.to_thread(_changed_since, self._scene.data, self._began_at - _RACY)

    async def _count(self) -> int:
        """Players; a game that does not tell may have some."""
        try:
            return await self._scene.online()
        except NoAnswer:
            return self._online

    def _every(self) -> float:
        store = self._scene.store()
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
