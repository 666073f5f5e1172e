"""The game in a pod, as its sidecar sees it: neither its process nor its output, only its ports and its console."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from typing import Any

from core.agent import query
from core.agent.console import Bell, Fifo, NoConsole
from core.agent.wire import PodSpec
from core.games.console.port import Console, ConsoleAway
from core.games.protocols.answer import NoAnswer
from core.nofollow import Spot

FLUSH_TAKES = 2.0
"""Seconds that a game gets to write its world where nothing tells when it is done."""

_STOP_EVERY = 0.5  # seconds between looks for the wish to stop
_FRESH = 8.0  # seconds that a look at the game counts; kubelet asks every 5
_SOON = 0.2  # seconds between looks while kubelet waits for the answer
_READY_EVERY = 1.0  # seconds between looks at a game that comes up


class PodGame:
    """`far` is the console on loopback, `slow` the same with the patience that a game needs to write its world, and
    `quick` with that of a query. `shared` is the folder of the pipes
    between the two containers; the game's sees it read-only, and that of a pod of an older version may write there."""

    def __init__(
        self,
        pod: PodSpec,
        shared: Spot,
        *,
        far: Console | None = None,
        quick: Console | None = None,
        slow: Console | None = None,
    ) -> None:
        self._pod = pod
        self._stop = Bell(shared / "stop") if pod.stop_console else None
        self._quick = quick or far
        self._slow = slow or far
        self._look: asyncio.Task[str] | None = None
        self._seen: tuple[float, str] | None = None
        self.console: Console | None = Fifo(shared / "console") if pod.console == "stdin" else far
        self.hears_answers = not isinstance(self.console, Fifo)

    async def detail(self) -> str:
        """Why the game is not up; empty if it is. Those who ask at the same time share one look."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._ask())
        return await asyncio.shield(self._look)

    async def is_up(self) -> bool:
        """As of a few seconds ago."""
        if self._seen is not None and time.monotonic() - self._seen[0] < _FRESH:
            return not self._seen[1]
        return not await self.detail()

    async def up_within(self, seconds: float) -> str:
        """As `detail`, as soon as it is up; at the latest after so many seconds."""
        why = "no answer yet"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while why := await self.detail():  # noqa: ASYNC110 - a game has to be asked
                    await asyncio.sleep(_SOON)
        return why

    async def until_up(self) -> None:
        while await self.detail():  # noqa: ASYNC110 - a game has to be asked
            await asyncio.sleep(_READY_EVERY)

    async def players(self) -> dict[str, Any]:
        """As `query.players`."""
        return await query.players(self._pod, self._quick)

    async def order(self, line: str) -> str:
        """What the game answers. Raises `NoConsole`."""
        return await self._send(self.console, line)

    async def flush(self, line: str, done: str, within: float) -> None:
        """Returns when the world is written, as far as that can be told; after `within` seconds in any case.

        Most consoles' answers tell, if it is what `done` (a regular expression) says. On stdin there is none: its
        output is in the pod's log, which the agent cannot read. Then the game gets a moment. Raises `NoConsole`.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._flush(line, done)

    async def _flush(self, line: str, done: str) -> None:
        answer = await self._send(self._slow if self.hears_answers else self.console, line)
        if not self.hears_answers or (done and not re.search(done, answer)):
            await asyncio.sleep(FLUSH_TAKES)

    async def watch_for_stop(self) -> None:
        """Sends the game's stop line once its preStop hook asks. Never returns."""
        asked = False
        while True:
            await asyncio.sleep(_STOP_EVERY)
            asked = asked or (self._stop is not None and self._stop.has_rung())
            if asked and self.console is not None:
                with contextlib.suppress(ConsoleAway):
                    await self.console.send(self._pod.stop_console)
                    asked = False

    async def _ask(self) -> str:
        why = ""
        try:
            await query.is_up(self._pod, self._quick)
        except NoAnswer as wrong:
            why = str(wrong) or "no answer"
        self._seen = time.monotonic(), why
        return why

    async def _send(self, console: Console | None, line: str) -> str:
        if console is None:
            raise NoConsole("the game has no console")
        try:
            return await console.send(line)
        except ConsoleAway as why:
            raise NoConsole(str(why)) from why
