"""The volume of a server: what stands on it, how incarnation n comes to be, and what is refused. The same on every
cluster.

    volume.json     the marker, written last: which incarnation this is, and which snapshot it came from
    data/           the game's data folder
    restoring/      what becomes `data` once all of it is there; thrown away after a crash
    restored.json   the marker to be: it is there from when `restoring` is whole until the marker is
    incoming/       files that people bring, until each is whole (core/agent/world_files.py)

What holds something and has no marker is somebody else's, and is never touched. What was finished once and is not there
is lost, and is never made anew. Each step may be cut off at any point and repeated.

On the local cluster a game can write to all of this: no link is followed, and whatever stands in the marker's place and
is no file is somebody else's (core/nofollow.py).

Only the standard library is imported here: the agent has to stay small.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any

from core.agent.files import parsed, write_json
from core.children import ChildFailed
from core.nofollow import Spot, WrongKind
from core.worlds.failures import Failure, failure_said

Facts = dict[str, Any]
"""What a marker says: `volume`, and where it came from a snapshot `restored` (its name) and `saved_at` (ISO 8601)."""

Restore = Callable[[Spot], Awaitable[dict[str, Any]]]
"""Fills an empty folder with a snapshot; the result of core.worlds.restore. Raises `ChildFailed`."""

INCOMING = "incoming"
_BY_THE_DISK = {"lost+found"}  # what a new file system holds already
_OWN = 0o777
FOR_THE_GROUP = 0o2770
"""The mode of folders that are for the game's group too, which need not be its user's."""
_LEFT_BEHIND = {"restoring", "restored.json", "restored.json.new", "volume.json.new", INCOMING}  # by what was cut off


class VolumeRefused(Exception):
    """Why a volume can be neither used nor made, in words and as a kind."""

    def __init__(self, failure: Failure, why: str) -> None:
        super().__init__(why)
        self.failure = failure


class Volume:
    """Incarnation `number`, in the folder `root`.

    `shared`: its folders are for the game's group too, which need not be its user's. `beside`: names in `root` that are
    the caller's.
    """

    def __init__(self, root: Path | Spot, number: int, *, shared: bool = False, beside: Collection[str] = ()) -> None:
        self.spot = root if isinstance(root, Spot) else Spot(root.absolute())
        self.number = number
        self.world = self.spot / "data"
        self._marker = self.spot / "volume.json"
        self._restoring = self.spot / "restoring"
        self._restored = self.spot / "restored.json"
        self._mode = FOR_THE_GROUP if shared else _OWN
        self._known = _BY_THE_DISK | _LEFT_BEHIND | set(beside)

    @property
    def root(self) -> Path:
        return self.spot.path

    @property
    def data(self) -> Path:
        """The path of `world`."""
        return self.world.path

    # what there is

    def is_there(self) -> bool:
        """A look that never fails: there is a marker, and data. What the marker says is not read."""
        try:
            return self._marker.kind() == "file" and self._has_data()
        except OSError:
            return False

    def facts(self) -> Facts | None:
        """What the marker says; None where there is none. Raises `VolumeRefused` where it is not this volume's."""
        return self._read(self._marker)

    def why_not_ours(self) -> str:
        """Why `data` is not to be saved as this volume's world; empty if it is."""
        try:
            facts = self.facts()
        except (VolumeRefused, OSError) as wrong:
            return str(wrong)
        return "" if facts is not None and self._has_data() else f"what is there is not volume {self.number}"

    def has_world(self) -> bool:
        """Whether it is finished; False where nothing on it counts as a world. Raises `VolumeRefused`, OSError."""
        if self.facts() is not None:
            self._refuse_without_data()
            return True
        to_be = self._read(self._restored)
        if self._has_data() and to_be is None and not self.world.is_empty():
            raise VolumeRefused(Failure.FOREIGN, "the volume is not empty and has no marker")
        return False  # what was restored, and never played, is on the store

    # what is made

    def take_up(self, *, made: bool) -> Facts | None:
        """What the marker says, if the volume is finished; None where it is still to be made.

        `made`: it was finished once. Raises `VolumeRefused` where it is lost or somebody else's, and OSError.
        """
        if (facts := self.facts()) is not None:
            self._refuse_without_data()
            return facts
        if made:
            raise VolumeRefused(Failure.LOST, f"volume {self.number} was finished once, and its marker is gone")
        if self._read(self._restored) is not None and self._has_data() and self._restoring.kind() is None:
            return self._finish()  # cut off just before the end
        if held := self._held():
            why = f"the volume is not empty and has no marker: {', '.join(held[:5])}"
            raise VolumeRefused(Failure.FOREIGN, why)
        return None

    def make_empty(self) -> Facts:
        """After `take_up` said that it is still to be made. Raises OSError."""
        self._clear()
        self.world.make_folder(self._mode)
        facts = {"volume": self.number}
        write_json(self._marker, facts)
        return facts

    async def bring(self, restore: Restore) -> Facts:
        """As `make_empty`, from a snapshot. Raises `VolumeRefused`, OSError."""
        await asyncio.to_thread(self._clear)
        self._restoring.make_folder(self._mode)
        try:
            said = await restore(self._restoring)
        except ChildFailed as wrong:
            await asyncio.to_thread(self._restoring.remove)  # a full disk is not to stay full
            failure = failure_said(wrong.kind, wrong.detail)
            raise VolumeRefused(failure, f"the snapshot cannot be brought: {wrong}") from wrong
        facts = {"volume": self.number, "restored": said.get("name"), "saved_at": said.get("saved_at")}
        write_json(self._restored, facts)
        self._restoring.rename(self.world.name)  # which is not there, or empty
        self.spot.sync()
        return self._finish()

    def _clear(self) -> None:
        """What a try that was cut off left behind."""
        self.spot.make_folder()
        self._restored.remove()  # before what it speaks of goes
        self.spot.sync()
        self._restoring.remove()

    def _finish(self) -> Facts:
        self._restored.rename(self._marker.name)
        self.spot.sync()
        facts = self.facts()
        assert facts is not None
        return facts

    def _refuse_without_data(self) -> None:
        if not self._has_data():
            raise VolumeRefused(Failure.LOST, f"volume {self.number} was finished, and its data is gone")

    def _has_data(self) -> bool:
        return self.world.kind() == "folder"

    def _read(self, marker: Spot) -> Facts | None:
        try:
            said = parsed(marker.read())
        except FileNotFoundError:
            return None
        except (ValueError, WrongKind) as wrong:
            raise VolumeRefused(Failure.FOREIGN, f"the volume's marker cannot be read: {wrong}") from wrong
        if not isinstance(said, dict):
            raise VolumeRefused(Failure.FOREIGN, f"{marker.name} is no marker")
        if said.get("volume") != self.number:
            raise VolumeRefused(Failure.FOREIGN, f"this is volume {said.get('volume')}, not {self.number}")
        return said

    def _held(self) -> list[str]:
        """Names of what is somebody else's. Empty folders were made by a try that was cut off, or by kubelet."""
        return [each for each in self.spot.names() if each not in self._known and not (self.spot / each).is_empty()]


def put(world: Spot, path: str, content: str) -> None:
    """Write one file in the world. What the game left there is hostile: a link on the way makes room for a folder."""
    *folders, name = Path(path).parts
    at = world
    for folder in folders:
        at /= folder
        if at.kind() not in ("folder", "file", None):
            at.remove()
        at.make_folder(FOR_THE_GROUP)
    (at / name).write(content.encode(), durable=False, mode=0o660, new=f".{name}.new", ours=False)
