"""The port to where worlds are kept: a folder (folder.py) or a Backblaze B2 bucket (b2.py).

The model is B2's: a *key* names a pile of *versions*. A `put` lays a version on top, a `hide` lays a marker on top, and
nothing is ever changed or taken from below, except by the store's own expiry (a lifecycle rule, or `expire`). What one
sees under a key is the topmost version, and nothing while that is a marker.

Every method blocks. It is called in child processes and threads, never on the bot's loop, and from several threads at
once. `tests/contracts/store.py` is the contract as a suite; every adapter passes it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


class StoreError(Exception):
    """Something about the store did not work; `detail` is for the operator's log and holds no secret."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class StoreAway(StoreError):
    """The store does not answer, or asks for patience. Nothing is known about what the call did; repeating it is safe.

    An adapter has already repeated the call itself over short trouble (seconds), so try again in minutes.
    `retry_after` is the store's own wish in seconds, where it said one.
    """

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class StoreRefused(StoreError):
    """The store says no and will say so again: wrong or expired key, missing right, a cap that is used up, disk full.

    `detail` is one sentence for the operator that names what to do.
    """


class KeyRefused(StoreRefused):
    """The store does not take this key, whatever is asked: it was deleted, has expired, or is for another place.
    Another key may do."""


class NotThere(StoreError):
    """Nothing is visible under this key, or the version asked for does not exist."""


@dataclass(frozen=True, slots=True)
class Version:
    """One layer of a key's pile. `id` is opaque; `at` is the store's own time (UTC), never the caller's.

    A marker laid by `hide` has `hidden` True and size 0.
    """

    key: str
    id: str
    size: int
    at: datetime
    hidden: bool = False


def check_key(key: str) -> str:
    """`key` itself. Segments of A-Z a-z 0-9 . _ - (none begins with a dot) joined by `/`, at most 900 characters.

    Raises ValueError otherwise: keys are made by this program, so a bad one is a bug, and never reaches a store.
    """
    if len(key) > 900 or not all(_SEGMENT.fullmatch(segment) for segment in key.split("/")):
        raise ValueError(f"not a key: {key!r}")
    return key


def check_prefix(prefix: str) -> str:
    """`prefix` itself: empty, or a key followed by `/` (a B2 key for `srv1` could write `srv10`, so no open ends)."""
    if prefix:
        if not prefix.endswith("/"):
            raise ValueError(f"not a prefix: {prefix!r}")
        check_key(prefix[:-1])
    return prefix


class Store(ABC):
    """A place for immutable objects. Keys as in `check_key`, prefixes as in `check_prefix`.

    Every method raises `StoreAway` or `StoreRefused`; `NotThere` where it says so. An adapter is safe to use from
    several threads and, on the same place, from several processes.
    """

    @abstractmethod
    def put(self, key: str, data: bytes | bytearray | memoryview) -> Version:
        """Store `data` (at most 64 MiB) as the newest version of `key`. All or nothing, and durable when it returns.

        An older version, also one with the same bytes, stays below. The transfer is checked end to end (a checksum of
        the store's, or a read back). After an exception the version may exist all the same, complete.
        """

    @abstractmethod
    def put_file(self, key: str, path: Path) -> Version:
        """As `put`, for a file of any size, in bounded memory. The file must not change meanwhile."""

    @abstractmethod
    def get(self, key: str, offset: int = 0, length: int | None = None, *, version: str | None = None) -> bytes:
        """`length` bytes from `offset` (to the end if None); of the visible version, or of the one with id `version`.

        A range that runs past the end is cut there, and is empty from the end on. A version by id can be read while
        newer ones or a marker lie on top of it: that is how damage is healed. Raises `NotThere`; asking for a marker's
        id does too.
        """

    @abstractmethod
    def list(self, prefix: str = "") -> Iterator[Version]:
        """The visible version of every key below `prefix`, in the order of the keys' bytes.

        Pages are fetched as they are consumed. A key put before the call began is in the list (the listing is strongly
        consistent); one put or hidden during it may or may not be.
        """

    @abstractmethod
    def list_versions(self, prefix: str = "") -> Iterator[Version]:
        """Every version and marker below `prefix`: keys in the order of their bytes, each key's newest first.

        Markers that something else than this program laid are found with this.
        """

    @abstractmethod
    def versions(self, key: str) -> tuple[Version, ...]:
        """This key's versions and markers, newest first; empty where the key never was."""

    @abstractmethod
    def hide(self, key: str) -> Version | None:
        """Lay a marker on `key`; the marker. None, and nothing is done, where nothing is visible.

        Nothing is deleted: `unhide` undoes it until the store's expiry.
        """

    @abstractmethod
    def unhide(self, key: str) -> None:
        """Make the newest content visible again, whatever markers lie on it. Nothing happens if it is visible.

        By removing markers or by copying the content on top, as the adapter may. Raises `NotThere` where no content is
        left.
        """

    @abstractmethod
    def link(self, key: str, seconds: int) -> str:
        """An https (folder: the bot's own HTTP port) URL with which anybody may read this one visible key.

        It ends by itself after `seconds` (1 to 604,800). Raises `NotThere`, and `StoreRefused` where no public
        address is set up.
        """

    def expire(self, before: datetime) -> int:
        """Delete for good what has lain hidden or overwritten since before `before`; how many versions went.

        A store with lifecycle rules of its own (B2: `daysFromHidingToDeleting`) does nothing here and returns 0.
        """
        return 0

    def close(self) -> None:  # noqa: B027 - a folder has nothing to let go of
        """Let go of connections. Further calls are a mistake."""
