"""Room for what is put together on the way, such as downloads and imports: how much there is, and who has taken some.

A folder in a pod has no end that the system would tell: a pod that writes more than it may is evicted.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

SPARE = 64 * 2**20
"""Bytes beside the world itself: packs on their way, folders, what an archive adds."""


class NoRoom(Exception):
    """There never is as much. `whole`: bytes that there are while nobody is at work."""

    def __init__(self, wanted: int, whole: int) -> None:
        super().__init__(f"{wanted} bytes are wanted, of {whole}")
        self.wanted = wanted
        self.whole = whole


class Scratch:
    """`most`: bytes that may lie in `folder` at once; None: as many as its disk has."""

    def __init__(self, folder: Path, most: int | None = None) -> None:
        self._folder = folder
        self._most = most
        self._taken = 0
        self._line = asyncio.Lock()  # first come, first served: who needs much is not overtaken for ever
        self._given_back = asyncio.Event()

    @property
    def whole(self) -> int:
        """All that there is, were nobody at work."""
        return self._within(self._disk() + self._taken)

    @property
    def free(self) -> int:
        """What others have written by now counts twice, as taken and as used: rather too little than too much."""
        return max(0, self._within(self._disk()) - self._taken)

    @asynccontextmanager
    async def take(self, size: int) -> AsyncIterator[None]:
        """Waits until others have given back what they took. Raises `NoRoom` where that would not help."""
        async with self._line:
            while size > self.free:
                if size > self.whole:
                    raise NoRoom(size, self.whole)
                self._given_back.clear()
                await self._given_back.wait()
            self._taken += size
        try:
            yield
        finally:
            self._taken -= size
            self._given_back.set()

    def _disk(self) -> int:
        place = next(each for each in (self._folder, *self._folder.absolute().parents) if each.exists())
        return shutil.disk_usage(place).free

    def _within(self, size: int) -> int:
        return size if self._most is None else min(self._most, size)
