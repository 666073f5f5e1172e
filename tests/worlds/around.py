"""A store around another, for tests: counts, fails or dies at any call; and a thief who holds a write key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from core.worlds.listing import newest, piles, silent
from core.worlds.manifest import Manifest
from core.worlds.store.port import Store, Version

SERVER = "abcdefghijkl"
OTHER = "bcdefghijklm"

T = TypeVar("T")

Hook = Callable[[str, str, str], None]
"""(operation, key or prefix, "before" | "after")"""


class Around(Store):
    """Passes every call on, with `hook` before and after it. `shift` makes the store's time older by as much."""

    def __init__(self, inner: Store, hook: Hook = lambda operation, key, when: None) -> None:
        self.inner = inner
        self.hook = hook
        self.shift = timedelta()
        self.calls: list[tuple[str, str]] = []

    def _around(self, operation: str, key: str, call: Callable[[], T]) -> T:
        self.calls.append((operation, key))
        self.hook(operation, key, "before")
        result = call()
        self.hook(operation, key, "after")
        return result

    def _old(self, version: Version) -> Version:
        return Version(version.key, version.id, version.size, version.at - self.shift, version.hidden)

    def put(self, key: str, data: bytes | bytearray | memoryview) -> Version:
        return self._around("put", key, lambda: self.inner.put(key, data))

    def put_file(self, key: str, path: Path) -> Version:
        return self._around("put", key, lambda: self.inner.put_file(key, path))

    def get(self, key: str, offset: int = 0, length: int | None = None, *, version: str | None = None) -> bytes:
        return self._around("get", key, lambda: self.inner.get(key, offset, length, version=version))

    def list(self, prefix: str = "") -> Iterator[Version]:
        found = self._around("list", prefix, lambda: tuple(self.inner.list(prefix)))
        return map(self._old, found)

    def list_versions(self, prefix: str = "") -> Iterator[Version]:
        found = self._around("list", prefix, lambda: tuple(self.inner.list_versions(prefix)))
        return map(self._old, found)

    def versions(self, key: str) -> tuple[Version, ...]:
        return tuple(map(self._old, self.inner.versions(key)))

    def hide(self, key: str) -> Version | None:
        return self._around("hide", key, lambda: self.inner.hide(key))

    def unhide(self, key: str) -> None:
        self._around("unhide", key, lambda: self.inner.unhide(key))

    def link(self, key: str, seconds: int) -> str:
        return self.inner.link(key, seconds)

    def did(self, operation: str) -> tuple[str, ...]:
        return tuple(key for each, key in self.calls if each == operation)


class MemoryLedger(set[str]):
    """The controller's ledger, without a disk."""

    def add(self, keys: Collection[str]) -> None:
        self.update(keys)

    def remove(self, keys: Collection[str]) -> None:
        self.difference_update(keys)


def packs(store: Store, server: str = SERVER) -> list[str]:
    return [version.key for version in store.list(f"worlds/{server}/packs/")]


def newest_manifest(store: Store) -> Manifest | None:
    found = newest(store, SERVER, piles(store, SERVER), silent)
    return found[1] if found else None


def flip(store: Store, key: str, at: int = 100) -> None:
    """The thief's overwriting: one bit differs."""
    data = bytearray(store.get(key))
    data[at] ^= 1
    store.put(key, data)


def later(**age: float) -> datetime:
    return datetime.now(UTC) + timedelta(**age)
