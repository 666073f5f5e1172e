"""The answers about activity, for whoever may see the servers; and a player's name, forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, case, cast, text
from sqlmodel import col, delete, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.activity import report
from core.activity.buckets import DAY, Bucket
from core.activity.report import Longest, NotSeen, Report, ServerHours
from core.activity.saved import Fact, Saved, of_all, saved
from core.data.database import Database
from core.data.tables import OF_PHASES, AccountRow, BucketRow, EventRow, GuildRow, PlaySessionRow, ServerRow
from core.errors import BadInput
from core.guilds.access import Actor, Do, DoInGuild, Owned, judge
from core.guilds.quotas import rules_of
from core.notices.forgetting import forget_name
from core.notices.kinds.events import NameForgotten
from core.notices.names import text_without
from core.servers.parts import ServerParts
from core.words import EventKind
from core.zones import DEFAULT_ZONE, zone_of

LOOKED_BACK = 20
"""Events before the time that is asked about, which tell how it was then."""


class Activity:
    def __init__(self, parts: ServerParts) -> None:
        self._database: Database = parts.database
        self._rows = parts.rows
        self._events = parts.events
        self._now: Callable[[], datetime] = parts.now

    async def of_server(self, actor: Actor, server: str, days: int = report.DEFAULT_DAYS) -> Report:
        """Raises as every look at a server."""
        async with self._rows.reading(actor, server, Do.SEE) as (session, row):
            await self._rows.refuse_deleted(session, row)
            guild = (await self._rows.context(session, row)).guild
            rights = await self._rows.rights(session, actor, row)
            return await self._report(session, actor, guild, [row], days, may_forget=rights.may(Do.FORGET))

    async def of_guild(self, actor: Actor, days: int = report.DEFAULT_DAYS) -> Report:
        """Of all servers that the actor may see and that are not deleted."""
        async with self._database.session() as session:
            guild = await session.get(GuildRow, actor.guild)
            rules = rules_of(guild)
            if refused := judge(actor, DoInGuild.ACTIVITY, rules):
                raise refused
            there = await self._rows.load_all(session, actor.guild)
            rows = [row for row in there if judge(actor, Do.SEE, rules, Owned(row.guild, row.owner)) is None]
            return await self._report(session, actor, guild, rows, days, all_of=True)

    async def forget(self, actor: Actor, server: str, typed: str) -> str:
        """Nothing that is kept of this server names that player any more: no session, event or notice, and no last
        lines of a crash. The event that says so does not either. Who plays now has their next session from the next
        time on that they join. Returns the server's name; BadInput where no player of that name is known."""
        async with self._rows.changing(actor, server, Do.FORGET) as (session, row):
            wanted = typed.strip()
            theirs = (col(PlaySessionRow.server) == row.id, col(PlaySessionRow.name) != "")
            known = await session.exec(select(PlaySessionRow.name).where(*theirs).distinct())
            gone = [name for name in known if name.casefold() == wanted.casefold()]
            await session.exec(delete(PlaySessionRow).where(*theirs, col(PlaySessionRow.name).in_(gone)))
            last = [name for name in row.last_players if name.casefold() != wanted.casefold()]
            crash_log = text_without(row.crash_log, wanted)
            told = bool(wanted) and await forget_name(session, row.id, wanted, self._now())
            if not (gone or told or last != row.last_players or crash_log != row.crash_log):
                raise BadInput("forget.unknown", name=row.name)
            row.last_players, row.crash_log = last, crash_log
            await self._events.tell(session, row, NameForgotten(actor.user))
            return row.name

    async def _report(
        self,
        session: AsyncSession,
        actor: Actor,
        guild: GuildRow | None,
        rows: Sequence[ServerRow],
        days: int,
        *,
        all_of: bool = False,
        may_forget: bool = False,
    ) -> Report:
        now = self._now()
        since, servers, named = (
            now - timedelta(days=days),
            [row.id for row in rows],
            guild is None or guild.player_names,
        )
        zone = zone_of(await _zone(session, actor, guild))
        buckets, by_server = await _buckets(session, servers, since)
        step = report.step_of(days)
        return Report(
            since=since,
            until=now,
            days=days,
            zone=zone,
            points=report.points(buckets, since, now, step),
            step=step,
            played=report.played(buckets),
            high=max((each.high for each in buckets), default=0),
            hours=report.hours(buckets, zone, days),
            saved=await _saved(session, servers, since, now),
            server="" if all_of else rows[0].id,
            name="" if all_of else rows[0].name,
            cpu=max((each.cpu for each in buckets), default=0),
            memory=max((each.memory for each in buckets), default=0),
            longest=await _longest(session, rows, since, named=named),
            not_seen=await _not_seen(session, servers, now) if named else (),
            servers=_most(rows, by_server) if all_of else (),
            named=named,
            may_forget=may_forget,
        )


async def _zone(session: AsyncSession, actor: Actor, guild: GuildRow | None) -> str:
    """The reader's own, else the guild's."""
    account = await session.get(AccountRow, actor.user)
    own = account.time_zone if account else None
    return own or (guild.time_zone if guild else None) or DEFAULT_ZONE


async def _buckets(
    session: AsyncSession, servers: list[str], since: datetime
) -> tuple[list[Bucket], dict[str, timedelta]]:
    """Those of all servers put together by time, and how long was played on each."""
    begin = int(since.timestamp())
    there = (
        col(BucketRow.server).in_(servers),
        col(BucketRow.start) > begin - DAY,
        col(BucketRow.start) + col(BucketRow.span) / 2 >= begin,
    )
    sums: Sequence[Any] = (
        col(BucketRow.start),
        col(BucketRow.span),
        func.sum(BucketRow.known),
        func.sum(BucketRow.seconds),
        func.min(BucketRow.low),
        func.max(BucketRow.high),
        func.max(BucketRow.cpu),
        func.max(BucketRow.memory),
    )
    query: Any = select(*sums).where(*there).group_by(BucketRow.start, BucketRow.span).order_by(col(BucketRow.start))
    found = [Bucket(*(int(value) for value in each)) for each in await session.exec(query)]
    each_of = select(BucketRow.server, func.sum(BucketRow.seconds)).where(*there).group_by(BucketRow.server)
    return found, {server: timedelta(seconds=int(seconds)) for server, seconds in await session.exec(each_of)}


async def _saved(session: AsyncSession, servers: list[str], since: datetime, until: datetime) -> Saved:
    """One server after the other, so that others get their turn between."""
    each = [saved(await _facts(session, server, since), since, until) for server in servers]
    return each[0] if len(each) == 1 else of_all(each)


async def _facts(session: AsyncSession, server: str, since: datetime) -> list[Fact]:
    """Those from `since` on, and the last ones before. What an event carries is read of pauses alone: of a year there
    are thousands."""
    because: Any = case((col(EventRow.kind) == EventKind.PAUSED, cast(EventRow.data, Text)), else_="")
    columns: Any = (EventRow.at, EventRow.kind, EventRow.memory, because)
    theirs: Any = select(*columns).where(col(EventRow.server) == server, text(OF_PHASES))
    newest_first = (col(EventRow.at).desc(), col(EventRow.id).desc())
    before = await session.exec(theirs.where(col(EventRow.at) < since).order_by(*newest_first).limit(LOOKED_BACK))
    within = await session.exec(theirs.where(col(EventRow.at) >= since).order_by(col(EventRow.at), col(EventRow.id)))
    return [Fact(at, kind, memory, _because(data)) for at, kind, memory, data in [*list(before)[::-1], *within]]


def _because(data: str) -> str:
    return str(json.loads(data).get("because", "")) if data else ""


async def _longest(session: AsyncSession, rows: Sequence[ServerRow], since: datetime, *, named: bool) -> Longest | None:
    """A player's where players are named, else the longest time in which somebody was on."""
    servers = [row.id for row in rows]
    known_at = {row.id: row.known_at for row in rows}
    sqlite = session.get_bind().dialect.name == "sqlite"
    began, ended = col(PlaySessionRow.began), col(PlaySessionRow.ended)
    length: Any = func.julianday(ended) - func.julianday(began) if sqlite else ended - began
    for whose in (col(PlaySessionRow.name) != "", col(PlaySessionRow.name) == "")[not named :]:
        theirs = (col(PlaySessionRow.server).in_(servers), whose)
        over = select(PlaySessionRow).where(*theirs, ended >= since).order_by(length.desc()).limit(1)
        still = select(PlaySessionRow).where(*theirs, ended.is_(None))
        found = [*await session.exec(over), *await session.exec(still)]
        each = [_lasted(play, known_at.get(play.server)) for play in found]
        each = [one for one in each if one.lasted >= timedelta(minutes=1)]
        if each:
            return max(each, key=lambda one: one.lasted)
    return None


def _lasted(play: PlaySessionRow, known_at: datetime | None) -> Longest:
    """One that goes on lasts until the last look, at least."""
    ended = play.ended or max(play.began, known_at or play.began)
    return Longest(ended - play.began, play.name, play.began_seen and play.ended_seen)


async def _not_seen(session: AsyncSession, servers: list[str], now: datetime) -> tuple[NotSeen, ...]:
    theirs = (col(PlaySessionRow.server).in_(servers), col(PlaySessionRow.name) != "")
    playing = select(PlaySessionRow.name).where(*theirs, col(PlaySessionRow.ended).is_(None))
    last: Any = func.max(PlaySessionRow.ended)
    query = select(PlaySessionRow.name, last).where(*theirs, col(PlaySessionRow.name).not_in(playing))
    query = query.group_by(PlaySessionRow.name).having(last < now - report.NOT_SEEN_FOR)
    found = await session.exec(query.order_by(last.desc()).limit(report.MOST_NOT_SEEN + 1))
    return tuple(NotSeen(name, at) for name, at in found)


def _most(rows: Sequence[ServerRow], by_server: dict[str, timedelta]) -> tuple[ServerHours, ...]:
    played = [ServerHours(row.name, by_server[row.id]) for row in rows if by_server.get(row.id)]
    return tuple(sorted(played, key=lambda each: -each.played)[: report.MOST_SERVERS])
