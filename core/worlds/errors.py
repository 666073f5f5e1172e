"""What can go wrong with worlds besides the store itself (store/port.py)."""

from __future__ import annotations

from typing import Literal

WhyAll = Literal["kind", "packer", "program", "parts", "page", "large", "many", "empty", "address", "away", "unpacked"]
"""Why all of an archive or address is refused."""

WhyMember = Literal["path", "long", "link", "twice", "device", "bomb", "encrypted", "method", "damaged", "root"]
"""Why it is refused for one thing in it."""

WhyWorld = Literal["several", "beside", "name", "above", "foreign", "newer"]
"""Why there is no world in it that this server can have."""

Why = WhyAll | WhyMember | WhyWorld


class WorldError(Exception):
    """A snapshot, restore or check did not happen as asked. `detail` is for the operator's log."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NoSnapshot(WorldError):
    """There is no snapshot of this name."""


class Damaged(WorldError):
    """Something that is needed is in no version what it should be. `keys`: the objects; `files`: what they take along.

    Nothing that is not right was handed out: what a restore has written so far is right but not all.
    """

    def __init__(self, detail: str, keys: tuple[str, ...], files: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.keys = keys
        self.files = files


class Incomplete(WorldError):
    """Files could not be read, changed each time they were read, or are none that can be saved (too deep, too large, on
    another file system): the snapshot is there, and is not all of the world. So the volume must not be given back."""


class TooLate(WorldError):
    """A snapshot took so long, or lost a pack meanwhile, that it may not commit. The next one starts afresh."""


class NotEmpty(WorldError):
    """A restore was pointed at a folder that holds something. Nothing was written."""


class Hostile(WorldError):
    """An archive or address that is not taken in. Nothing of it is left behind.

    `member` is what of the archive it is about, as people are shown it; of `root` and `beside`, the file that is
    missing; of `above` the folder whose own folder is missing; of `several` all of them; of `foreign` the game; of
    `newer` its version.
    """

    def __init__(self, why: Why, detail: str, member: str = "") -> None:
        super().__init__(f"{member}: {detail}" if member else detail)
        self.why = why
        self.member = member
