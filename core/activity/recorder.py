"""Keeps who plays: the sweep tells each look, and what follows from it is written.

Sessions begin and end in the transaction that remembers the look (`servers.known_at`, `players`), so a restart goes on
where the row says. Buckets are added up here, in memory, and written once each, when their time is over: a process that
dies loses those of the last minutes. Where two wrote one, the one that knows more of its time stays. So nothing counts
twice, whoever dies where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from core.activity.buckets import FINE, Bucket, spread, start_of, time_of, together
from core.activity.sessions import Look, differs, is_cut
from core.activity.writing import Step, write_buckets, write_sessions
from core.cluster.port import Cluster
from core.data.database import Database
from core.data.tables import GuildRow, ServerRow
from core.errors import ClusterError, TryAgain

log = structlog.get_logger()
EVERY = timedelta(minutes=1)
AT_ONCE = 500  # rows of one transaction
LATE = timedelta(minutes=10)
MOST = 2**31 - 1  # millicores, and MiB
MOST_PLAYERS = 100_000
MOST_WAITING = 200_000  # buckets that wait for a database that is away


@dataclass(frozen=True, slots=True)
class Told:
    """What a query said of a server, whose row does not remember it yet."""

    row: ServerRow
    guild: GuildRow | None
    look: Look


class Recorder:
    """`look` is the sweep's; `run` is called by the clock."""

    def __init__(self, database: Database, cluster: Cluster, now: Callable[[], datetime]) -> None:
        self._database = database
        self._cluster = cluster
        self._now = now
        self._looks: dict[str, Look] = {}
        self._counted: dict[str, datetime] = {}
        self._open: dict[tuple[str, int], Bucket] = {}

    async def look(self, session: AsyncSession, told: Iterable[Told], gap: timedelta) -> None:
        """Looks, each at another server. `gap`: after that long without a look nothing is known of the time between.
        May be told again, where their transaction failed."""
        steps = [(each.row, self._count_step(each.row, each.guild, each.look, gap)) for each in told]
        await write_sessions(session, [each for _, each in steps if differs(each.before, each.now, each.gap)])
        for row, step in steps:
            if row.idle_voice:
                self._looks[row.id] = step.now
            else:
                self._looks.pop(row.id, None)

    def _count_step(self, row: ServerRow, guild: GuildRow | None, look: Look, gap: timedelta) -> Step:
        before, now = self._before(row), _looked(look.at, look.online, look.names)
        if before is not None and row.ready_at is not None and before.at < row.ready_at:
            gap = timedelta(0)  # the game ended and started since
        since = None if before is None or is_cut(before, now.at, gap) else before.at
        self._count(row.id, since, before.online if before else 0, now)
        return Step(row.id, guild is None or guild.player_names, before, now, gap)

    def again(self, server: str, at: datetime, online: int, gap: timedelta) -> None:
        """A query said the same as before, and the row is left alone."""
        counted = self._counted.get(server)
        since = counted if counted is not None and at - counted <= gap else None
        self._count(server, since, online, Look(at, online))

    async def run(self) -> None:
        """Ask what games use, and write what is over."""
        await self._measure()
        await self.flush()

    async def flush(self) -> None:
        """Write the buckets whose time is over. TryAgain where the database is away: they wait."""
        due = [key for key in sorted(self._open) if self._is_over(*key)]
        for begin in range(0, len(due), AT_ONCE):
            part = due[begin : begin + AT_ONCE]
            over = [(server, self._open[server, start]) for server, start in part]
            try:
                async with self._database.begin() as session:
                    await write_buckets(session, over)
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
