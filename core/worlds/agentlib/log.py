"""The game's output on disk: one file for this run of the game, one for the run before, both capped."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from core.cluster.local_files import DROPPED

_LINE_CAP = 8192  # bytes of one line that listeners get to see

Listener = Callable[[str], None]


class Log:
    """Writes output as it comes and tells listeners each complete line. A full disk loses output, never the game."""

    def __init__(self, path: Path, previous: Path, cap: int) -> None:
        self._path = path
        self._previous = previous
        self._cap = cap
        self._size = 0
        self._partial = b""
        self._listeners: list[Listener] = []

    def begin(self) -> None:
        """A new run of the game: what was the log becomes the previous one."""
        self._partial = b""
        self._size = 0
        try:
            if self._path.exists():
                os.replace(self._path, self._previous)
            self._path.touch(mode=0o600)
        except OSError:
            return

    def write(self, data: bytes) -> None:
        try:
            with self._path.open("ab") as file:
                file.write(data)
            self._size += len(data)
            if self._size > self._cap:
                self._drop_oldest_half()
        except OSError:
            pass
        *lines, self._partial = (self._partial + data).split(b"\n")
        self._partial = self._partial[:_LINE_CAP]
        for line in lines:
            text = line[:_LINE_CAP].decode("utf-8", "replace").rstrip("\r")
            for listener in tuple(self._listeners):
                listener(text)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Returns the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _drop_oldest_half(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._size - self._cap // 2)
            kept = DROPPED + b"\n" + file.read().partition(b"\n")[2]
        new = self._path.with_name(self._path.name + ".new")
        new.write_bytes(kept)
        os.replace(new, self._path)
        self._size = len(kept)
