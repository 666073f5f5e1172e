"""The languages that people chose for themselves (`/account edit`), remembered for a short while.

Every answer asks, so it is one look-up in LIFE seconds for each person; two processes agree after that time.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import structlog

from cogs.refusals import in_short

log = structlog.get_logger()
LIFE, WITHIN = 20.0, 2.5  # seconds that an answer is remembered, and that one is waited for: Discord waits 3
MOST = 10_000  # people


class Languages:
    """`ask` looks one up; `clock` tells seconds."""

    def __init__(
        self, ask: Callable[[int], Awaitable[str | None]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._known: OrderedDict[int, tuple[float, str | None]] = OrderedDict()
        self._edits = 0

    async def of(self, user: int) -> str | None:
        """None: they chose none, or nobody can tell within WITHIN. Never raises."""
        at, language = self._known.get(user, (0.0, None))
        if user in self._known and self._clock() < at + LIFE:
            return language
        edits = self._edits
        try:
            async with asyncio.timeout(WITHIN):
                language = await self._ask(user)
        except Exception as wrong:
            log.warning("language not known", why=in_short(wrong))
            return None
        if edits == self._edits:  # else it may be from before the edit
            self._known[user] = self._clock(), language
            self._known.move_to_end(user)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return language

    def forget(self, user: int) -> None:
        """They chose another one."""
        self._edits += 1
        self._known.pop(user, None)
