"""The cards as they stand in their channels: one message a server, edited in place, posted anew when it is gone.

A card is level-triggered from state and coalesced: a change that matters shows at once (at least 1.5 s after the last
edit), and so does one that somebody asks for; anything else at most once in 10 s, and later while more is to be shown
than Discord takes. Nothing tells the bot that somebody
deleted a message of its own, so now and then it looks (`look_at`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from cogs.cards import card, components, digest, face
from cogs.posting import DeadDestination, Done, MessageGone, PostClosed, Poster, Route, nonce_of
from cogs.refusals import in_short
from core.lane import Lane
from core.servers.cards import CardPlace, Cards, Reading
from core.servers.views import ServerView
from core.words import Phase, Reason

log = structlog.get_logger()
CHANGE_GAP, QUIET_GAP = 1.5, 10.0  # seconds between two edits of a card
QUIET_LONGEST = 30.0  # seconds for which what nobody waits for lets other cards go first
AT_ONCE = 8  # cards that are read and rendered at once; those that wait for Discord do not count
LONGEST_RETRY = 30.0  # seconds; people look at these


@dataclass(slots=True)
class _Shown:
    at: float
    news: tuple[object, ...]  # what is shown at once when it changes


class CardDelivery:
    """`lane` is run by the announcer; `done` counts; `crowded` says whether more is to be shown than can be."""

    def __init__(
        self,
        poster: Poster,
        cards: Cards,
        now: Callable[[], datetime],
        done: Counter[Done],
        crowded: Callable[[], bool],
    ) -> None:
        self._poster = poster
        self._cards = cards
        self._now = now
        self._done = done
        self._crowded = crowded
        self._put_off: dict[str, float] = {}  # since when
        self._shown: dict[str, _Shown] = {}
        self._to_look: set[str] = set()
        self.lane = Lane(self._show, at_once=AT_ONCE, failed=self._failed, longest=LONGEST_RETRY)

    def touch(self, server: str) -> None:
        """The server may have something new to show."""
        self.lane.touch(server)

    def look_at(self, server: str) -> None:
        """Find out whether its card is still there and says what it should."""
        self._to_look.add(server)
        self.lane.touch(server)

    async def _show(self, server: str) -> float | None:
        """Bring one card up to date. Seconds after which to look again, or None."""
        if (wait := self._wait(server, CHANGE_GAP)) > 0:
            return wait  # too early for whatever there is to show
        reading = await self._cards.get(server)
        if reading is None or _ended(reading):
            self._to_look.discard(server)
            self._put_off.pop(server, None)
            return None
        quiet = self._is_quiet(reading)
        if (wait := self._wait(server, QUIET_GAP if quiet else CHANGE_GAP)) > 0:
            return wait
        if self._is_shown(reading) and not self._looks(reading):
            self._put_off.pop(server, None)
            if not reading.noted:
                self.lane.leave(server)  # while a thousand servers change, the one writer is long in coming
                await self._cards.unchanged(server, reading.at)
            return None
        if quiet and self._crowded() and not self._was_put_off_long(server):
            return QUIET_GAP
        self._put_off.pop(server, None)
        self.lane.leave(server)
        return await self._bring(reading)

    def _wait(self, server: str, gap: float) -> float:
        shown = self._shown.get(server)
        return 0.0 if shown is None else shown.at + gap - asyncio.get_running_loop().time()

    def _is_quiet(self, reading: Reading) -> bool:
        """Nobody waits for what changes all the time; somebody does who asked for the server."""
        shown = self._shown.get(reading.place.server)
        return shown is not None and shown.news == _news(reading.view) and not reading.place.doubted

    def _was_put_off_long(self, server: str) -> bool:
        now = asyncio.get_running_loop().time()
        return now - self._put_off.setdefault(server, now) >= QUIET_LONGEST

    def _is_shown(self, reading: Reading) -> bool:
        place = reading.place
        where = place.message is not None and place.channel == reading.channels[0]
        return where and place.shown == digest(_layout(reading))

    def _looks(self, reading: Reading) -> bool:
        return reading.place.doubted or reading.place.server in self._to_look

    async def _bring(self, reading: Reading) -> float | None:
        """To the best channel that takes it."""
        server, channels = reading.place.server, list(reading.channels)
        for channel in channels:
            try:
                async with self._poster.queue(channel, Route.EDIT) as waited:
                    if waited:
                        again = await self._cards.get(server)
                        if again is None or _ended(again):
                            return None
                        if again.channels != reading.channels:
                            return 0.0
                        reading = again
                    await self._put(reading, channel)
            except DeadDestination as dead:
                if dead.beside is not None and dead.beside not in channels:
                    channels.append(dead.beside)  # the last one to be tried
            except MessageGone:
                return 0.0  # it was posted, and somebody deleted it: once more
            else:
                self._shown[server] = _Shown(asyncio.get_running_loop().time(), _news(reading.view))
                self._to_look.discard(server)
                return None
        self._to_look.discard(server)
        await self._cards.broken(server, "no channel takes it", reading.at)
        return None

    async def _put(self, reading: Reading, channel: int) -> None:
        """Show it there, whatever has to be done for that."""
        place, layout = reading.place, _layout(reading)
        target = await self._poster.channel(reading.view.guild, channel)
        self._poster.check_closed(target, _about(place.server))
        if place.message is not None and place.channel != channel:
            place = await self._take_down(reading.view, place)
        if place.message is not None:
            try:
                await self._edit(reading, target, place.message, layout)
                return
            except MessageGone as gone:
                place = await self._cards.lost(place.server)
                if isinstance(gone, PostClosed):
                    self._poster.was_closed(target, _about(place.server))
                    self._poster.check_closed(target, _about(place.server))
        if reading.view.phase is not Phase.DELETED:
            await self._post(reading, target, place, layout)

    async def _edit(self, reading: Reading, target: Any, message: int, layout: Any) -> None:
        server, wanted = reading.place.server, digest(layout)
        found = await self._poster.look(target, message) if self._looks(reading) else None
        if found is None or face([each.to_dict() for each in found.components]) != face(components(layout)):
            await self._cards.editing(server)
            await self._poster.edit(target, message, layout, _about(server), title=reading.view.name)
            self._done[Done.CARD_EDITED] += 1
        await self._cards.shown(server, target.id, message, wanted, reading.at)

    async def _post(self, reading: Reading, target: Any, place: CardPlace, layout: Any) -> None:
        server = place.server
        self._poster.check(target, Route.SEND)
        async with self._poster.queue(target.id, Route.SEND):
            earlier = await self._cards.posting(server, target.id, self._now())
            now = self._now()
            message = await self._poster.look_back(target, place.number, earlier, now) if earlier else None
            if message is not None:
                await self._poster.edit(target, message, layout, _about(server))
            else:
                nonce = nonce_of("c", place.number, place.posts, target.id)
                try:
                    title = reading.view.name
                    message = await self._poster.send(target, layout, _about(server), nonce=nonce, title=title)
                except MessageGone:
                    await self._cards.lost(server)
                    raise
        self._done[Done.CARD_POSTED] += 1
        await self._cards.shown(server, target.id, message, digest(layout), reading.at)

    async def _take_down(self, view: ServerView, place: CardPlace) -> CardPlace:
        """The card moves: no second one stays behind. What cannot be reached any more is left."""
        assert place.message is not None and place.channel is not None  # noqa: PT018
        try:
            old = await self._poster.channel(view.guild, place.channel)
            await self._poster.delete(old, place.message, _about(place.server))
        except (DeadDestination, MessageGone):
            pass
        return await self._cards.lost(place.server)

    def _failed(self, server: str, wrong: Exception, times: int) -> None:
        if self._poster.stopping:
            return  # whoever starts next begins with what is stale
        self._done[Done.CARD_FAILED] += 1
        log.warning("card not shown", server=server, why=in_short(wrong), times=times)


def _layout(reading: Reading) -> Any:
    layout = card(reading.view, reading.language, number=reading.place.number)
    layout.stop()  # its buttons are DynamicItems: discord.py need not remember the view
    return layout


def _ended(reading: Reading) -> bool:
    """Gone for good, and its card says so or is not there."""
    return reading.final or (reading.view.phase is Phase.DELETED and reading.place.message is None)


def _about(server: str) -> str:
    return f"card {server}"


def _news(view: ServerView) -> tuple[object, ...]:
    idle = view.idle
    events = [hold.until for hold in idle.holds if hold.reason is Reason.EVENT]
    return view.phase, view.step, view.desired, view.problem, idle.warned, idle.warning_dead, idle.keep_until, *events
