"""The only sender of channel messages: it delivers the outbox and keeps the cards.

A card is level-triggered from state and coalesced: a change of phase shows at once (at least 1.5 s after the last
edit), anything else at most once in 10 s. A notice is a row of the outbox; see core.notices.outbox for its life.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import discord
import structlog

from cogs.cards import card, digest
from cogs.life import greeting_places
from cogs.notices import notice
from core.guilds.settings import Guilds
from core.notices.outbox import Outbox
from core.servers.cards import CardPlace, Cards
from core.servers.views import NoticeView, ServerView
from core.words import NoticeKind

log = structlog.get_logger()
PHASE_GAP, QUIET_GAP = 1.5, 10.0
LOOK_BACK_AFTER = timedelta(seconds=60)
GONE = {10003, 50001, 50013, 50007}  # unknown channel, no access, no permission, closed direct messages
NO_MESSAGE = 10008


class DeadDestination(Exception):
    """This channel can never take the message."""


@dataclass(slots=True)
class _Shown:
    at: float
    news: tuple[object, ...]  # what is shown at once when it changes


class Announcer:
    """`run` until cancelled; start it outside the client. `wake` and `touch` come from core's changes."""

    def __init__(
        self, client: discord.Client, outbox: Outbox, cards: Cards, guilds: Guilds, now: Callable[[], datetime]
    ):
        self._client = client
        self._outbox = outbox
        self._cards = cards
        self._guilds = guilds
        self._now = now
        self._dirty: dict[str, float] = {}
        self._shown: dict[str, _Shown] = {}
        self._retries: dict[str, int] = {}
        self._woken = asyncio.Event()
        self._due = asyncio.Event()
        self._stopping = False

    def touch(self, server: str) -> None:
        """A server changed: its card and its notices may have something new to show."""
        if server:
            self._dirty[server] = 0.0  # also one that waits for its gap: `_show` knows how long still
        self._woken.set()
        self._due.set()

    def stop(self) -> None:
        """Let `run` return after what is being sent now: nothing is cut off half-way."""
        self._stopping = True
        self._woken.set()
        self._due.set()

    async def run(self) -> None:
        await self._client.wait_until_ready()
        for server in await self._cards.all():
            self._dirty.setdefault(server, 0.0)
        self._woken.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_cards(), name="cards")
            group.create_task(self._deliver(), name="notices")

    # cards

    async def _keep_cards(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping:
            self._woken.clear()
            due = [server for server, at in self._dirty.items() if at <= loop.time()]
            for server in due:
                if self._stopping:
                    return
                del self._dirty[server]
                try:
                    again = await self._show(server)
                    self._retries.pop(server, None)
                except Exception as wrong:
                    tries = self._retries[server] = self._retries.get(server, 0) + 1
                    again = min(2.0**tries, 300.0)
                    log.warning("card not shown", server=server, why=str(wrong))
                if again is not None:
                    self._dirty[server] = min(self._dirty.get(server, float("inf")), loop.time() + again)
            wait = min(self._dirty.values(), default=None)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if wait is None else max(0.0, wait - loop.time())):
                    await self._woken.wait()

    async def _show(self, server: str) -> float | None:
        """Bring one card up to date. Seconds after which to look again, or None."""
        found = await self._cards.get(server)
        if found is None:
            return None
        place, view, language = found
        now = asyncio.get_running_loop().time()
        shown = self._shown.get(server)
        if shown is not None:
            gap = PHASE_GAP if shown.news != _news(view) else QUIET_GAP
            if now < shown.at + gap:
                return shown.at + gap - now
        layout = card(view, language, number=place.number)
        layout.stop()  # its buttons are DynamicItems: discord.py need not remember the view
        if (wanted := digest(layout)) == place.shown and place.message is not None:
            return None
        for channel in await self._card_channels(view, place):
            try:
                await self._put_card(channel, place, layout, wanted)
            except DeadDestination:
                place = place.moved()
                continue
            self._shown[server] = _Shown(asyncio.get_running_loop().time(), _news(view))
            return None
        await self._cards.broken(server, "no channel takes it")
        return None

    async def _card_channels(self, view: ServerView, place: CardPlace) -> list[int]:
        guild = await self._guilds.get(view.guild)
        wanted = [guild.server_channel or place.channel or view.channel, place.channel, view.channel]
        return list(dict.fromkeys(channel for channel in wanted if channel))

    async def _put_card(self, channel: int, place: CardPlace, layout: Any, wanted: str) -> None:
        target = self._messageable(channel)
        if place.message is not None and place.channel == channel:
            try:
                with _dead_ends():
                    await target.get_partial_message(place.message).edit(view=layout, allowed_mentions=_NOBODY)
                await self._cards.shown(place.server, channel, place.message, wanted)
                return
            except discord.NotFound as gone:
                if gone.code != NO_MESSAGE:
                    raise
                place = await self._cards.lost(place.server)
        earlier = await self._cards.posting(place.server, channel, self._now())
        if earlier is not None and (message := await self._look_back(target, place.number, earlier)) is not None:
            with _dead_ends():
                await message.edit(view=layout, allowed_mentions=_NOBODY)
        else:
            nonce = f"c{place.number}-{place.posts}"
            with _dead_ends():
                message = await target.send(view=layout, nonce=nonce, allowed_mentions=_NOBODY)
        await self._cards.shown(place.server, channel, message.id, wanted)

    # notices

    async def _deliver(self) -> None:
        while not self._stopping:
            self._due.clear()
            for row in await self._outbox.due(self._now()):
                if self._stopping:
                    return
                try:
                    await self._send(row)
                except Exception as wrong:
                    log.warning("notice not sent", notice=row.id, server=row.server, trace=row.trace, why=str(wrong))
                    await self._outbox.retry(row.id or 0, self._now())
            next_at = await self._outbox.next_due()
            wait = None if next_at is None else max(0.0, (next_at - self._now()).total_seconds())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._due.wait()

    async def _send(self, row: Any) -> None:
        number: int = row.id
        view = await self._cards.view(row.server) if row.server else None
        guild = await self._guilds.get(row.guild)
        subject = NoticeView(
            number=notice_number(number),
            kind=NoticeKind(row.kind),
            guild=row.guild,
            language=guild.language or "en",
            server=view,
            data=row.data,
        )
        layout = notice(subject)
        if layout is None:
            await self._outbox.drop(number, row.revision)
            return
        layout.stop()
        places = await self._destinations(row, view, guild.notice_channel)
        if row.destination >= len(places):
            await self._outbox.dead(number, self._now(), last=True)
            return
        place = places[row.destination]
        try:
            message = await self._put_notice(row, place, layout)
        except DeadDestination:
            last = row.destination + 1 >= len(places)
            await self._outbox.dead(number, self._now(), last=last)
            self._due.set()
            return
        log.info("notice sent", notice=number, kind=row.kind, server=row.server, trace=row.trace)
        await self._outbox.sent(number, message, row.revision, self._now())
        if row.server:
            self.touch(row.server)

    async def _destinations(self, row: Any, view: ServerView | None, notice_channel: int | None) -> list[int | None]:
        """Channel ids in the order to try; None stands for the owner's direct messages."""
        if row.kind == NoticeKind.WELCOME:
            return list(greeting_places(self._client.get_guild(row.guild)))
        places: list[int | None] = [notice_channel]
        if row.server and (card_place := await self._cards.place(row.server)) is not None:
            places.append(card_place.channel)
        if view is not None:
            places.append(view.channel)
        return [*dict.fromkeys(place for place in places if place), None]

    async def _put_notice(self, row: Any, place: int | None, layout: Any) -> int:
        target = await self._owner(row) if place is None else self._messageable(place)
        if row.message is not None and row.channel == target.id:
            try:
                with _dead_ends():
                    await target.get_partial_message(row.message).edit(view=layout, allowed_mentions=_NOBODY)
                return int(row.message)
            except discord.NotFound as gone:
                if gone.code != NO_MESSAGE:
                    raise
                return int(row.message)  # somebody deleted it: what they did not want to see is not posted anew
        earlier = await self._outbox.trying(row.id, target.id, self._now())
        if earlier is not None:
            message = await self._look_back(target, notice_number(row.id), earlier)
            if message is not None:
                with _dead_ends():
                    await message.edit(view=layout, allowed_mentions=_NOBODY)
                return message.id
        with _dead_ends():
            sent = await target.send(
                view=layout,
                nonce=f"n{row.id}-{row.destination}",
                allowed_mentions=_NOBODY,
                **await self._reply(row, target),
            )
        return int(sent.id)

    async def _reply(self, row: Any, target: Any) -> dict[str, Any]:
        """Answer to the card where they share a channel."""
        place = await self._cards.place(row.server) if row.server else None
        if place is None or place.message is None or place.channel != target.id:
            return {}
        reference = discord.MessageReference(message_id=place.message, channel_id=target.id, fail_if_not_exists=False)
        return {"reference": reference, "mention_author": False}

    async def _owner(self, row: Any) -> Any:
        owner = await self._cards.owner(row.server) if row.server else None
        if owner is None:
            raise DeadDestination
        with _dead_ends():
            user = self._client.get_user(owner) or await self._client.fetch_user(owner)
            return user.dm_channel or await user.create_dm()

    # both

    def _messageable(self, channel: int) -> Any:
        found = self._client.get_channel(channel)
        if found is None or not hasattr(found, "send"):
            raise DeadDestination
        if isinstance(found, discord.abc.GuildChannel):
            may = found.permissions_for(found.guild.me)
            if not (may.view_channel and may.send_messages):
                raise DeadDestination
        return found

    async def _look_back(self, target: Any, number: int, since: datetime) -> discord.Message | None:
        """Our own message with this container id, if a send that seemed to fail had happened after all."""
        me = self._client.user
        try:
            async for message in target.history(limit=100, after=since - timedelta(seconds=30)):
                if me is not None and message.author.id == me.id and number in map(_component_id, message.components):
                    return message  # type: ignore[no-any-return]
        except discord.Forbidden:
            return None  # without Read Message History only the nonce guards
        return None


_NOBODY = discord.AllowedMentions.none()


def _news(view: ServerView) -> tuple[object, ...]:
    return view.phase, view.desired, view.problem, view.idle.warned, view.idle.keep_until


def notice_number(row: int) -> int:
    """Component ids: even for notices, odd for cards, so that one look-back never takes the other's message."""
    return row * 2


def _component_id(component: Any) -> int | None:
    return getattr(component, "id", None)


@contextlib.contextmanager
def _dead_ends() -> Iterator[None]:
    try:
        yield
    except (discord.Forbidden, discord.NotFound) as wrong:
        if wrong.code in GONE:
            raise DeadDestination from wrong
        raise
