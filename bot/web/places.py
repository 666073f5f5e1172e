"""How much of what goes on for long there may be at once: of one person, and of all in this process."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

from core.errors import LimitReached

STREAMS = (10, 1000)
UPLOADS = (1, 4)
"""Forms with a file, each up to 256 MiB on this disk until it is whole."""
DOWNLOADS = (10, 200)
"""Files that are read; each holds a part of 512 KiB or so."""


class Places:
    """`message` refuses somebody who has `of_one`, `full` everybody where there are `of_all`."""

    def __init__(self, message: str, full: str, of_one: int, of_all: int) -> None:
        self._message = message
        self._full = full
        self.of_one = of_one
        self.of_all = of_all
        self._taken: Counter[int] = Counter()

    def __len__(self) -> int:
        return self._taken.total()

    @contextlib.contextmanager
    def place(self, user: int) -> Iterator[None]:
        """For as long as it goes on. LimitReached."""
        if self._taken[user] >= self.of_one:
            raise LimitReached(self._message, most=self.of_one)
        if len(self) >= self.of_all:
            raise LimitReached(self._full)
        self._taken[user] += 1
        try:
            yield
        finally:
            self._taken[user] -= 1
            if not self._taken[user]:
                del self._taken[user]
