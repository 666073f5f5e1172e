"""The game's output on disk: one file for this run of the game, one for the run before, both capped. The game may write
there by itself too: the files are ours alone, and as long as they are, whoever wrote."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from core.agent.local.folder import DROPPED
from core.games.terminal import plain
from core.nofollow import Spot

_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_LINE_CAP = 8192  # bytes of one line that listeners get to see

Listener = Callable[[str], None]


class Log:
    """Writes output as it comes and tells listeners each complete line. A full disk loses output, never the game."""

    def __init__(self, spot: Spot, previous: Spot, cap: int) -> None:
        self._spot = spot
        self._previous = previous
        self._cap = cap
        self._partial = b""
        self._listeners: list[Listener] = []

    def begin(self) -> None:
        """A new run of the game: what was the log becomes the previous one."""
        self._partial = b""
        with contextlib.suppress(OSError):
            if self._spot.kind() == "file":
                self._spot.rename(self._previous.name, ours=True)
            os.close(self._spot.open_ours(os.O_WRONLY | os.O_CREAT))

    def write(self, data: bytes) -> None:
        with contextlib.suppress(OSError), open(self._spot.open_ours(_APPEND), "ab") as file:
            file.write(data)
            file.flush()
            if (size := os.fstat(file.fileno()).st_size) > self._cap:
                self._drop_oldest_half(size)
        *lines, self._partial = (self._partial + data).split(b"\n")
        self._partial = self._partial[:_LINE_CAP]
        for line in lines:
            text = plain(line[:_LINE_CAP].decode("utf-8", "replace"))
            for listener in tuple(self._listeners):
                listener(text)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Returns the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _drop_oldest_half(self, size: int) -> None:
        with open(self._spot.open(os.O_RDONLY), "rb") as file:
            file.seek(size - self._cap // 2)
            kept = file.read(self._cap // 2).partition(b"\n")[2]
        self._spot.write(DROPPED + b"\n" + kept, durable=False)
