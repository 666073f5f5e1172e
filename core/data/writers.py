"""The queue in front of SQLite's one writer: whom a person waits for goes before what is done by the clock.

A thousand servers that change phase at once are as many transactions; a press that came last would wait for all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import ContextVar

IN_A_ROW = 8
"""Turns of people after which something else has one, so that it goes on too."""

_waited_for: ContextVar[bool] = ContextVar("waited for", default=False)


def waited_for() -> None:
    """From now on a person waits for what this task writes."""
    _waited_for.set(True)


class Writers:
    """A lock. Within each of the two kinds the first who came is the first who goes."""

    def __init__(self) -> None:
        self._is_taken = False
        self._people: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._in_a_row = 0

    async def __aenter__(self) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        turn = asyncio.get_running_loop().create_future()
        (self._people if _waited_for.get() else self._others).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the turn came at the same moment
                self._give_on()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._give_on()

    def _give_on(self) -> None:
        while queue := self._next():
            turn = queue.popleft()
            if not turn.done():  # else who waited was cancelled
                turn.set_result(None)
                return
        self._is_taken = False

    def _next(self) -> deque[asyncio.Future[None]]:
        if self._people and (self._in_a_row < IN_A_ROW or not self._others):
            self._in_a_row += 1
            return self._people
        self._in_a_row = 0
        return self._others
