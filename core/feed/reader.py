"""Events as they are written, in their order and without a gap: read once for all who follow them in this process.

On PostgreSQL a number is given out before its transaction commits, so an event may become visible after one with a
higher number. What lies behind a number that is missing is therefore held back until every transaction that may have
had that number is over (`SETTLED`). SQLite has one writer, and gives out numbers in the order of the commits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.changes import Changes
from core.clock import happened
from core.data.database import Database
from core.data.tables import EventRow, GuildRow, ServerRow, ShareRow
from core.errors import TryAgain
from core.feed.payload import KINDS, TABLE, Written, payload_of
from core.guilds.access import Actor, Owned, Rules, Share, judge
from core.guilds.quotas import rules_of
from core.notices import events
from core.words import EventKind

log = structlog.get_logger()
SETTLED = timedelta(seconds=10)
"""No transaction that writes an event takes so long."""
TOGETHER = 0.05  # seconds: what is written so close together is read at once
LOOK_EVERY = 2.0  # seconds: what nobody tells of (another process, a guild) is found so late
BEGINS_WITHIN = 5.0  # seconds that the database may take
PAGE = 200
KEPT = 2000
"""Events in memory, for all who follow together."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event that leaves, and what decides who may know of it."""

    id: int
    kind: EventKind
    guild: int
    server: str | None
    payload: dict[str, Any]
    rules: Rules
    owned: Owned | None

    def may_see(self, actor: Actor) -> bool:
        row = TABLE[self.kind]
        return row is not None and actor.guild == self.guild and judge(actor, row.verb, self.rules, self.owned) is None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events somebody follows: of these guilds; of one server and of these kinds, None: of all."""

    guilds: frozenset[int]
    server: str | None = None
    kinds: frozenset[EventKind] | None = None

    def takes(self, told: Told) -> bool:
        return (
            told.guild in self.guilds
            and self.server in (None, told.server)
            and (self.kinds is None or told.kind in self.kinds)
        )


class TooSlow(Exception):
    """Whoever follows is so far behind that what they did not get is not in memory any more."""


class Closed(Exception):
    """The process ends."""


def settled(rows: Sequence[tuple[int, datetime]], after: int, now: datetime) -> int:
    """Pure: how many of these events (number and time, in order) can be told after number `after`: those before the
    first number that is missing, unless what comes behind it is older than SETTLED."""
    for count, (number, _) in enumerate(rows):
        if number != after + 1 and any(happened(at, now) > now - SETTLED for _, at in rows[count:]):
            return count
        after = number
    return len(rows)


class Events:
    """The table of events, for whoever has a cursor in it."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def newest(self) -> int:
        """The number after which something may still come."""
        async with self._database.session() as session:
            last = (await session.exec(select(func.max(EventRow.id)))).one() or 0
            if self._database.is_sqlite:
                return last
            first = max(0, last - PAGE)
            query = select(EventRow.id, EventRow.at).where(col(EventRow.id) > first).order_by(col(EventRow.id))
            rows = [(number or 0, at) for number, at in await session.exec(query)]
        return _last(rows[: settled(rows, first, self._now())], first)

    async def after(
        self, number: int, wanted: Wanted | None = None, *, upto: int | None = None
    ) -> tuple[list[Told], int]:
        """The next events that leave, and the number up to which these are all. `wanted` None: everything that is
        settled. With `wanted`, `upto` has to be settled. TryAgain."""
        query = select(EventRow).where(col(EventRow.id) > number).order_by(col(EventRow.id)).limit(PAGE)
        if wanted is not None:
            query = query.where(col(EventRow.guild).in_(wanted.guilds), col(EventRow.kind).in_(wanted.kinds or KINDS))
            if wanted.server is not None:
                query = query.where(EventRow.server == wanted.server)
        if upto is not None:
            query = query.where(col(EventRow.id) <= upto)
        async with self._database.session() as session:
            rows = list(await session.exec(query))
            whole = len(rows) < PAGE
            if wanted is None and not self._database.is_sqlite:
                rows = rows[: settled([(row.id or 0, row.at) for row in rows], number, self._now())]
            told = await told_of(session, rows)
        end = _last([(row.id or 0, row.at) for row in rows], number)
        return told, upto if whole and upto is not None else end


async def told_of(session: AsyncSession, rows: Iterable[EventRow]) -> list[Told]:
    """Those that leave, in order; left out too is what only a newer version can read."""
    found = [(row, event) for row in rows if row.kind in KINDS and (event := _read(row)) is not None]
    ids = {row.server for row, _ in found if row.server is not None}
    named = {row.id: row for row in await session.exec(select(ServerRow).where(col(ServerRow.id).in_(ids)))}
    shares: dict[str, list[Share]] = {}
    for share in await session.exec(select(ShareRow).where(col(ShareRow.server).in_(ids))):
        shares.setdefault(share.server, []).append(Share(share.target, share.kind, share.role))
    of_guilds = select(GuildRow).where(col(GuildRow.id).in_({row.guild for row, _ in found}))
    guilds = {row.id: row for row in await session.exec(of_guilds)}
    told = []
    for row, event in found:
        server, guild = named.get(row.server or ""), guilds.get(row.guild)
        written = Written(
            id=row.id or 0,
            at=row.at,
            guild=row.guild,
            event=event,
            server=row.server,
            name=server.name if server else "",
            by=row.by,
            trace=row.trace,
        )
        payload = payload_of(written, names_shown=guild is None or guild.player_names)
        owned = (
            Owned(server.guild, server.owner, server.name, shares=tuple(shares.get(server.id, ()))) if server else None
        )
        told.append(Told(written.id, event.kind, row.guild, row.server, payload, rules_of(guild), owned))
    return told


class Feed:
    """One look for all who follow, while anybody does; woken by changes."""

    def __init__(self, database: Database, changes: Changes, now: Callable[[], datetime]) -> None:
        self.events = Events(database, now)
        self._kept: deque[tuple[int, Told]] = deque()
        self._floor = self._position = 0  # what lies between is in `_kept`
        self._followers: set[Follower] = set()
        self._looking: asyncio.Task[None] | None = None
        self._began = asyncio.Event()
        self._woken = asyncio.Event()
        self._closed = False
        changes.subscribe(lambda _: self._woken.set())

    @contextlib.asynccontextmanager
    async def follow(self, wanted: Wanted, last: int | None = None) -> AsyncIterator[Follower]:
        """A Follower, from after event `last` on; None, or one that is not there yet: from now on. Closed, TryAgain."""
        if self._closed:
            raise Closed
        follower = Follower(self, wanted)
        self._followers.add(follower)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="feed")
        try:
            try:
                async with asyncio.timeout(BEGINS_WITHIN):
                    await self._began.wait()
            except TimeoutError:
                raise TryAgain("database.away") from None
            follower.at = self._position if last is None or last > self._position else max(0, last)
            yield follower
        finally:
            self._followers.discard(follower)
            if not self._followers:
                self._stop()

    def close(self) -> None:
        """All who follow get Closed."""
        self._closed = True
        self._wake()

    def since(self, number: int) -> list[Told] | None:
        """None: more came since than is in memory."""
        if number < self._floor:
            return None
        found: list[Told] = []
        for each, told in reversed(self._kept):
            if each <= number:
                break
            found.append(told)
        return found[::-1]

    @property
    def position(self) -> int:
        return self._position

    async def horizon(self) -> int:
        """The event up to which all that will ever be there can be read. TryAgain."""
        return self._position if self._began.is_set() else await self.events.newest()

    @property
    def closed(self) -> bool:
        return self._closed

    def _stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._looking = None
        self._began.clear()
        self._kept.clear()

    def _wake(self) -> None:
        for follower in self._followers:
            follower.woken.set()

    async def _look(self) -> None:
        while True:
            self._woken.clear()
            try:
                if self._began.is_set():
                    more = await self._next()
                else:
                    self._floor = self._position = await self.events.newest()
                    self._began.set()
                    more = False
            except TryAgain:
                more = False  # the database is away; it was logged
            except Exception:
                log.exception("feed failed")
                more = False
            if not more:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY):
                        await self._woken.wait()
                    await asyncio.sleep(TOGETHER)

    async def _next(self) -> bool:
        """Whether there may be more."""
        told, end = await self.events.after(self._position)
        if end == self._position:
            return False
        for each in told:
            self._kept.append((each.id, each))
        self._position = end
        while len(self._kept) > KEPT:
            self._floor = self._kept.popleft()[0]
        self._wake()
        return True


class Follower:
    """`at`: the event up to which everything was given that they want."""

    def __init__(self, feed: Feed, wanted: Wanted) -> None:
        self.at = 0
        self.wanted = wanted
        self.woken = asyncio.Event()
        self._feed = feed
        self._caught_up = False

    async def next(self, within: float) -> list[Told]:
        """Those that came since the last call, as soon as there are some; none after `within` seconds. TooSlow, Closed,
        TryAgain: then nothing was given, and `at` says after what to go on."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while True:
                    self.woken.clear()
                    if self._feed.closed:
                        raise Closed
                    if self.at < self._feed.position:
                        break
                    await self.woken.wait()
        return await self._read() if self.at < self._feed.position else []

    async def _read(self) -> list[Told]:
        position, found = self._feed.position, self._feed.since(self.at)
        if found is not None:
            self.at, self._caught_up = position, True
            return [each for each in found if self.wanted.takes(each)]
        if self._caught_up:
            raise TooSlow
        found, self.at = await self._feed.events.after(self.at, self.wanted, upto=position)
        return found


def _read(row: EventRow) -> Any:
    try:
        return events.read(row)
    except ValueError:
        return None


def _last(rows: Sequence[tuple[int, datetime]], before: int) -> int:
    return rows[-1][0] if rows else before
