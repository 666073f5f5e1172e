"""Keeps who plays: the sweep tells each look, and what follows from it is written.

Sessions begin and end in the transaction that remembers the look (`servers.known_at`, `players`), so a restart goes on
where the row says. Buckets are added up here, in memory, and written once each, when their time is over: a process that
dies loses those of the last minutes. Where two wrote one, the one that knows more of its time stays. So nothing counts
twice, whoever dies where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import structlog
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.activity.buckets import FINE, Bucket, spread, start_of, time_of, together
from core.activity.sessions import Look, differs, follow, is_cut
from core.cluster.port import Cluster
from core.data.database import Database
from core.data.tables import BucketRow, GuildRow, PlaySessionRow, ServerRow
from core.errors import ClusterError, TryAgain

log = structlog.get_logger()
EVERY = timedelta(minutes=1)
AT_ONCE = 500  # rows of one transaction
LATE = timedelta(minutes=10)
MOST = 2**31 - 1  # millicores, and MiB
MOST_PLAYERS = 100_000
MOST_WAITING = 200_000  # buckets that wait for a database that is away


class Recorder:
    """`look` is the sweep's; `run` is called by the clock."""

    def __init__(self, database: Database, cluster: Cluster, now: Callable[[], datetime]) -> None:
        self._database = database
        self._cluster = cluster
        self._now = now
        self._looks: dict[str, Look] = {}
        self._counted: dict[str, datetime] = {}
        self._open: dict[tuple[str, int], Bucket] = {}

    async def look(
        self,
        session: AsyncSession,
        row: ServerRow,
        guild: GuildRow | None,
        now: Look,
        gap: timedelta,
    ) -> None:
        """What a query said, before the row remembers it. `gap`: after that long without a look nothing is known of the
        time between. May be told again, where its transaction failed."""
        before, now = self._before(row), _looked(now.at, now.online, now.names)
        if before is not None and row.ready_at is not None and before.at < row.ready_at:
            gap = timedelta(0)  # the game ended and started since
        if differs(before, now, gap):
            await _write(session, row, guild, before, now, gap)
        since = None if before is None or is_cut(before, now.at, gap) else before.at
        self._count(row.id, since, before.online if before else 0, now)
        if row.idle_voice:
            self._looks[row.id] = now
        else:
            self._looks.pop(row.id, None)

    async def run(self) -> None:
        """Ask what games use, and write what is over."""
        await self._measure()
        await self.flush()

    async def flush(self) -> None:
        """Write the buckets whose time is over. TryAgain where the database is away: they wait."""
        due = [key for key in sorted(self._open) if self._is_over(*key)]
        for begin in range(0, len(due), AT_ONCE):
            part = due[begin : begin + AT_ONCE]
            rows = [_values(server, self._open[server, start]) for server, start in part]
            try:
                async with self._database.begin() as session:
                    await write(session, rows)
            except TryAgain:
                self._drop(due[: max(0, len(self._open) - MOST_WAITING)])
                raise
            self._drop(part)
        running = {server for server, _ in self._open}
        for server in [each for each in self._counted if each not in running]:
            self._counted.pop(server, None)
            self._looks.pop(server, None)

    def _is_over(self, server: str, start: int) -> bool:
        """Whether no look adds to it any more: one after its end was there, or none came for long."""
        counted, end = self._counted.get(server), time_of(start + FINE)
        return (counted is not None and counted >= end) or self._now() >= end + LATE

    def _drop(self, keys: list[tuple[str, int]]) -> None:
        for key in keys:
            self._open.pop(key, None)

    def _before(self, row: ServerRow) -> Look | None:
        """The look before this one. The row has it, whichever process looked; but where a voice channel counts too, the
        row may know of that alone."""
        if row.idle_voice:
            return self._looks.get(row.id) if row.known_at is not None else None
        if row.known_at is None:
            return None
        return _looked(row.known_at, row.players_online, row.players)

    def _count(self, server: str, since: datetime | None, online: int, now: Look) -> None:
        """`since` None: nothing is known of the time before."""
        counted = self._counted.get(server)
        if since is not None:
            since = since if counted is None else max(since, counted)
            for bucket in spread(since, now.at, online):
                self._add(server, bucket)
        self._add(server, Bucket(start_of(now.at), low=now.online, high=now.online))
        self._counted[server] = now.at

    def _add(self, server: str, bucket: Bucket) -> None:
        before = self._open.get((server, bucket.start))
        self._open[server, bucket.start] = bucket if before is None else together(before, bucket)

    async def _measure(self) -> None:
        """The bucket of now keeps the most that a game uses."""
        start = start_of(self._now())
        running = [server for server, begin in self._open if begin == start]
        if not running:
            return
        try:
            used = await self._cluster.usage_of_all(running)
        except ClusterError as wrong:
            log.info("usage not measured", detail=wrong.detail)
            return
        for server, each in used.items():
            if (bucket := self._open.get((server, start))) is not None:
                cpu, memory = max(bucket.cpu, min(each.cpu, MOST)), max(bucket.memory, min(each.memory >> 20, MOST))
                self._open[server, start] = replace(bucket, cpu=cpu, memory=memory)


def _looked(at: datetime, online: int, names: Iterable[str]) -> Look:
    """A game may claim any number of players and any name: what no database takes is left out."""
    cleaned = (name.encode(errors="ignore").decode().replace("\0", "").strip() for name in names)
    return Look(at, min(online, MOST_PLAYERS), frozenset(name for name in cleaned if name))


async def write(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Buckets, one statement. Of two of the same time the one that knows more of it stays."""
    if rows:
        statement = _upsert(session.get_bind().dialect.name)
        await (await session.connection()).execute(statement, rows)


@cache
def _upsert(dialect: str) -> Any:
    table = BucketRow.__table__  # type: ignore[attr-defined]
    statement: Any = (insert_sqlite if dialect == "sqlite" else postgresql.insert)(table)
    kept = {name: statement.excluded[name] for name in ("known", "seconds", "low", "high", "cpu", "memory")}
    keys = [table.c.server, table.c.span, table.c.start]
    return statement.on_conflict_do_update(
        index_elements=keys, set_=kept, where=statement.excluded.known > table.c.known
    )


def _values(server: str, bucket: Bucket) -> dict[str, Any]:
    return {
        "server": server,
        "span": bucket.span,
        "start": bucket.start,
        "known": bucket.known,
        "seconds": bucket.seconds,
        "low": bucket.low,
        "high": bucket.high,
        "cpu": bucket.cpu,
        "memory": bucket.memory,
    }


async def _write(
    session: AsyncSession, row: ServerRow, guild: GuildRow | None, before: Look | None, now: Look, gap: timedelta
) -> None:
    query = select(PlaySessionRow).where(PlaySessionRow.server == row.id, col(PlaySessionRow.ended).is_(None))
    found = {each.name: each for each in await session.exec(query)}
    changes = follow(found, before, now, gap)
    for end in changes.ended:
        each = found[end.name]
        each.ended, each.ended_seen = max(each.began, end.at), end.seen
        session.add(each)
    if changes.ended:
        await session.flush()  # before one of the same name begins
    named = guild is None or guild.player_names
    session.add_all(
        PlaySessionRow(server=row.id, name=begin.name, began=begin.at, began_seen=begin.seen)
        for begin in changes.begun
        if named or not begin.name
    )
