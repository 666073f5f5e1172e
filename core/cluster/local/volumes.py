"""The volumes of one server of the local cluster. What becomes of each, core/agent/volume.py says. `made.json` tells
which ones there ever were, and which were given back."""

from __future__ import annotations

import asyncio
import json
import os
import re
from datetime import datetime
from typing import Any

from core.agent.file_wire import FileAnswer, FileOrder, FileRefused, FileTrouble, answer_of
from core.agent.files import is_locked, read_json, read_record, take_lock, write_json
from core.agent.local.folder import ServerFolder
from core.agent.saver import World, take_at_rest
from core.agent.volume import Facts, VolumeRefused
from core.children import ChildFailed, Program, minimal_env, run_child
from core.cluster.port import Restored, ServerSpec
from core.errors import ClusterError
from core.nofollow import Spot
from core.progress import OnProgress
from core.words import Problem, VolumePhase
from core.worlds.failures import Failure, failure_of, refusal_of
from core.worlds.receipt import Receipt
from core.worlds.source import NEWEST, split_source
from core.worlds.store.place import StorePlace

_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)  # a game may make folders of any name

_FILES_WITHIN = 120.0  # seconds for one order: a folder with a hundred thousand files may be deleted
_LOCK_EVERY, _LOCK_TRIES = 0.1, 50  # seconds between tries, and how many


class Volumes:
    def __init__(self, folder: ServerFolder, store: StorePlace | None) -> None:
        self._folder = folder
        self._store = store

    # what there is

    def numbers(self) -> tuple[int, ...]:
        try:
            found = self._folder.volumes.names()
        except OSError:
            return ()
        return tuple(sorted(int(name) for name in found if _NUMBER.fullmatch(name)))

    def phase(self, number: int, *, wanted: bool) -> VolumePhase:
        if self._folder.volume(number).is_there():
            return VolumePhase.BOUND
        if number in self._listed("made") and number not in self._listed("released"):
            return VolumePhase.LOST
        return VolumePhase.PENDING if wanted else VolumePhase.NONE

    def saved(self) -> Receipt | None:
        """The newest receipt."""
        return read_record(Receipt, self._folder.saved)

    def restored(self, number: int) -> Restored | None:
        try:
            facts = self._folder.volume(number).facts() or {}
            return Restored(number, str(facts["restored"]), datetime.fromisoformat(str(facts["saved_at"])))
        except (VolumeRefused, OSError, KeyError, ValueError):
            return None

    # what is made

    def write_store(self) -> None:
        """Tell the agent where worlds are kept. Raises OSError."""
        if self._store is not None and read_json(self._folder.store) != self._store.to_json():
            write_json(self._folder.store, self._store.to_json())

    def is_ready(self, spec: ServerSpec) -> bool:
        """Whether volume `spec.volume` is there. Raises ClusterError where it can be neither used nor made."""
        made = spec.made or spec.volume in self._listed("made")
        try:
            facts = self._folder.volume(spec.volume).take_up(made=made)
        except VolumeRefused as wrong:
            raise refusal_of(wrong.failure, str(wrong)) from wrong
        return self._remember(spec.volume, facts)

    def make_empty(self, spec: ServerSpec) -> None:
        self._remember(spec.volume, self._folder.volume(spec.volume).make_empty())

    async def bring(self, spec: ServerSpec, progress: OnProgress) -> None:
        """Make volume `spec.volume` from `spec.source`. Ended at any point, it can be begun anew."""
        assert spec.source is not None
        server, name = split_source(spec.source, spec.server)

        async def restore(into: Spot) -> dict[str, Any]:
            if self._store is None:
                raise ChildFailed(Failure.REFUSED, "no store is set up")
            arguments = ["--server", server, name, *into.arguments]
            env = self._env() | self._store.env
            return await run_child(Program.RESTORE, arguments, env=env, cwd=self._folder.root, progress=progress)

        try:
            facts = await self._folder.volume(spec.volume).bring(restore)
        except VolumeRefused as wrong:
            lost = name == NEWEST and wrong.failure is Failure.MISSING  # there is none at all
            raise refusal_of(Failure.LOST if lost else wrong.failure, str(wrong)) from wrong
        self._remember(spec.volume, facts)

    async def release(self, number: int) -> None:
        """Delete it for good; that is not a loss. Raises ClusterError while it is in use."""
        lock = self._folder.volume_lock(number)
        if is_locked(lock):
            raise ClusterError(f"volume {number} is in use")
        if self._folder.spot.kind() == "folder":
            self._list("released", number)
        try:
            await asyncio.to_thread(self._folder.volume(number).spot.remove)
        except OSError as wrong:
            raise ClusterError(f"volume {number} cannot be removed: {wrong}") from wrong

    async def save(
        self, spec: ServerSpec, number: int, *, note: str = "", full: bool = False, seal: bool = False
    ) -> Receipt | None:
        """As core.agent.saver.take_at_rest. No game starts on it meanwhile. Raises ClusterError."""
        volume = self._folder.volume(number)
        try:
            volume.spot.stat()
            lock = take_lock(self._folder.volume_lock(number))
        except FileNotFoundError:
            return None
        except OSError as wrong:
            raise refusal_of(failure_of(wrong), str(wrong)) from wrong
        if lock is None:
            raise ClusterError(f"volume {number} is in use", problem=Problem.CANNOT_APPLY)
        world = World(spec.server, spec.run, spec.game.save.model_dump(mode="json"))
        try:
            saved = await take_at_rest(
                world,
                volume,
                self._store,
                env=self._env(),
                cwd=self._folder.root,
                note=note,
                full=full,
                seal=seal,
                pass_fds=[lock],
            )
            if saved is not None:
                write_json(self._folder.saved, saved.to_json())
        except ChildFailed as wrong:
            raise refusal_of(wrong.kind, wrong.detail) from wrong
        except OSError as wrong:
            raise refusal_of(failure_of(wrong), str(wrong)) from wrong
        finally:
            os.close(lock)
        return saved

    async def files(self, number: int, order: FileOrder) -> FileAnswer:
        """In a child process. No game starts on it meanwhile. Raises ClusterError, FileRefused."""
        if not self._folder.volume(number).is_there():
            raise FileRefused(FileTrouble.NO_WORLD, f"there is no volume {number}")
        lock = await self._locked(number)
        try:
            said = await run_child(
                Program.AGENT,
                ["files", str(self._folder.root.resolve()), str(number)],
                env=self._env(),
                cwd=self._folder.root,
                within=_FILES_WITHIN,
                pass_fds=[lock],
                given=json.dumps(order.to_json()).encode(),
            )
        except ChildFailed as wrong:
            raise refusal_of(wrong.kind, wrong.detail) from wrong
        except OSError as wrong:
            raise refusal_of(failure_of(wrong), str(wrong)) from wrong
        finally:
            os.close(lock)
        return answer_of(said)

    async def _locked(self, number: int) -> int:
        """Another order is waited for, a snapshot is not."""
        for _ in range(_LOCK_TRIES):
            try:
                lock = take_lock(self._folder.volume_lock(number))
            except OSError as wrong:
                raise refusal_of(failure_of(wrong), str(wrong)) from wrong
            if lock is not None:
                return lock
            await asyncio.sleep(_LOCK_EVERY)
        raise ClusterError(f"volume {number} is in use", problem=Problem.CANNOT_APPLY)

    def _env(self) -> dict[str, str]:
        return minimal_env(str(self._folder.root), python=True)

    def _remember(self, number: int, facts: Facts | None) -> bool:
        """Whether it is finished, which is known for good then."""
        if facts is not None:
            self._list("made", number)
        return facts is not None

    def _listed(self, what: str) -> list[int]:
        found = (read_json(self._folder.made) or {}).get(what)
        return found if isinstance(found, list) else []

    def _list(self, what: str, number: int) -> None:
        if number not in (known := self._listed(what)):
            lists = {each: self._listed(each) for each in ("made", "released")}
            write_json(self._folder.made, lists | {what: [*known, number]})
