"""The last minute of those who play: their game tells them what is about to happen, 60, 30 and 10 seconds before.

It lives in memory only. Where the bot is started anew meanwhile, the sweep finds that nobody was told, and the minute
begins again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from core.errors import ClusterError
from core.games.console.line import say_line
from core.idle.rules import LAST_MINUTE
from core.text import say

log = structlog.get_logger()
EVERY = timedelta(seconds=2)
TOLD_AT = (60, 30, 10)  # seconds before

TellPlayers = Callable[[str, str], Awaitable[object]]
"""Sends a line to a server's console. Raises ClusterError."""


class Farewell(StrEnum):
    PAUSE = "pause"
    RESTART = "restart"


@dataclass(slots=True)
class _Minute:
    what: Farewell
    at: datetime
    line: str  # with {text}
    splits: str
    language: str | None
    left: list[int] = field(default_factory=lambda: list(TOLD_AT))
    over: bool = False


class LastMinute:
    """`run` is called every EVERY. `finish` has another look at a server whose minute is over: it does what is to be
    done then."""

    def __init__(
        self, tell: TellPlayers, now: Callable[[], datetime], finish: Callable[[str], Awaitable[None]]
    ) -> None:
        self._tell = tell
        self._now = now
        self._finish = finish
        self._minutes: dict[str, _Minute] = {}

    @staticmethod
    async def nobody(_server: str, _line: str) -> object:
        raise ClusterError("nobody tells it")

    def told(
        self, server: str, what: Farewell, at: datetime, line: str, language: str | None, splits: str = ""
    ) -> bool:
        """Whether its players were told that this happens `at`, or as soon as they are; begins where they were not.
        `line` and `splits` are the catalogue's `console.say` and what ends a command there."""
        minute = self._minutes.get(server)
        if minute is None or minute.what is not what:
            self._minutes[server] = _Minute(what, max(at, self._now() + LAST_MINUTE), line, splits, language)
            return False
        return minute.over

    def drop(self, server: str) -> None:
        self._minutes.pop(server, None)

    async def run(self) -> None:
        """All at once: a game that does not answer holds up no other."""
        minutes = list(self._minutes.items())
        found = await asyncio.gather(*(self._one(*each) for each in minutes), return_exceptions=True)
        for (server, _), wrong in zip(minutes, found, strict=True):
            if isinstance(wrong, Exception):
                log.error("last minute failed", server=server, exc_info=wrong)

    async def _one(self, server: str, minute: _Minute) -> None:
        seconds = (minute.at - self._now()).total_seconds()
        passed = [mark for mark in minute.left if seconds <= mark]
        if seconds > 0 and passed:
            minute.left = [mark for mark in minute.left if mark not in passed]
            await self._say(server, minute, min(passed))
        if seconds <= 0:
            minute.over = True
            try:
                await self._finish(server)
            finally:
                self._minutes.pop(server, None)

    async def _say(self, server: str, minute: _Minute, seconds: int) -> None:
        text = say(minute.language, f"farewell.{minute.what}", seconds=seconds)
        try:
            await self._tell(server, say_line(minute.line, text, minute.splits))
        except ClusterError as wrong:
            log.warning("players not told", server=server, detail=wrong.detail)
