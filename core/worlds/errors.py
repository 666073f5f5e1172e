"""What can go wrong with worlds besides the store itself (store/port.py)."""

from __future__ import annotations


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


class TooLate(WorldError):
    """A snapshot took so long, or lost a pack meanwhile, that it may not commit. The next one starts afresh."""


class NotEmpty(WorldError):
    """A restore was pointed at a folder that holds something. Nothing was written."""


class Hostile(WorldError):
    """An archive or address that is not taken in. `why` is one word: kind, path, link, twice, large, many, bomb, empty,
    address, away. Nothing of it is left behind."""

    def __init__(self, why: str, detail: str) -> None:
        super().__init__(detail)
        self.why = why
