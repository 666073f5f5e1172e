"""The ledger of collect.py as a file: one key a line, replaced as a whole."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path


class FileLedger:
    """One server's. A crash leaves the old list or the new one, and a key is in it before it is hidden."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._keys = set(path.read_text("utf-8").split())
        except FileNotFoundError:
            self._keys = set()

    def __contains__(self, key: object, /) -> bool:
        return key in self._keys

    def add(self, keys: Collection[str]) -> None:
        self._write(self._keys | set(keys))

    def remove(self, keys: Collection[str]) -> None:
        self._write(self._keys - set(keys))

    def _write(self, keys: set[str]) -> None:
        if keys == self._keys:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(self._path.name + ".new")
        with new.open("w", encoding="utf-8") as file:
            file.writelines(f"{key}\n" for key in sorted(keys))
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self._path)
        handle = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        self._keys = keys
