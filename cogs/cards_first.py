"""Cards go before notices where much is to be said at once: a card says what is so, a notice only that it came to be.

A notice waits while cards do, for PATIENCE at a time; then nothing waits for as long, so that no flood of cards
silences notices for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE = 45.0  # seconds
LOOK_EVERY = 0.05  # seconds between looks while cards wait


class CardsFirst:
    """`waiting` says whether there is more to be shown than can be sent at once."""

    def __init__(self, waiting: Callable[[], bool]) -> None:
        self._waiting = waiting
        self._since: float | None = None  # notices are held back
        self._nobody_waits_until = 0.0
        self.stopping = False

    async def turn(self) -> None:
        """Come back when it is a notice's turn."""
        while self._holds_back():  # noqa: ASYNC110 - nobody tells when a line gets shorter
            await asyncio.sleep(LOOK_EVERY)

    def _holds_back(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self.stopping or now < self._nobody_waits_until or not self._waiting():
            self._since = None
            return False
        if self._since is None:
            self._since = now
        if now - self._since >= PATIENCE:
            self._nobody_waits_until = now + PATIENCE
        return now < self._since + PATIENCE
