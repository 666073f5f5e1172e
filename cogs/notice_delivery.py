"""Notices on their way from the outbox to where people read: core.notices.outbox tells the life of one."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Any

import discord
import structlog

from cogs.life import greeting_places
from cogs.notices import notice
from cogs.posting import DeadDestination, Done, MessageGone, NotNow, Poster, Route, nonce_of
from cogs.refusals import in_short
from core.data.tables import NoticeRow
from core.guilds.settings import Guilds
from core.lane import Lane
from core.notices import destinations
from core.notices.codec import notice_of
from core.notices.destinations import Channel, Destination, Known, Person
from core.notices.kinds.alarms import AlarmNotice
from core.notices.kinds.notices import (
    FollowNotice,
    GuildNotice,
    IdleNotice,
    IdlePaused,
    IdleWarned,
    Notice,
    StorageNotice,
    WelcomeNotice,
)
from core.notices.outbox import HOLDS_UP, Outbox
from core.servers.cards import Cards
from core.servers.following import Following
from core.servers.views import NoticeView
from core.text import DEFAULT
from core.words import NoticeKind

log = structlog.get_logger()
AT_ONCE = 8  # that are read and rendered at once; those that wait for Discord do not count
LONGEST_RETRY = 30.0  # seconds
CARD_FIRST = 4  # so often a notice waits for the post of its server's card, until it is a post of its own


class NoticeDelivery:
    """`lane` is run by the announcer, by server (or guild); `done` counts. `told` is called with the server of a notice
    that was delivered or can never be. `operators` says who is told of alarms, `language_of` what
    somebody chose to read, `turn` comes back when there is room for a notice."""

    def __init__(
        self,
        poster: Poster,
        outbox: Outbox,
        cards: Cards,
        guilds: Guilds,
        *,
        now: Callable[[], datetime],
        operators: Callable[[], Awaitable[Collection[int]]],
        language_of: Callable[[int], Awaitable[str | None]],
        told: Callable[[str], None],
        done: Counter[Done],
        following: Following | None,
        turn: Callable[[], Awaitable[None]],
    ) -> None:
        self._poster = poster
        self._outbox = outbox
        self._cards = cards
        self._guilds = guilds
        self._now = now
        self._operators = operators
        self._language_of = language_of
        self._told = told
        self._done = done
        self._following = following
        self._turn = turn
        self.lane = Lane(self._deliver, at_once=AT_ONCE, failed=self._failed, longest=LONGEST_RETRY)

    async def _deliver(self, key: str) -> float | None:
        """Send what one server (or guild) has to say, in order. One that fails holds up those behind it, until it has
        failed so often that it may fail for ever."""
        await self._turn()
        failed: Exception | None = None
        for row in await self._outbox.due(self._now(), key):
            if self._poster.stopping:
                return None
            try:
                await self._send(row, key)
            except Exception as wrong:
                if self._poster.stopping:
                    return None
                at_least = getattr(wrong, "retry_after", 0.0)  # Discord's own word, where it gave one
                await self._outbox.retry(row.id or 0, self._now(), at_least=at_least)
                failed = wrong
                if row.attempts + 1 < HOLDS_UP:
                    break
        if failed is not None:
            raise failed
        return None

    def _failed(self, key: str, wrong: Exception, times: int) -> None:
        self._done[Done.NOTICE_FAILED] += 1
        log.warning("notice not sent", server=key, why=in_short(wrong), times=times)

    async def _send(self, row: NoticeRow, key: str) -> None:
        assert row.id is not None
        told = notice_of(row.kind, row.data)
        if isinstance(told, AlarmNotice) and told.to is None:
            await self._address(row)
            return
        layout = await self._render(row)
        if layout is None or not await self._is_wanted(row, told):
            await self._outbox.drop(row.id, row.revision)
            return
        if row.message is not None and row.channel is not None:
            self.lane.leave(key)
            await self._edit(row, row.channel, row.message, layout)
        else:
            places = await self._places(row)
            self.lane.leave(key)  # with all that is read: who leaves the slots may be a thousand
            await self._post(row, layout, places)

    async def _is_wanted(self, row: NoticeRow, told: Notice) -> bool:
        """Not by a follower who is one no more, nor where it comes too late for one."""
        if not isinstance(told, FollowNotice):
            return True
        if self._following is None or row.server is None or told.to is None:
            return False
        return await self._following.may_be_told(row.server, told.to, row.created_at)

    async def _render(self, row: NoticeRow, person: int | None = None) -> Any:
        """As it has to be said now, to one person or to the guild; None where nothing is left to say."""
        assert row.id is not None
        told = notice_of(row.kind, row.data)
        view = await self._cards.view(row.server) if row.server else None
        own = None if person is None else await self._language_of(person)
        if own is None and isinstance(told, FollowNotice):
            own = told.language  # which Discord told when they began to follow
        layout = notice(
            NoticeView(
                number=notice_number(row.id),
                guild=row.guild,
                language=own or await self._guilds.language(row.guild) or DEFAULT,
                server=view,
                told=told,
            )
        )
        if layout is None or _too_late(row, told):
            return None
        layout.stop()
        return layout

    async def _address(self, row: NoticeRow) -> None:
        """An alarm goes to every operator."""
        assert row.id is not None
        people = await self._operators()
        if not people:
            await self._dead(row, last=True)
            return
        await self._outbox.address(row.id, people)
        self._told("")

    async def _edit(self, row: NoticeRow, channel: int, message: int, layout: Any) -> None:
        """Where it stands, whatever the guild's rules say by now: its buttons must not stay behind."""
        try:
            async with self._poster.queue(channel, Route.EDIT, may_wait=True) as waited:
                target = await self._poster.place(row.guild, channel)
                person = getattr(getattr(target, "recipient", None), "id", None)
                layout = await self._render(row, person) if waited or person else layout
                if layout is not None:
                    await self._poster.edit(target, message, layout, _about(row))
        except MessageGone:
            pass  # what somebody did not want to see is not posted anew
        except DeadDestination:
            await self._dead(row, last=False)
            return
        await self._sent(row, message)

    async def _post(self, row: NoticeRow, layout: Any, places: list[Destination]) -> None:
        """To the first place that takes it."""
        alone: set[int] = set()  # forums in which the card's post takes nothing
        for place in places:
            try:
                target = await self._open(row, place, alone)
                async with self._poster.queue(target.id, Route.SEND, may_wait=True) as waited:
                    person = place.id if isinstance(place, Person) else None
                    layout = await self._render(row, person) if waited or person else layout
                    if layout is None:
                        await self._outbox.drop(row.id or 0, row.revision)
                        return
                    message = await self._post_to(row, target, layout)
            except DeadDestination as dead:
                beside = Channel(dead.beside) if dead.beside is not None else None
                if beside is not None and beside == place and place.id not in alone:
                    alone.add(place.id)
                    places.insert(places.index(place) + 1, place)
                elif beside is not None and beside not in places:
                    places.insert(places.index(place) + 1, beside)
            except MessageGone:
                await self._outbox.drop(row.id or 0, row.revision)  # it was said, and somebody deleted it
                return
            else:
                await self._sent(row, message)
                return
        await self._dead(row, last=True)

    async def _places(self, row: NoticeRow) -> list[Destination]:
        told = notice_of(row.kind, row.data)
        view = await self._cards.view(row.server) if row.server else None
        card = await self._cards.place(row.server) if row.server else None
        rules = await self._guilds.get(row.guild)
        greetable: list[int] = []
        if isinstance(told, WelcomeNotice | GuildNotice):
            try:
                greetable = greeting_places(await self._poster.home(row.guild))
            except DeadDestination:
                return []  # the bot was removed before it could say it
        known = Known(
            notice_channel=rules.notice_channel,
            server_channel=rules.server_channel,
            card=card.channel if card else None,
            created_in=view.channel if view else None,
            named=told.channel if isinstance(told, StorageNotice | GuildNotice) else None,
            owner=view.owner if view and not view.owner_gone else None,
            operator=told.to if isinstance(told, AlarmNotice) else None,
            follower=told.to if isinstance(told, FollowNotice) else None,
            greetable=greetable,
        )
        places = destinations.of_notice(told.kind, known)
        # Where it was begun to be said, it may have been: also in the post of a card that stands in a forum.
        begun = row.channel
        if card is not None and begun is not None and begun == card.message:
            begun = card.channel
        return sorted(places, key=lambda place: place != Channel(begun or 0))

    async def _open(self, row: NoticeRow, place: Destination, alone: Collection[int]) -> Any:
        """In a forum: the post of the server's card, or the forum, where it is a post of its own."""
        if isinstance(place, Person):
            return await self._poster.direct(place.id)
        found = await self._poster.channel(row.guild, place.id)
        if not isinstance(found, discord.ForumChannel) or place.id in alone:
            return found
        card = await self._cards.place(row.server) if row.server else None
        if card is None or card.channel not in (None, place.id):
            return found
        if card.message is not None:
            with contextlib.suppress(MessageGone):
                return await self._poster.post(found, card.message)
        if row.attempts < CARD_FIRST:
            raise NotNow("its card has no post yet")
        return found

    async def _post_to(self, row: NoticeRow, target: Any, layout: Any) -> int:
        self._poster.check(target, Route.SEND)
        number = row.id or 0
        earlier = await self._outbox.trying(number, target.id, self._now())
        message = await self._poster.look_back(target, notice_number(number), earlier, self._now()) if earlier else None
        if message is not None:
            await self._poster.edit(target, message, layout, _about(row))
            return message
        nonce = nonce_of("n", number, row.destination, target.id)
        view = await self._cards.view(row.server) if row.server else None
        title, reply = view.name if view else "", await self._reply(row, target)
        return await self._poster.send(target, layout, _about(row), nonce=nonce, title=title, reply=reply)

    async def _reply(self, row: NoticeRow, target: Any) -> discord.MessageReference | None:
        """Answer to the card where they share a channel."""
        place = await self._cards.place(row.server) if row.server else None
        if place is None or place.message is None or target.id not in (place.channel, place.message):
            return None
        return discord.MessageReference(message_id=place.message, channel_id=target.id, fail_if_not_exists=False)

    async def _sent(self, row: NoticeRow, message: int) -> None:
        assert row.id is not None
        self._done[Done.NOTICE_SENT] += 1
        log.info("notice sent", notice=row.id, kind=row.kind, server=row.server, trace=row.trace)
        await self._outbox.sent(row.id, message, row.revision, self._now())
        if row.server and row.kind == NoticeKind.IDLE:  # the warning's time begins, which the card shows
            self._told(row.server)

    async def _dead(self, row: NoticeRow, *, last: bool) -> None:
        assert row.id is not None
        self._done[Done.NOTICE_DEAD] += last
        await self._outbox.dead(row.id, self._now(), last=last)
        self._told(row.server or "")


def notice_number(row: int) -> int:
    """Component ids: even for notices, odd for cards, so that one look-back never takes the other's message."""
    return row * 2


def _about(row: NoticeRow) -> str:
    return f"notice {row.id}"


def _too_late(row: NoticeRow, told: Notice) -> bool:
    """An episode that was over before anybody was told of it: there is nothing to withdraw."""
    untold = row.message is None and row.first_tried_at is None
    return isinstance(told, IdleNotice) and untold and not isinstance(told, IdleWarned | IdlePaused)
