"""Everything that is saved of a world, on every cluster: by whom, when, and what counts as a seal.

Each snapshot is a child process of low priority (core/worlds/snapshot.py): the agent itself stays small. A volume at
rest is saved by `take_at_rest`. Beside a game, a `Saver` takes snapshots while it is played, when the last player
leaves, and after it has ended. The game's console quiets the world meanwhile. That the game saves again afterwards is
owed, whatever happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.agent.console import NoConsole
from core.agent.files import write_json
from core.agent.volume import Volume, VolumeRefused
from core.agent.wire import PodSpec
from core.children import ChildFailed, Program, run_child
from core.games.protocols.answer import NoAnswer
from core.nofollow import FOLDER, Spot
from core.worlds.failures import Failure, failure_of, failure_said
from core.worlds.receipt import Receipt
from core.worlds.store.place import StorePlace

CHEAP, DEAR = 120.0, 600.0  # seconds between snapshots
_CHEAP_CPU = 2.0  # seconds of CPU of the last one, under which it counts as cheap
_LOOK_EVERY = 5.0  # seconds between looks at who plays
_FLUSH_WITHIN = 60.0  # seconds that a game may take to write its world
_DEEPEST = 64  # folders below each other, as many as a snapshot keeps
_RACY = 2_000_000_000  # ns; changes so shortly before a snapshot may have escaped it
_FULL_EVERY = 24 * 3600.0  # seconds; writes through memory maps may leave no trace in a file's times


@dataclass(frozen=True, slots=True)
class World:
    """Whose world it is, and what of it counts. `rules`: core.games.form.saving.Save as JSON."""

    server: str
    run: int
    rules: Mapping[str, Any]


async def take(
    world: World,
    volume: Volume,
    store: StorePlace,
    *,
    env: Mapping[str, str],
    cwd: Path,
    note: str = "",
    full: bool = False,
    seal: bool = False,
    pass_fds: Sequence[int] = (),
) -> Receipt:
    """One snapshot now. `full` reads every file, whatever its times say. `seal`: all of the world is in it, and every
    chunk of it is read back; after that the volume may be given back. Raises `ChildFailed`."""
    arguments = [
        *("--server", world.server, *volume.world.arguments, f"--volume={volume.number}", f"--run={world.run}"),
        *([f"--note={note}"] if note else []),
        *(["--full"] if full or seal else []),
        *(["--verify"] if seal else []),
        *(f"--include={glob}" for glob in world.rules.get("include", ())),
        *(f"--exclude={glob}" for glob in world.rules.get("exclude", ())),
    ]
    said = await run_child(Program.SNAPSHOT, arguments, env={**env, **store.env}, cwd=cwd, pass_fds=pass_fds)
    try:
        return Receipt.of(said)
    except ValueError as wrong:
        raise ChildFailed(Failure.FAILED, str(wrong)) from wrong


async def take_at_rest(
    world: World,
    volume: Volume,
    store: StorePlace | None,
    *,
    env: Mapping[str, str],
    cwd: Path,
    note: str = "",
    full: bool = False,
    seal: bool = False,
    pass_fds: Sequence[int] = (),
) -> Receipt | None:
    """As `take`, of a volume that nobody writes to. None where it holds no world. Raises `ChildFailed`, OSError."""
    try:
        if not volume.has_world():
            return None
    except VolumeRefused as wrong:
        raise ChildFailed(wrong.failure, str(wrong)) from wrong
    store = _there_must_be(store)
    return await take(world, volume, store, env=env, cwd=cwd, note=note, full=full, seal=seal, pass_fds=pass_fds)


@dataclass(frozen=True, slots=True)
class NotSaved:
    """Why the last try gave no snapshot: a kind of core/worlds/failures.py, and words for logs. Empty: it gave one."""

    kind: str = ""
    why: str = ""


class Surroundings(ABC):
    """What a saver sees and does around it: the game, its volume, the way to the store, and who wants to know. One kind
    for the local cluster (local/surroundings.py), one for a pod (pod/surroundings.py)."""

    volume: Volume
    work: Path  # where children run: no game writes there
    receipt: Path | Spot  # where the newest receipt is kept

    @abstractmethod
    def store(self) -> StorePlace | None:
        """Where to save; None: nowhere."""

    @abstractmethod
    def env(self) -> Mapping[str, str]:
        """Of a child, but for what leads to the store."""

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
    def tell(self, *, saving: bool, saved: Receipt | None = None, not_saved: NotSaved | None = None) -> None:
        """None: as before."""


class Saver:
    """`run` until the game ended, then `last`. Without a store there is nothing to do.

    `since` (ns since 1970): what changed later may have been saved by nobody.
    """

    def __init__(self, pod: PodSpec, around: Surroundings, since: int | None = None) -> None:
        self._world = World(pod.server, pod.run, pod.save)
        self._around = around
        self._lock = asyncio.Lock()
        self._owes = True  # `save on`: an agent of before may have been killed
        self._was_ready = False
        self._played = False  # since the last snapshot; what they did may be in the game's memory only
        self._online = 0
        self._began_at = time.time_ns() if since is None else since  # the last snapshot, or this pod
        self._clock = _clock()
        self._next_at = 0.0
        self._full_at = time.monotonic() + _FULL_EVERY
        self._cpu = 0.0

    @property
    def volume(self) -> Volume:
        return self._around.volume

    async def run(self) -> None:
        """Until cancelled. Never raises."""
        await self._around.until_ready()
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

    async def snapshot(self, *, note: str = "", full: bool = False, quiet: bool = True) -> Receipt:
        """One snapshot now, after the one that is under way. Raises `ChildFailed`, `OSError`."""
        async with self._lock:
            store = _there_must_be(self._around.store())
            if why := self._around.volume.why_not_ours():
                raise ChildFailed(Failure.FAILED, why)
            self._around.tell(saving=True)
            began, clock, played = time.time_ns(), _clock(), self._played
            self._next_at = time.monotonic() + self._every()
            self._played = False
            try:
                async with self._quiet() if quiet else contextlib.nullcontext():
                    saved = await self._take(store, note, full)
                self._around.tell(saving=True, not_saved=NotSaved())  # first: a receipt beside a failure is older
                write_json(self._around.receipt, saved.to_json())
            except BaseException as wrong:
                self._played = self._played or played
                self._around.tell(saving=False, not_saved=_not_saved(wrong))
                raise
            self._began_at, self._clock, self._cpu = began, clock, saved.cpu_seconds
            self._next_at = time.monotonic() + self._every()
            if full:
                self._full_at = time.monotonic() + _FULL_EVERY
            self._around.tell(saving=False, saved=saved, not_saved=NotSaved())
            return saved

    async def last(self, within: float) -> None:
        """The game has ended: the one that reads everything, in at most so many seconds. Best effort; none where the
        game never came up and nothing changed."""
        if self._around.store() is None or self._around.volume.why_not_ours():
            return
        if not self._was_ready and not await self._has_changed():
            return
        try:
            async with asyncio.timeout(within):
                await self.snapshot(full=True, quiet=False)
        except TimeoutError:
            late = NotSaved(Failure.AWAY, f"the last snapshot took longer than {within:g} s")
            self._around.tell(saving=False, not_saved=late)
        except (ChildFailed, OSError):
            return  # told in the state

    async def _take(self, store: StorePlace, note: str, full: bool) -> Receipt:
        around = self._around
        return await take(self._world, around.volume, store, env=around.env(), cwd=around.work, note=note, full=full)

    @contextlib.asynccontextmanager
    async def _quiet(self) -> AsyncIterator[None]:
        """What the game holds in memory is on the disk, and nothing more is written, as far as the game can do that."""
        rules = self._world.rules
        self._owes = True
        try:
            with contextlib.suppress(NoConsole):
                if rules.get("off"):
                    await self._around.order(rules["off"])
                if rules.get("flush"):
                    await self._around.flush(rules["flush"], rules.get("done", ""), _FLUSH_WITHIN)
            yield
        finally:
            await asyncio.shield(self._let_save())

    async def _pay(self) -> None:
        """What is owed; a snapshot that is under way does so itself."""
        if self._owes and not self._lock.locked():
            await self._let_save()

    async def _let_save(self) -> None:
        with contextlib.suppress(NoConsole):
            if on := self._world.rules.get("on"):
                await self._around.order(on)
            self._owes = False

    async def _is_due(self) -> bool:
        """Whether the last player left since the last look, or it is time and something changed."""
        if self._around.store() is None or not await self._around.is_ready():
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
        if self._clock - _clock() > _RACY or self._began_at > time.time_ns():
            return True  # the clock was set back: what changed since bears times from before that
        return await asyncio.to_thread(_changed_since, self._around.volume.world, self._began_at - _RACY)

    async def _count(self) -> int:
        """Players; a game that does not tell may have some."""
        try:
            return await self._around.online()
        except NoAnswer:
            return self._online

    def _every(self) -> float:
        store = self._around.store()
        if store is not None and store.every is not None:
            return store.every
        return CHEAP if self._cpu < _CHEAP_CPU else DEAR


def _clock() -> int:
    """What the time of day is ahead of a clock that cannot be set, in ns: it shrinks where somebody sets that back."""
    return time.time_ns() - time.monotonic_ns()


def _not_saved(wrong: BaseException) -> NotSaved:
    words = str(wrong) or type(wrong).__name__
    match wrong:
        case ChildFailed():
            return NotSaved(failure_said(wrong.kind, wrong.detail), words)
        case OSError():
            return NotSaved(failure_of(wrong), words)
        case asyncio.CancelledError():
            return NotSaved(Failure.KILLED, words)
    return NotSaved(Failure.FAILED, words)


def _there_must_be(store: StorePlace | None) -> StorePlace:
    if store is None:
        raise ChildFailed(Failure.REFUSED, "no store is set up")
    return store


def _changed_since(folder: Spot, moment: int) -> bool:
    """Whether anything below has a change time (ns) of `moment` or later; True too where that cannot be told."""
    above: list[tuple[int, list[str]]] = []  # handles, each with the folders below it that are still to be looked into
    try:
        above.append(_looked(folder.open_folder(), moment))
        while above:
            at, below = above[-1]
            if not below:
                os.close(above.pop()[0])
            elif len(above) < _DEEPEST:
                above.append(_looked(os.open(below.pop(), FOLDER, dir_fd=at), moment))
            else:
                below.clear()
    except (OSError, _Changed):
        return True
    finally:
        for at, _ in above:
            os.close(at)
    return False


class _Changed(Exception):
    pass


def _looked(at: int, moment: int) -> tuple[int, list[str]]:
    """With the folders in it. Takes the handle: it is closed where this raises."""
    try:
        if os.fstat(at).st_ctime_ns >= moment:
            raise _Changed
        below = []
        with os.scandir(at) as found:
            for each in found:
                if each.is_dir(follow_symlinks=False):
                    below.append(each.name)
                elif each.stat(follow_symlinks=False).st_ctime_ns >= moment:
                    raise _Changed
    except BaseException:
        os.close(at)
        raise
    return at, below
