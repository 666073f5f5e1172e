"""The volumes of one server of the local cluster: made, brought from a snapshot, saved at rest.

A volume's marker is written last: what has none was never finished. What becomes a world's data is put together beside
it (`restoring`), so that `data` without a marker is somebody else's and is never touched.
"""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from typing import Any

from core.cluster.children import ChildFailed, Progress, run_child, saving
from core.cluster.local_files import (
    SavedFile,
    ServerFolder,
    StoreFile,
    is_locked,
    read_json,
    sync_folder,
    take_lock,
    throw_away,
    write_json,
)
from core.cluster.local_spec import minimal_env
from core.cluster.port import NEWEST, Restored, Saved, ServerSpec, split_source
from core.errors import ClusterError
from core.words import Problem, VolumePhase

_PROBLEMS = {
    "away": Problem.STORE_AWAY,
    "refused": Problem.STORE_REFUSED,
    "damaged": Problem.WORLD_DAMAGED,
    "missing": Problem.SNAPSHOT_GONE,
    "not_empty": Problem.VOLUME_FOREIGN,
}


class Volumes:
    def __init__(self, folder: ServerFolder, store: StoreFile | None) -> None:
        self._folder = folder
        self._store = store

    # what there is

    def numbers(self) -> tuple[int, ...]:
        try:
            found = [each.name for each in self._folder.volumes.iterdir()]
        except OSError:
            return ()
        return tuple(sorted(int(name) for name in found if name.isdigit()))

    def phase(self, number: int, *, wanted: bool) -> VolumePhase:
        if self.is_whole(number):
            return VolumePhase.BOUND
        if number in self.made() and number not in self._listed("released"):
            return VolumePhase.LOST
        return VolumePhase.PENDING if wanted else VolumePhase.NONE

    def is_whole(self, number: int) -> bool:
        return self._folder.marker(number).exists() and self._folder.data(number).is_dir()

    def made(self) -> list[int]:
        """Incarnations that were ever finished."""
        return self._listed("made")

    def _listed(self, what: str) -> list[int]:
        found = (read_json(self._folder.made) or {}).get(what)
        return found if isinstance(found, list) else []

    def saved(self) -> Saved | None:
        """The newest receipt."""
        file = SavedFile.read(self._folder.saved)
        return saved_of(file) if file else None

    def restored(self, number: int) -> Restored | None:
        marker = read_json(self._folder.marker(number)) or {}
        try:
            return Restored(number, str(marker["restored"]), datetime.fromisoformat(str(marker["saved_at"])))
        except (KeyError, ValueError):
            return None

    # what is made

    def write_store(self) -> None:
        """Tell the agent where worlds are kept. Raises OSError."""
        if self._store is not None and read_json(self._folder.store) != self._store.to_json():
            write_json(self._folder.store, self._store.to_json())

    def is_ready(self, spec: ServerSpec) -> bool:
        """Whether volume `spec.volume` is there. Raises ClusterError where it can be neither used nor made."""
        if self.is_whole(spec.volume):
            self._remember(spec.volume)
            return True
        data = self._folder.data(spec.volume)
        if spec.volume in self.made():
            raise ClusterError(f"volume {spec.volume} was there and is gone", problem=Problem.VOLUME_LOST)
        whole = read_json(self._folder.restored(spec.volume))
        if whole is not None and data.is_dir() and not self._folder.restoring(spec.volume).exists():
            self._finish(spec.volume, whole)  # killed just before the end
            return True
        if data.exists() and any(data.iterdir()):
            raise ClusterError(f"volume {spec.volume} is not empty and has no marker", problem=Problem.VOLUME_FOREIGN)
        return False

    def make_empty(self, spec: ServerSpec) -> None:
        self._folder.data(spec.volume).mkdir(parents=True, exist_ok=True)
        self._finish(spec.volume, {})

    async def bring(self, spec: ServerSpec, progress: Progress) -> None:
        """Make volume `spec.volume` from `spec.source`. Ended at any point, it can be begun anew."""
        assert spec.source is not None
        server, name = split_source(spec.source, spec.server)
        folder, into = self._folder, self._folder.restoring(spec.volume)
        folder.restored(spec.volume).unlink(missing_ok=True)  # before what it speaks of goes
        await asyncio.to_thread(throw_away, into)
        into.mkdir(parents=True)
        try:
            said = await self._child(
                "core.worlds.restore", ["--server", server, name, str(into.absolute())], progress=progress
            )
        except ChildFailed as wrong:
            await asyncio.to_thread(throw_away, into)
            lost = name == NEWEST and wrong.kind == "missing"
            raise _refusal(wrong, Problem.VOLUME_LOST if lost else None) from wrong
        data = folder.data(spec.volume)
        if data.exists():
            data.rmdir()  # empty: is_ready has seen to that
        facts = {"restored": said.get("name"), "saved_at": said.get("saved_at")}
        write_json(folder.restored(spec.volume), facts)
        os.rename(into, data)
        sync_folder(folder.volume(spec.volume))
        self._finish(spec.volume, facts)

    async def release(self, number: int) -> None:
        """Delete it for good; that is not a loss. Raises ClusterError while it is in use."""
        lock = self._folder.volume_lock(number)
        if is_locked(lock):
            raise ClusterError(f"volume {number} is in use")
        if self._folder.root.is_dir():
            self._list("released", number)
        try:
            await asyncio.to_thread(throw_away, self._folder.volume(number))
        except OSError as wrong:
            raise ClusterError(f"volume {number} cannot be removed: {wrong}") from wrong

    async def save(self, spec: ServerSpec, volume: int, *, note: str, full: bool, verify: bool) -> Saved | None:
        """A snapshot of a volume at rest; None where there is none. No game starts on it meanwhile."""
        if not self.is_whole(volume):
            return None
        lock = take_lock(self._folder.volume_lock(volume))
        if lock is None:
            raise ClusterError(f"volume {volume} is in use", problem=Problem.CANNOT_APPLY)
        arguments = saving(
            spec.server,
            self._folder.data(volume),
            volume=volume,
            run=spec.run,
            rules={"include": spec.game.save.include, "exclude": spec.game.save.exclude},
            note=note,
            full=full,
            verify=verify,
        )
        try:
            said = await self._child("core.worlds.snapshot", arguments, pass_fds=[lock])
        except ChildFailed as wrong:
            raise _refusal(wrong) from wrong
        finally:
            os.close(lock)
        file = SavedFile.of(said)
        write_json(self._folder.saved, file.to_json())
        return saved_of(file)

    async def _child(
        self, module: str, arguments: list[str], *, progress: Progress | None = None, pass_fds: list[int] | None = None
    ) -> dict[str, Any]:
        if self._store is None:
            raise ChildFailed("refused", "no store is set up")
        env = minimal_env(str(self._folder.root), python=True) | self._store.env
        return await run_child(
            module, arguments, env=env, cwd=self._folder.root, progress=progress, pass_fds=pass_fds or ()
        )

    def _finish(self, number: int, facts: dict[str, Any]) -> None:
        write_json(self._folder.marker(number), {"volume": number, **facts})
        self._folder.restored(number).unlink(missing_ok=True)
        self._remember(number)

    def _remember(self, number: int) -> None:
        self._list("made", number)

    def _list(self, what: str, number: int) -> None:
        if number not in (known := self._listed(what)):
            lists = {each: self._listed(each) for each in ("made", "released")}
            write_json(self._folder.made, lists | {what: [*known, number]})


def saved_of(file: SavedFile) -> Saved | None:
    try:
        at = datetime.fromisoformat(file.saved_at)
    except ValueError:
        return None
    return Saved(file.name, at, file.size, file.new_bytes, file.stored, file.checked)


def refusal_of(kind: str, detail: str) -> ClusterError:
    """What a child's failure (core/worlds/process.py) means for the server."""
    problem = _PROBLEMS.get(kind, Problem.DISK_FULL if "Errno 28" in detail else Problem.CANNOT_APPLY)
    return ClusterError(detail, problem=problem)


def _refusal(wrong: ChildFailed, problem: Problem | None = None) -> ClusterError:
    refusal = refusal_of(wrong.kind, wrong.detail)
    return ClusterError(refusal.detail, problem=problem) if problem else refusal
