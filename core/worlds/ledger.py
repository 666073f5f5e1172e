"""The ledger of collect.py: one key a line, replaced as a whole."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Collection
from pathlib import Path

from .store.port import NotThere, Store

LEDGERS = "ledgers/"
"""Below it lies each server's, out of reach of a key that is for that server's world only."""


class _Kept(ABC):
    """One server's. A crash leaves the old list or the new one, and a key is in it before it is hidden."""

    def __init__(self, keys: Collection[str]) -> None:
        self._keys = set(keys)

    def __contains__(self, key: object, /) -> bool:
        return key in self._keys

    def add(self, keys: Collection[str]) -> None:
        self._change(self._keys | set(keys))

    def remove(self, keys: Collection[str]) -> None:
        self._change(self._keys - set(keys))

    def _change(self, keys: set[str]) -> None:
        if keys != self._keys:
            self._write("".join(f"{key}\n" for key in sorted(keys)))
            self._keys = keys

    @abstractmethod
    def _write(self, text: str) -> None: ...


class StoreLedger(_Kept):
    """On the store itself: whatever process collects, on whatever machine, knows what was hidden by us.

    `before`: a file that was the ledger once; it counts while there is none on the store. Raises StoreError.
    """

    def __init__(self, store: Store, server: str, before: Path | None = None) -> None:
        self._store = store
        self._key = LEDGERS + server
        try:
            text = store.get(self._key).decode()
        except NotThere:
            text = _read(before) if before else ""
        super().__init__(text.split())

    def _write(self, text: str) -> None:
        self._store.put(self._key, text.encode())


class FileLedger(_Kept):
    """In a file. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(_read(path).split())

    def _write(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(self._path.name + ".new")
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self._path)
        handle = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
