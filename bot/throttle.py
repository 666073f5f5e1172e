"""What Discord's limits ask of all our requests together, whoever sends them; discord.py minds those of each route.

A bot may send 50 requests a second, and an address from which too many bad ones came is blocked for a while, by an
answer from in front of the API: 429 in HTML, without `Via`. What is sent meanwhile makes that longer, so nothing is.
Answers to interactions are bound to neither limit and never wait here. What may wait (`cogs.posting`) takes what others
leave of the 50: in a flood of cards a notice would have half of them, for all notices stand here at once.

https://discord.com/developers/docs/topics/rate-limits
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import discord
import structlog
import yarl
from discord.http import Route

from cogs.posting import MAY_WAIT

log = structlog.get_logger()
RATE, BURST = 45.0, 5.0  # requests a second, and how many at once after a rest: together what Discord takes
CROWDED = 0.25  # seconds that the next request would wait
PATIENCE = 15.0  # seconds for which what may wait lets others go first; a card may stand behind it in its channel
BLOCKED, BLOCKED_LONGEST = 5.0, 3600.0  # seconds, where Discord does not say for how long: at first, and at most
_ANSWERS = ("/interactions/", "/webhooks/")


class AddressBlocked(discord.DiscordException):
    """Not sent: Discord would refuse it, and go on refusing for longer. `retry_after` in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Discord refuses this address for {retry_after:.0f} s")
        self.retry_after = retry_after


class Throttle:
    """`trace` is given to the one aiohttp session that all requests go through."""

    def __init__(self) -> None:
        self._next = 0.0
        self._until = 0.0
        self._wait = BLOCKED
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_start.append(self._begin)
        self.trace.on_request_end.append(self._end)

    @property
    def blocked_for(self) -> float:
        """Seconds for which Discord refuses this address; 0 where it does not."""
        return max(0.0, self._until - asyncio.get_running_loop().time())

    @property
    def crowded(self) -> bool:
        """Whether requests wait here: what may wait is better sent later."""
        return self._next - asyncio.get_running_loop().time() > CROWDED

    async def _begin(self, _session: Any, _context: Any, params: aiohttp.TraceRequestStartParams) -> None:
        asked = _route(params.url)
        if asked is None or asked.startswith(_ANSWERS):
            return
        if MAY_WAIT.get():
            await self._let_others_go_first()
        if (left := self.blocked_for) > 0:
            raise AddressBlocked(left)
        now = asyncio.get_running_loop().time()
        self._next = max(self._next, now - BURST / RATE) + 1 / RATE
        if self._next > now:
            await asyncio.sleep(self._next - now)
            if (left := self.blocked_for) > 0:  # since it waits
                raise AddressBlocked(left)

    async def _let_others_go_first(self) -> None:
        clock = asyncio.get_running_loop().time
        until = clock() + PATIENCE
        while clock() < min(self._next, until):  # noqa: ASYNC110 - the line is made of times, not of events
            await asyncio.sleep(min(self._next, until) - clock())

    async def _end(self, _session: Any, _context: Any, params: aiohttp.TraceRequestEndParams) -> None:
        response = params.response
        if _route(params.url) is None or self.blocked_for:
            return
        if response.status != 429 or "Via" in response.headers:
            self._wait = BLOCKED
            return
        seconds = _seconds(response.headers.get("Retry-After")) or self._wait
        self._wait = min(self._wait * 2, BLOCKED_LONGEST)
        self._until = asyncio.get_running_loop().time() + seconds
        log.warning("Discord refuses this address: too many bad requests came from it", again_in=seconds)


def _route(url: yarl.URL) -> str | None:
    """The path of a request of Discord's API, without what is before it; None for what is none."""
    asked, base = str(url), Route.BASE
    return asked.removeprefix(base) if asked.startswith(base) else None


def _seconds(told: str | None) -> float:
    """Of a Retry-After; 0 where it says none."""
    try:
        return max(0.0, float(told or 0))
    except ValueError:
        return 0.0
