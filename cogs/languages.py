"""The languages that people chose for themselves (`/account edit`), remembered for a short while.

Every answer asks, and few people choose: so all choices are read at once, every LIFE seconds, and two processes agree
after that time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from cogs.refusals import in_short

log = structlog.get_logger()
LIFE, WITHIN = 20.0, 2.5  # seconds that an answer is remembered, and that one is waited for: Discord waits 3
AGAIN = 1.0  # seconds after which one that failed is asked for again


class Languages:
    """`ask` tells what everybody chose, by person; `clock` tells seconds."""

    def __init__(
        self, ask: Callable[[], Awaitable[Mapping[int, str]]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._known: Mapping[int, str] = {}
        self._until: float | None = None  # when it has to be asked again; None: at once
        self._asking = asyncio.Lock()
        self._edits = 0

    async def of(self, user: int) -> str | None:
        """None: they chose none, or nobody can tell within WITHIN. Never raises."""
        if self._is_old():
            async with self._asking:
                if self._is_old():  # else it was asked while we waited
                    await self._read()
        return self._known.get(user)

    def forget(self) -> None:
        """Somebody chose another one."""
        self._edits += 1
        self._until = None

    def _is_old(self) -> bool:
        return self._until is None or self._clock() >= self._until

    async def _read(self) -> None:
        edits = self._edits
        try:
            async with asyncio.timeout(WITHIN):
                self._known = await self._ask()
        except Exception as wrong:
            log.warning("languages not known", why=in_short(wrong))
            self._until = self._clock() + AGAIN
            return
        if edits == self._edits:  # else it may be from before the edit
            self._until = self._clock() + LIFE
