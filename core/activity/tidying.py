"""Buckets become part of longer ones with age, and what is old is dropped: so a year of many servers has its room.

A step is one transaction about a few servers, in which buckets are put together and the shorter ones go. So it may stop
on any line, and nothing is counted twice or lost.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import col, delete, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.activity.buckets import DAY, DAYS_FOR, ROLLED, start_of
from core.data.database import Database
from core.data.tables import BucketRow, GuildRow, PlaySessionRow, ServerRow

EVERY = timedelta(minutes=30)
SESSIONS_FOR = timedelta(days=90)
"""Names older than that are dropped with their sessions."""
MOST_SESSIONS = 1000
"""Of one server; the newest stay."""
AT_ONCE = 100  # servers of one transaction, in which other writers wait: milliseconds

_ROLL = text(
    """
    INSERT INTO activity_buckets (server, span, start, known, seconds, low, high, cpu, memory)
    SELECT server, CAST(:to AS INTEGER), start - start % CAST(:to AS INTEGER),
           sum(known), sum(seconds), min(low), max(high), max(cpu), max(memory)
    FROM activity_buckets
    WHERE span = :span AND start < :before AND server > :first AND server <= :last
    GROUP BY server, start - start % CAST(:to AS INTEGER)
    ON CONFLICT (server, span, start) DO UPDATE SET
        known = activity_buckets.known + excluded.known,
        seconds = activity_buckets.seconds + excluded.seconds,
        low = CASE WHEN excluded.low < activity_buckets.low THEN excluded.low ELSE activity_buckets.low END,
        high = CASE WHEN excluded.high > activity_buckets.high THEN excluded.high ELSE activity_buckets.high END,
        cpu = CASE WHEN excluded.cpu > activity_buckets.cpu THEN excluded.cpu ELSE activity_buckets.cpu END,
        memory = CASE WHEN excluded.memory > activity_buckets.memory THEN excluded.memory
                 ELSE activity_buckets.memory END
    """
)
"""As core.activity.buckets.rolled. What is there already of the longer time comes from a step before."""


class Tidying:
    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def run(self) -> None:
        """All servers, a few at a time. TryAgain where the database is away: the next one goes on."""
        first = ""
        while servers := await self._next(first):
            async with self._database.begin() as session:
                await self._tidy(session, first, servers)
            first = servers[-1]

    async def _next(self, first: str) -> list[str]:
        """Servers of which something is kept, from there on."""
        async with self._database.session() as session:
            kept = (
                select(BucketRow.server).where(BucketRow.server == ServerRow.id).exists(),
                select(PlaySessionRow.id).where(PlaySessionRow.server == ServerRow.id).exists(),
            )
            query = select(ServerRow.id).where(col(ServerRow.id) > first, kept[0] | kept[1])
            return list(await session.exec(query.order_by(col(ServerRow.id)).limit(AT_ONCE)))

    async def _tidy(self, session: AsyncSession, first: str, servers: list[str]) -> None:
        now, connection = self._now(), await session.connection()
        for span, to, kept in ROLLED:
            before = start_of(now - kept, to)
            due = {"span": span, "to": to, "before": before, "first": first, "last": servers[-1]}
            await connection.execute(_ROLL, due)
            await session.exec(_old(servers, span, before))
        await session.exec(_old(servers, DAY, start_of(now - DAYS_FOR, DAY)))
        theirs = col(PlaySessionRow.server).in_(servers)
        await session.exec(delete(PlaySessionRow).where(theirs, col(PlaySessionRow.ended) < now - SESSIONS_FOR))
        nameless = select(GuildRow.id).where(col(GuildRow.player_names).is_(False))
        unnamed = select(ServerRow.id).where(col(ServerRow.id).in_(servers), col(ServerRow.guild).in_(nameless))
        named = (col(PlaySessionRow.name) != "", col(PlaySessionRow.server).in_(unnamed))
        await session.exec(delete(PlaySessionRow).where(*named))
        await self._drop_most(session, servers)

    async def _drop_most(self, session: AsyncSession, servers: list[str]) -> None:
        count = select(PlaySessionRow.server).where(col(PlaySessionRow.server).in_(servers))
        count = count.group_by(PlaySessionRow.server).having(func.count() > MOST_SESSIONS)
        for server in list(await session.exec(count)):
            over = (col(PlaySessionRow.server) == server, col(PlaySessionRow.ended).is_not(None))
            newest = select(PlaySessionRow.ended).where(*over).order_by(col(PlaySessionRow.ended).desc())
            last = (await session.exec(newest.offset(MOST_SESSIONS).limit(1))).first()
            if last is not None:
                await session.exec(delete(PlaySessionRow).where(*over, col(PlaySessionRow.ended) <= last))


def _old(servers: list[str], span: int, before: int) -> Any:
    mine = (col(BucketRow.server).in_(servers), col(BucketRow.span) == span, col(BucketRow.start) < before)
    return delete(BucketRow).where(*mine)
