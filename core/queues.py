"""Queues: what concerns one thing is done one after the other, in the order in which it came, or somewhat later."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Queues:
    def __init__(self) -> None:
        self._lines: WeakValueDictionary[Hashable, _Line] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, key: Hashable, *, behind: float = 0.0) -> AsyncIterator[bool]:
        """Inside, it is nobody else's turn with `key`. Gives whether others went first: then what was read before may
        be old. Who stands `behind` lets those go first who come within so many seconds."""
        line = self._lines.setdefault(key, _Line())
        waited = await line.take(asyncio.get_running_loop().time() + behind)
        try:
            yield waited
        finally:
            line.give()


class _Line:
    """Of one key: whose turn it is, and who waits."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    async def take(self, at: float) -> bool:
        """Wait for a turn behind those of an earlier time. Whether there was somebody to wait for."""
        if not self._taken:
            self._taken = True
            return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (at, next(self._numbers), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give()  # it was ours already
            raise
        return True

    def give(self) -> None:
        """The turn goes to the next one."""
        while self._waiting:
            turn = heapq.heappop(self._waiting)[-1]
            if not turn.done():
                turn.set_result(None)
                return
        self._taken = False
