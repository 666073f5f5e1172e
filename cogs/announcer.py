"""The only sender of channel messages: it delivers the outbox (cogs.notice_delivery) and keeps the cards
(cogs.card_delivery). Here is what wakes them.

Several servers are worked on at once, one channel's messages one after the other.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Any

import structlog
from discord.ext import commands

from cogs.card_delivery import CardDelivery
from cogs.cards_first import CardsFirst
from cogs.notice_delivery import NoticeDelivery
from cogs.posting import Done, Poster
from core.guilds.settings import Guilds
from core.notices.outbox import Outbox
from core.servers.cards import Cards
from core.servers.following import Following

log = structlog.get_logger()
POLL = 5.0  # seconds between looks for notices that became due, or that another process wrote
FEED_GAP = 0.1  # seconds between two such looks, whoever asks for them: a thousand servers may change at once
LOOK_EVERY = 24 * 3600.0  # seconds from one round of looks at all cards to the next
LOOK_GAP = 1.0  # seconds from one card to the next: of 50 requests a second a round takes one
NO_GUILD = 0  # places that are of no guild: direct messages
_MAY_HEAL = (
    "guild_join",
    "guild_available",
    "guild_update",
    "guild_channel_create",
    "guild_channel_update",
    "guild_role_update",
    "member_update",  # of the bot itself
    "thread_join",
    "thread_update",
)
"""What Discord tells when something may take a message that took none before."""


class Announcer:
    """`run` until cancelled or stopped; start it outside the client. `touch` comes from core's changes. `operators`
    says who is told of alarms, `language_of` what somebody chose to read, `following` which followers are told of who
    joined; None: none is. `crowded` says whether more changes than can be shown at once."""

    def __init__(
        self,
        client: commands.Bot | commands.AutoShardedBot,
        outbox: Outbox,
        cards: Cards,
        guilds: Guilds,
        now: Callable[[], datetime],
        operators: Callable[[], Awaitable[Collection[int]]],
        language_of: Callable[[int], Awaitable[str | None]],
        following: Following | None = None,
        crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._cards = cards
        self._now = now
        self.done: Counter[Done] = Counter()
        """What became of cards and notices since the start."""
        self._poster = Poster(client)
        self._card_delivery = CardDelivery(self._poster, cards, now, self.done, crowded)
        self._cards_first = CardsFirst(lambda: crowded() or self._card_delivery.lane.full)
        self._notice_delivery = NoticeDelivery(
            self._poster,
            outbox,
            cards,
            guilds,
            now=now,
            operators=operators,
            language_of=language_of,
            told=self.touch,
            done=self.done,
            following=following,
            turn=self._cards_first.turn,
        )
        self._reopened: set[int] = set()
        self.rounds = 0
        """How often all cards were looked at since the start."""
        self._due, self._new_session = asyncio.Event(), asyncio.Event()
        self._stopping = asyncio.Event()

    @property
    def cards_waiting(self) -> int:
        """Cards that are to be looked at, now or later."""
        return len(self._card_delivery.lane)

    def touch(self, server: str) -> None:
        """A server changed: its card and its notices may have something new to show."""
        if server:
            self._card_delivery.touch(server)
        self._due.set()

    def stop(self) -> None:
        """Let `run` return after what is being sent now: nothing is cut off half-way."""
        self._stopping.set()
        self._due.set()
        self._poster.stopping = self._cards_first.stopping = True
        self._card_delivery.lane.stop()
        self._notice_delivery.lane.stop()

    async def run(self) -> None:
        await self._client.wait_until_ready()
        listeners = [(self._heard, f"on_{event}") for event in _MAY_HEAL] + [(self._session_began, "on_shard_ready")]
        for listener, event in listeners:
            self._client.add_listener(listener, event)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._notice_delivery.lane.run(), name="notices")
                group.create_task(self._card_delivery.lane.run(), name="cards")
                group.create_task(self._feed(), name="outbox")
                group.create_task(self._rounds(), name="looks")
        finally:
            for listener, event in listeners:
                self._client.remove_listener(listener, event)

    async def _feed(self) -> None:
        """Touch what has to be shown: after a start all that changed meanwhile, then notices as they become due."""
        started = False
        while not self._stopping.is_set():
            self._due.clear()
            try:
                if not started:
                    for server in await self._cards.stale():
                        self._card_delivery.touch(server)
                    started = True
                await self._reopen()
                for server in await self._cards.doubted():
                    self._card_delivery.touch(server)
                for key in await self._outbox.due_keys(self._now()):
                    self._notice_delivery.lane.touch(key)
            except Exception:
                log.exception("database away")
            await _within(self._stopping.wait(), FEED_GAP)
            await _within(self._due.wait(), POLL)

    async def _reopen(self) -> None:
        """Try again what nobody took in guilds where something changed."""
        guilds, self._reopened = self._reopened, set()
        if guilds:
            self._poster.reopen(guilds)
            for server in await self._cards.broken_in(guilds):
                self._card_delivery.touch(server)

    async def _rounds(self) -> None:
        """Look at every card: at the start, when Discord begins a new session with us, and once a day."""
        while not self._stopping.is_set():
            self._new_session.clear()
            try:
                servers = await self._cards.standing()
            except Exception:
                log.exception("database away")
                servers = []
            for server in servers:
                self._card_delivery.look_at(server)
                if await _within(self._stopping.wait(), LOOK_GAP):
                    return
            self.rounds += 1
            waits = {asyncio.ensure_future(event.wait()) for event in (self._stopping, self._new_session)}
            await asyncio.wait(
                waits, timeout=LOOK_EVERY * random.uniform(0.8, 1.2), return_when=asyncio.FIRST_COMPLETED
            )
            for each in waits:
                each.cancel()

    async def _heard(self, *about: Any) -> None:
        """Discord told of something: a guild, or something that is in one."""
        guild = getattr(about[-1], "guild", about[-1])
        self._reopened |= {guild.id, NO_GUILD}
        self._due.set()

    async def _session_began(self, _shard: int) -> None:
        self._new_session.set()


async def _within(event: Awaitable[object], seconds: float) -> bool:
    """Whether it came in time."""
    try:
        async with asyncio.timeout(seconds):
            await event
    except TimeoutError:
        return False
    return True
