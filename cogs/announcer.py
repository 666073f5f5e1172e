"""The only sender of channel messages: it delivers the outbox and keeps the cards.

A card is level-triggered from state and coalesced: a change that matters shows at once (at least 1.5 s after the last
edit), anything else at most once in 10 s. A notice is a row of the outbox; core.notices.outbox tells its life. Several
servers are worked on at once, one server's messages in order.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import discord
import structlog

from cogs.cards import card, digest
from cogs.life import greeting_places
from cogs.notices import notice
from cogs.posting import (
    NO_MESSAGE,
    NOBODY,
    DeadDestination,
    NotNow,
    channel_of,
    dead_ends,
    direct_of,
    look_back,
    nonce_of,
)
from core.data.tables import NoticeRow
from core.guilds.settings import Guilds, GuildView
from core.lane import Lane
from core.notices.outbox import Outbox
from core.servers.cards import CardPlace, Cards
from core.servers.views import NoticeView, ServerView
from core.words import NoticeKind

log = structlog.get_logger()
CHANGE_GAP, QUIET_GAP = 1.5, 10.0  # seconds between two edits of a card
POLL = 5.0  # seconds between looks for notices that became due, or that another process wrote
AT_ONCE = 8
LONGEST_RETRY = 30.0  # seconds; people look at these. What is refused for good is not tried again at all.


class Done(StrEnum):
    CARD_POSTED = "card_posted"
    CARD_EDITED = "card_edited"
    CARD_FAILED = "card_failed"
    NOTICE_SENT = "notice_sent"  # or edited
    NOTICE_FAILED = "notice_failed"  # to be tried again
    NOTICE_DEAD = "notice_dead"  # no destination takes it


@dataclass(slots=True)
class _Shown:
    at: float
    news: tuple[object, ...]  # what is shown at once when it changes


class Announcer:
    """`run` until cancelled or stopped; start it outside the client. `touch` comes from core's changes. `operators`
    says who is told of alarms."""

    def __init__(
        self,
        client: discord.Client,
        outbox: Outbox,
        cards: Cards,
        guilds: Guilds,
        now: Callable[[], datetime],
        operators: Callable[[], Awaitable[Collection[int]]],
    ) -> None:
        self._client = client
        self._operators = operators
        self._outbox = outbox
        self._cards = cards
        self._guilds = guilds
        self._now = now
        self._shown: dict[str, _Shown] = {}
        self._card_lane = Lane(self._show, at_once=AT_ONCE, failed=self._card_failed, longest=LONGEST_RETRY)
        self._notice_lane = Lane(self._deliver, at_once=AT_ONCE, failed=self._notices_failed, longest=LONGEST_RETRY)
        self._due = asyncio.Event()
        self._stopping = False
        self.done: Counter[Done] = Counter()
        """What became of cards and notices since the start."""

    def touch(self, server: str) -> None:
        """A server changed: its card and its notices may have something new to show."""
        if server:
            self._card_lane.touch(server)
        self._due.set()

    def stop(self) -> None:
        """Let `run` return after what is being sent now: nothing is cut off half-way."""
        self._stopping = True
        self._due.set()
        self._card_lane.stop()
        self._notice_lane.stop()

    async def run(self) -> None:
        await self._client.wait_until_ready()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._notice_lane.run(), name="notices")
            group.create_task(self._card_lane.run(), name="cards")
            group.create_task(self._feed(), name="outbox")

    async def _feed(self) -> None:
        """Touch what has to be shown: after a start all that changed meanwhile, then notices as they become due."""
        started = False
        while not self._stopping:
            self._due.clear()
            try:
                if not started:
                    for server in await self._cards.stale():
                        self._card_lane.touch(server)
                    started = True
                for key in await self._outbox.due_keys(self._now()):
                    self._notice_lane.touch(key)
            except Exception:
                log.exception("database away")
            try:
                async with asyncio.timeout(POLL):
                    await self._due.wait()
            except TimeoutError:
                pass

    # cards

    async def _show(self, server: str) -> float | None:
        """Bring one card up to date. Seconds after which to look again, or None."""
        now, shown = asyncio.get_running_loop().time(), self._shown.get(server)
        if shown is not None and now < shown.at + CHANGE_GAP:
            return shown.at + CHANGE_GAP - now  # too early for whatever there is to show
        found = await self._cards.get(server)
        if found is None:
            return None
        place, view, language = found
        if shown is not None:
            gap = CHANGE_GAP if shown.news != _news(view) else QUIET_GAP
            if now < shown.at + gap:
                return shown.at + gap - now
        layout = card(view, language, number=place.number)
        layout.stop()  # its buttons are DynamicItems: discord.py need not remember the view
        wanted = digest(layout)
        channels = await self._card_channels(view, place)
        if wanted == place.shown and place.message is not None and place.channel == channels[0]:
            await self._cards.unchanged(server)
            return None
        for channel in channels:
            try:
                await self._put_card(view, channel, place, layout, wanted)
            except DeadDestination:
                continue
            self._shown[server] = _Shown(asyncio.get_running_loop().time(), _news(view))
            return None
        await self._cards.broken(server, "no channel takes it")
        return None

    async def _card_channels(self, view: ServerView, place: CardPlace) -> list[int]:
        guild = await self._guilds.get(view.guild)
        wanted = [guild.server_channel or place.channel or view.channel, place.channel, view.channel]
        return list(dict.fromkeys(channel for channel in wanted if channel))

    async def _put_card(self, view: ServerView, channel: int, place: CardPlace, layout: Any, wanted: str) -> None:
        target = await channel_of(self._client, view.guild, channel)
        if place.message is not None and place.channel != channel:
            place = await self._take_down(view, place)
        if place.message is not None:
            try:
                with dead_ends():
                    await target.get_partial_message(place.message).edit(view=layout, allowed_mentions=NOBODY)
            except discord.NotFound as gone:
                if gone.code != NO_MESSAGE:
                    raise
                place = await self._cards.lost(place.server)
            else:
                assert place.message is not None
                self.done[Done.CARD_EDITED] += 1
                await self._cards.shown(place.server, channel, place.message, wanted)
                return
        earlier = await self._cards.posting(place.server, channel, self._now())
        message = await look_back(self._client, target, place.number, earlier) if earlier else None
        with dead_ends():
            if message is not None:
                await message.edit(view=layout, allowed_mentions=NOBODY)
            else:
                nonce = nonce_of("c", place.number, place.posts, channel)
                message = await target.send(view=layout, nonce=nonce, allowed_mentions=NOBODY)
        assert message is not None
        self.done[Done.CARD_POSTED] += 1
        await self._cards.shown(place.server, channel, message.id, wanted)

    async def _take_down(self, view: ServerView, place: CardPlace) -> CardPlace:
        """The card moves: no second one stays behind. What cannot be reached any more is left."""
        assert place.message is not None and place.channel is not None  # noqa: PT018
        try:
            old = await channel_of(self._client, view.guild, place.channel)
            with dead_ends():
                await old.get_partial_message(place.message).delete()
        except (DeadDestination, discord.NotFound):
            pass
        return await self._cards.lost(place.server)

    def _card_failed(self, server: str, wrong: Exception, times: int) -> None:
        self.done[Done.CARD_FAILED] += 1
        log.warning("card not shown", server=server, why=str(wrong) or type(wrong).__name__, times=times)

    # notices

    async def _deliver(self, key: str) -> float | None:
        """Send what one server (or guild) has to say, in order. One that fails holds up only those behind it."""
        for row in await self._outbox.due(self._now(), key):
            if self._stopping:
                return None
            try:
                await self._send(row)
            except Exception as wrong:
                at_least = getattr(wrong, "retry_after", 0.0)  # Discord's own word, where it gave one
                await self._outbox.retry(row.id or 0, self._now(), at_least=at_least)
                raise
        return None

    def _notices_failed(self, key: str, wrong: Exception, times: int) -> None:
        self.done[Done.NOTICE_FAILED] += 1
        log.warning("notice not sent", server=key, why=str(wrong) or type(wrong).__name__, times=times)

    async def _send(self, row: NoticeRow) -> None:
        assert row.id is not None
        if row.kind == NoticeKind.ALARM and "to" not in row.data:
            await self._address(row)
            return
        view = await self._cards.view(row.server) if row.server else None
        guild = await self._guilds.get(row.guild)
        layout = notice(
            NoticeView(
                number=notice_number(row.id),
                kind=NoticeKind(row.kind),
                guild=row.guild,
                language=guild.language or "en",
                server=view,
                data=row.data,
            )
        )
        if layout is None or _too_late(row):
            await self._outbox.drop(row.id, row.revision)
            return
        layout.stop()
        places = await self._destinations(row, view, guild)
        if row.destination >= len(places):
            await self._dead(row, last=True)
            return
        try:
            message = await self._put_notice(row, places[row.destination], layout)
        except DeadDestination:
            await self._dead(row, last=row.destination + 1 >= len(places))
            return
        self.done[Done.NOTICE_SENT] += 1
        log.info("notice sent", notice=row.id, kind=row.kind, server=row.server, trace=row.trace)
        await self._outbox.sent(row.id, message, row.revision, self._now())
        if row.server:
            self._card_lane.touch(row.server)

    async def _address(self, row: NoticeRow) -> None:
        """An alarm goes to every operator."""
        assert row.id is not None
        people = await self._operators()
        if not people:
            await self._dead(row, last=True)
            return
        await self._outbox.address(row.id, people)
        self._due.set()

    async def _dead(self, row: NoticeRow, *, last: bool) -> None:
        assert row.id is not None
        self.done[Done.NOTICE_DEAD] += last
        await self._outbox.dead(row.id, self._now(), last=last)
        self.touch(row.server or "")

    async def _destinations(self, row: NoticeRow, view: ServerView | None, guild: GuildView) -> list[int | None]:
        """Channel ids in the order to try; None stands for the direct messages of the owner, or of an operator."""
        if row.kind == NoticeKind.WELCOME:
            home = self._client.get_guild(row.guild)
            if home is None or home.unavailable:
                raise NotNow(f"guild {row.guild} is not available")
            return list(greeting_places(home))
        if row.kind == NoticeKind.ALARM:
            return [None]
        places: list[int | None] = [guild.notice_channel]
        if row.server and (card_place := await self._cards.place(row.server)) is not None:
            places.append(card_place.channel)
        if view is not None:
            places.append(view.channel)
        places += [guild.server_channel, row.data.get("channel")]
        return [*dict.fromkeys(place for place in places if place), None]

    async def _put_notice(self, row: NoticeRow, place: int | None, layout: Any) -> int:
        assert row.id is not None
        if row.message is not None and row.channel is not None:
            # Where it stands, whatever the guild's rules say by now: its buttons must not stay behind.
            place = None if place is None and row.channel else row.channel
        if place is None:
            owner = await self._cards.owner(row.server) if row.server else row.data.get("to")
            if owner is None:
                raise DeadDestination
            target = await direct_of(self._client, owner)
        else:
            target = await channel_of(self._client, row.guild, place)
        if row.message is not None:
            try:
                with dead_ends():
                    await target.get_partial_message(row.message).edit(view=layout, allowed_mentions=NOBODY)
            except discord.NotFound as gone:
                if gone.code != NO_MESSAGE:
                    raise
                # Somebody deleted it: what they did not want to see is not posted anew.
            return row.message
        earlier = await self._outbox.trying(row.id, target.id, self._now())
        message = await look_back(self._client, target, notice_number(row.id), earlier) if earlier else None
        with dead_ends():
            if message is not None:
                await message.edit(view=layout, allowed_mentions=NOBODY)
                return message.id
            nonce, reply = nonce_of("n", row.id, row.destination, target.id), await self._reply(row, target)
            sent = await target.send(view=layout, nonce=nonce, allowed_mentions=NOBODY, **reply)
        return int(sent.id)

    async def _reply(self, row: NoticeRow, target: Any) -> dict[str, Any]:
        """Answer to the card where they share a channel."""
        place = await self._cards.place(row.server) if row.server else None
        if place is None or place.message is None or place.channel != target.id:
            return {}
        reference = discord.MessageReference(message_id=place.message, channel_id=target.id, fail_if_not_exists=False)
        return {"reference": reference, "mention_author": False}


def _news(view: ServerView) -> tuple[object, ...]:
    idle = view.idle
    return view.phase, view.step, view.desired, view.problem, idle.warned, idle.warning_dead, idle.keep_until


def _too_late(row: NoticeRow) -> bool:
    """An episode that was over before anybody was told of it: there is nothing to withdraw."""
    untold = row.message is None and row.first_tried_at is None
    return row.kind == NoticeKind.IDLE and untold and row.data.get("state") not in ("warned", "paused")


def notice_number(row: int) -> int:
    """Component ids: even for notices, odd for cards, so that one look-back never takes the other's message."""
    return row * 2
