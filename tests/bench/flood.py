"""A thousand servers change phase at once, because the node that they run on is lost: how long it takes until every
card says so, and how many requests, beside the least that Discord's limits allow.

All are in one guild. The limits are those that Discord told bots in headers in 2025: five new messages, and five edits,
in 5 s for each channel; and 50 requests a second for the bot, which it documents:
https://discord.com/developers/docs/topics/rate-limits#global-rate-limit
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crowd import settle
from faults import EDIT, SEND, Faults
from in_memory import OBSERVED
from reading import texts
from seed import fill, make, sqlite_url
from sides import IN_MEMORY, Side

from bot.demo.guild import cast
from bot.demo.guild.errors import PageError
from bot.demo.guild.events import Event, Message, MessageCreated, MessageUpdated

MOST, SECONDS = 5, 5.0
EVERYWHERE = 50
WITHIN = 900.0
AWAY = "has not answered since"
POND = "Pond 1"


@dataclass(frozen=True, slots=True)
class Flood:
    """Seconds and requests. `least` is what the limits force where each card is one request and there are no others."""

    what: str
    servers: int
    channels: int
    seconds: float
    least: float
    requests: int
    refused: int
    """Requests that Discord answered with 429."""
    press: float
    """The longest that a member waited for an answer meanwhile."""


class Guild:
    """What stands on the cards, by server."""

    def __init__(self, side: Side, servers: int) -> None:
        self.side, self.servers = side, servers
        self.faults = Faults(side.guild)
        self.buckets = [
            self.faults.bucket(*SEND, most=MOST, seconds=SECONDS),
            self.faults.bucket(*EDIT, most=MOST, seconds=SECONDS),
            self.faults.bucket_of_all(most=EVERYWHERE, seconds=1.0),
        ]
        self._waits: list[float] = []
        self.said: dict[str, str] = {}
        self.changed = asyncio.Event()
        side.guild.world.emitter.listeners.append(self._on_event)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, MessageCreated | MessageUpdated):
            self._read(event.message)

    def _read(self, message: Message) -> None:
        text = texts(message.data["components"])
        if message.ephemeral_for is None and text.startswith("### "):
            self.said[text.split("\n")[0]] = text
            self.changed.set()

    async def measure(self, what: str, channels: int, begin: Callable[[], None], true: Callable[[str], bool]) -> Flood:
        before, refused = self._sent(), self._refused()
        began = time.perf_counter()
        begin()
        pressing = asyncio.create_task(self._press())
        async with asyncio.timeout(WITHIN):
            while sum(map(true, self.said.values())) < self.servers:
                self.changed.clear()
                await self.changed.wait()
        took = time.perf_counter() - began
        pressing.cancel()
        await asyncio.gather(pressing, return_exceptions=True)
        return Flood(
            what,
            self.servers,
            channels,
            took,
            max(_least(math.ceil(self.servers / channels), MOST, SECONDS), _least(self.servers, EVERYWHERE, 1.0)),
            self._sent() - before,
            self._refused() - refused,
            max(self._waits, default=math.nan),
        )

    async def _press(self) -> None:
        self._waits = []
        while True:
            with contextlib.suppress(PageError):  # no commands yet
                timed = await self.side.ask(cast.ADA, "show", server=POND)
                self._waits.append(math.inf if timed.answered is None else timed.answered)
            await asyncio.sleep(1.0)

    def _sent(self) -> int:
        return self.buckets[0].met + self.buckets[1].met

    def _refused(self) -> int:
        return sum(bucket.exceeded for bucket in self.buckets)


def _least(requests: int, most: int, seconds: float) -> float:
    """Of a limit whose windows begin with their first request."""
    return (math.ceil(requests / most) - 1) * seconds


async def run(folder: Path, servers: int, channels: int) -> list[Flood]:
    side = Side(f"{servers:,} servers", IN_MEMORY, folder)
    await side.open()
    places = [side.guild.world.create_channel(f"ponds-{number}")["id"] for number in range(channels)]
    world = make(servers=servers, running=servers, channels=places)
    await fill(sqlite_url(folder / "dormouse.db"), world, folder / OBSERVED)
    guild = Guild(side, servers)
    try:
        start = asyncio.create_task(side.start())
        posted = await guild.measure("every card posted", channels, lambda: None, bool)
        await start
        await settle(side)

        def lose() -> None:
            assert side.process is not None
            side.process.send_signal(signal.SIGUSR2)

        return [posted, await guild.measure("the node is lost", channels, lose, lambda text: AWAY in text)]
    finally:
        await side.close()
