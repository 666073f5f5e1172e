"""Occasions: what a guild has planned on a server, as its creator wrote the server's name where Discord asks for the
place. An occasion keeps the server on from BEFORE its start until its end, and starts it then.

| the occasion | counts |
|---|---|
| names the server, and its creator may keep that alive | from 10 min before its start until its end |
| has no end | for 2 h |
| was cancelled, is over, or was deleted | no more, at once |
| was moved, or names another place; the server was renamed | from then on as it is now |
| Discord is away, or does not show the guild | as it was known last: unknown is never *no occasion* |

A row of `occasions` is what Discord told last. What of it counts for a server is written into the server's row
(`occasion…`), so that rules and views need nothing else. Rights are judged by what is known of the creator since the
occasion was seen: until Discord tells the creator's roles, those of somebody without any.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import OccasionRow, ServerRow
from core.guilds.access import Actor, Do
from core.idle.schedule import Span
from core.servers import names
from core.servers.parts import ServerParts
from core.servers.settled import settle
from core.typed import one_line
from core.words import Desired

BEFORE = timedelta(minutes=10)
LASTS = timedelta(hours=2)
"""Where it has no end."""
AHEAD = timedelta(days=1)
"""So long before its start it is looked at: who sees it on the card can still plan for it."""
LONGEST_NAME = 100
"""Characters; Discord takes no longer one."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """As Discord tells it. `place`: what its creator typed there. `creator` None: nobody knows."""

    id: int
    name: str
    place: str
    starts: datetime
    ends: datetime | None = None
    creator: int | None = None


@dataclass(frozen=True, slots=True)
class Gathering:
    """What of all its occasions counts for one server: the one that holds, or the next to come."""

    name: str
    span: Span
    by: int | None = None  # who planned it


def span_of(starts: datetime, ends: datetime | None) -> Span:
    """When it keeps a server on."""
    return Span(starts - BEFORE, ends if ends is not None and ends > starts else starts + LASTS)


def next_of(occasions: Iterable[Gathering], now: datetime) -> Gathering | None:
    """Of those that hold the one that lasts longest, else the next to come. None: there is none."""
    left = [each for each in occasions if each.span.ends is None or each.span.ends > now]
    holding = [each for each in left if each.span.holds(now)]
    if holding:
        return max(holding, key=lambda each: (each.span.ends, each.name))
    return min(left, key=lambda each: (each.span.begins, each.name), default=None)


class Occasions:
    """Each change is one transaction; the servers that it concerns are told of it."""

    def __init__(self, parts: ServerParts) -> None:
        self._database = parts.database
        self._changes = parts.changes
        self._rows = parts.rows
        self._now = parts.now

    async def listed(self, guild: int, occasions: Collection[Occasion]) -> frozenset[int]:
        """All that the guild has planned, and no other: what is not among them is gone. Gives the creators of those
        that name a server of the guild: what they may is to be found out (`met`, `left`)."""
        wanted = {each.id: each for each in occasions}
        async with self._database.session() as session:
            known = {row.id: row for row in await self._of_guild(session, guild)}
            named = await self._named(session, guild)
        if {key: _told(row) for key, row in known.items()} != {key: _kept(each) for key, each in wanted.items()}:
            await self._write(guild, wanted)
        places = {each.creator: names.key(each.place) for each in wanted.values() if each.creator is not None}
        return frozenset(creator for creator, place in places.items() if place in named)

    async def met(self, actor: Actor) -> None:
        """What the creator of an occasion may is known now: roles, and whether they manage the guild."""
        roles = sorted(actor.roles)
        async with self._database.begin() as session:
            for row in await self._of_creator(session, actor.guild, actor.user):
                if (row.roles, row.manages, row.stranger) != (roles, actor.manages_guild, False):
                    row.roles, row.manages, row.stranger = roles, actor.manages_guild, False
                    session.add(row)
            changed = await self._apply(session, actor.guild)
        self._tell(changed)

    async def left(self, guild: int, user: int) -> None:
        """The creator of an occasion is no member of the guild (any more)."""
        async with self._database.begin() as session:
            for row in await self._of_creator(session, guild, user):
                row.stranger = True
                session.add(row)
            changed = await self._apply(session, guild)
        self._tell(changed)

    async def run(self) -> None:
        """Let each server's row say what counts for it now: by the clock, and after a rename or a change of rights."""
        now = self._now()
        async with self._database.session() as session:
            gatherings = await self._gatherings(session, now)
            found = list(await session.exec(select(ServerRow).where(_CONCERNED)))
            guilds = {row.guild for row in found if not _says(row, gatherings.get(row.id))}
        for guild in sorted(guilds):
            async with self._database.begin() as session:
                changed = await self._apply(session, guild)
            self._tell(changed)

    # helpers

    async def _write(self, guild: int, wanted: dict[int, Occasion]) -> None:
        async with self._database.begin() as session:
            known = {row.id: row for row in await self._of_guild(session, guild)}
            for key, each in wanted.items():
                row = known.get(key) or OccasionRow(id=key, guild=guild, starts=each.starts)
                if row.creator != each.creator:
                    row.roles, row.manages, row.stranger = [], False, False
                row.name, row.place, row.place_key, row.starts, row.ends, row.creator = _kept(each)
                session.add(row)
            gone = [key for key in known if key not in wanted]
            await session.exec(delete(OccasionRow).where(col(OccasionRow.id).in_(gone)))
            await session.flush()
            changed = await self._apply(session, guild)
        self._tell(changed)

    async def _apply(self, session: AsyncSession, guild: int) -> list[str]:
        """Write what counts into the rows of the guild's servers. Gives those that changed."""
        now, changed = self._now(), []
        gatherings = await self._gatherings(session, now, guild)
        query = (
            select(ServerRow)
            .where(ServerRow.guild == guild, _CONCERNED)
            .order_by(ServerRow.id)
            .with_for_update(of=ServerRow)
        )
        for row in await session.exec(query):
            counts = gatherings.get(row.id)
            if _says(row, counts):
                continue
            settle(row, now)
            row.occasion = counts.name if counts else ""
            row.occasion_from, row.occasion_until = (counts.span.begins, counts.span.ends) if counts else (None, None)
            row.occasion_by = counts.by if counts else None
            row.changed_at = now
            session.add(row)
            changed.append(row.id)
        return changed

    async def _gatherings(self, session: AsyncSession, now: datetime, guild: int | None = None) -> dict[str, Gathering]:
        """By server, in one guild or in all."""
        query = select(ServerRow, OccasionRow).join(OccasionRow, _MATCH).where(ServerRow.desired != Desired.DELETED)
        query = query.where(OccasionRow.starts <= now + AHEAD)
        if guild is not None:
            query = query.where(ServerRow.guild == guild)
        found: dict[str, list[Gathering]] = {}
        for row, occasion in list(await session.exec(query)):
            span = span_of(occasion.starts, occasion.ends)
            if span.ends is not None and span.ends > now and await self._may(session, row, occasion):
                found.setdefault(row.id, []).append(Gathering(occasion.name, span, occasion.creator))
        gatherings = {server: next_of(occasions, now) for server, occasions in found.items()}
        return {server: each for server, each in gatherings.items() if each is not None}

    async def _may(self, session: AsyncSession, row: ServerRow, occasion: OccasionRow) -> bool:
        if occasion.creator is None or occasion.stranger:
            return False
        roles = frozenset(occasion.roles)
        creator = Actor(user=occasion.creator, guild=row.guild, roles=roles, manages_guild=occasion.manages)
        return (await self._rows.rights(session, creator, row)).may(Do.KEEP)

    async def _of_guild(self, session: AsyncSession, guild: int) -> list[OccasionRow]:
        return list(await session.exec(select(OccasionRow).where(OccasionRow.guild == guild)))

    async def _of_creator(self, session: AsyncSession, guild: int, user: int) -> list[OccasionRow]:
        query = select(OccasionRow).where(OccasionRow.guild == guild, OccasionRow.creator == user)
        return list(await session.exec(query))

    async def _named(self, session: AsyncSession, guild: int) -> set[str]:
        query = select(ServerRow.name_key).where(ServerRow.guild == guild, ServerRow.desired != Desired.DELETED)
        return set(await session.exec(query))

    def _tell(self, servers: Iterable[str]) -> None:
        for server in servers:
            self._changes.tell(server)


_MATCH = and_(col(OccasionRow.guild) == ServerRow.guild, col(OccasionRow.place_key) == ServerRow.name_key)


_CONCERNED = or_(
    and_(select(OccasionRow.id).where(_MATCH).exists(), col(ServerRow.desired) != Desired.DELETED),
    col(ServerRow.occasion_until).is_not(None),
)
"""Servers that some occasion names, or whose row still says one."""


def _says(row: ServerRow, counts: Gathering | None) -> bool:
    if counts is None:
        return row.occasion_until is None
    says = (row.occasion, row.occasion_from, row.occasion_until, row.occasion_by)
    return says == (counts.name, counts.span.begins, counts.span.ends, counts.by)


def _kept(each: Occasion) -> tuple[str, str, str, datetime, datetime | None, int | None]:
    place = names.spaced(each.place)
    name = one_line(each.name)[:LONGEST_NAME]
    return name, place, names.key(place), each.starts, each.ends, each.creator


def _told(row: OccasionRow) -> tuple[str, str, str, datetime, datetime | None, int | None]:
    return row.name, row.place, row.place_key, row.starts, row.ends, row.creator
