"""What the operator may ask of the whole host: how it is, maintenance, a pause of everything; of guilds: what each has,
a block, a word to all.

Who is an operator, the faces find out: Discord knows the application's owner and team.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import and_, case, text
from sqlalchemy import select as columns
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.database import insert_missing
from core.data.tables import GuildRow, MetaRow, NoticeRow, ServerRow
from core.errors import BadInput
from core.notices import outbox
from core.notices.alarms import Open, open_alarms
from core.notices.kinds.events import Paused
from core.notices.kinds.notices import BroadcastNotice
from core.servers import maintenance
from core.servers.blocking import Blocking
from core.servers.drill import Drill, last_drill
from core.servers.parts import ServerParts
from core.servers.settled import settle
from core.typed import one_line
from core.words import Because, Desired, Phase

log = structlog.get_logger()
PATIENCE = 5.0  # seconds that the database has to tell how things are
LONGEST_WORDS = 500  # characters that an operator may say with what is done
LONGEST_BROADCAST = 1500
REPEATED = timedelta(minutes=10)
"""Within this time the same broadcast is taken for a repeat."""
BROADCASTS = "broadcasts"
"""The key in `meta`: when which were made."""
COPIED = "copied"
"""Likewise: when the database was copied to the store last."""
MOST_TROUBLED = 200


@dataclass(frozen=True, slots=True)
class Backlog:
    """Of the outbox: how many messages are due, since when the oldest is, and how many could be delivered nowhere."""

    waiting: int = 0
    oldest: datetime | None = None
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """How the host is at `at`. `database`: seconds of a round trip; None where the database does not answer, and then
    everything that it would tell is missing."""

    at: datetime
    started_at: datetime
    version: str
    database: float | None
    stale_since: datetime | None  # when the cluster was last seen; None: it is seen now
    phases: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, int] = field(default_factory=dict)
    backlog: Backlog = field(default_factory=Backlog)
    last_sweep: datetime | None = None
    maintenance: str | None = None
    drill: Drill | None = None  # the last world that came back on trial
    copied_at: datetime | None = None  # when the database was copied to the store last
    alarms: Sequence[Open] = ()


@dataclass(frozen=True, slots=True)
class Troubled:
    """A server with a problem, since when it has it."""

    server: str
    guild: int
    phase: Phase
    problem: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class GuildSummary:
    """What one guild has: servers that are not deleted, those meant to run, bytes on the store. `left`: the bot was
    removed there. `blocked_at` None: it is not."""

    id: int
    servers: int
    running: int
    stored: int
    left: bool
    blocked_at: datetime | None
    blocked_words: str


class Operations:
    """`operators`: the ids from the settings. `last_sweep` tells when the last pass over all servers ended."""

    def __init__(
        self,
        parts: ServerParts,
        *,
        version: str = "",
        operators: frozenset[int] = frozenset(),
        last_sweep: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        self.operators = operators
        self._database = parts.database
        self._changes = parts.changes
        self._observed = parts.observed
        self._transitions = parts.transitions
        self._blocking = Blocking(parts)
        self._now = parts.now
        self._version = version
        self._last_sweep = last_sweep
        self._started_at = parts.now()

    @property
    def cluster_fresh(self) -> bool:
        return self._observed.stale_since is None

    async def database_answers(self) -> bool:
        """Within PATIENCE."""
        try:
            async with asyncio.timeout(PATIENCE), self._database.session() as session:
                await session.exec(text("SELECT 1"))  # type: ignore[call-overload]
        except Exception:
            return False
        return True

    async def health(self) -> Health:
        """Never raises, and takes at most PATIENCE."""
        began, asked = time.perf_counter(), _Asked()
        took: float | None = None
        try:
            async with asyncio.timeout(PATIENCE), self._database.session() as session:
                await session.exec(text("SELECT 1"))  # type: ignore[call-overload]
                took = time.perf_counter() - began
                asked = await self._ask(session)
        except Exception as wrong:
            took = None
            log.warning("the database does not tell how things are", why=type(wrong).__name__)
        return Health(
            at=self._now(),
            started_at=self._started_at,
            version=self._version,
            database=took,
            stale_since=self._observed.stale_since,
            phases=asked.phases,
            problems=asked.problems,
            backlog=asked.backlog,
            last_sweep=self._last_sweep(),
            maintenance=asked.maintenance,
            drill=asked.drill,
            copied_at=asked.copied_at,
            alarms=asked.alarms,
        )

    async def _ask(self, session: AsyncSession) -> _Asked:
        now = self._now()
        phases = select(ServerRow.phase, func.count()).where(col(ServerRow.phase) != Phase.DELETED)
        problems = select(ServerRow.problem, func.count()).where(col(ServerRow.problem).is_not(None))
        due = select(func.count(), func.min(NoticeRow.next_at)).where(
            NoticeRow.state == "pending", outbox.is_due(now), outbox.may_go_out()
        )
        dead = select(func.count()).where(NoticeRow.state == "dead")
        waiting, oldest = (await session.exec(due)).one()
        return _Asked(
            phases=dict((await session.exec(phases.group_by(ServerRow.phase))).all()),
            problems={
                str(problem): count for problem, count in await session.exec(problems.group_by(col(ServerRow.problem)))
            },
            backlog=Backlog(waiting, oldest, (await session.exec(dead)).one()),
            maintenance=await maintenance.said(session),
            drill=await last_drill(session),
            copied_at=await _copied_at(session),
            alarms=await open_alarms(session),
        )

    async def note_copy(self) -> None:
        """The database was copied to the store just now."""
        row = MetaRow(key=COPIED, value=json.dumps(self._now().timestamp()))
        async with self._database.begin() as session:
            await insert_missing(session, row, update=("value",))

    async def troubled(self) -> list[Troubled]:
        """Servers of all guilds that have a problem, those first that have had it longest; at most MOST_TROUBLED."""
        query = (
            select(ServerRow)
            .where(col(ServerRow.problem).is_not(None), ServerRow.phase != Phase.DELETED)
            .order_by(col(ServerRow.problem_since), col(ServerRow.id))
            .limit(MOST_TROUBLED)
        )
        async with self._database.session() as session:
            return [
                Troubled(row.id, row.guild, Phase(row.phase), row.problem or "", row.problem_since)
                for row in await session.exec(query)
            ]

    async def maintain(self, words: str | None, *, by: int) -> None:
        """Turn maintenance on with words to members (or ""), or off with None. BadInput where they are too long."""
        words = None if words is None else _checked(words)
        async with self._database.begin() as session:
            await maintenance.turn(session, words)
        log.info("maintenance", on=words is not None, by=by)

    async def pause_all(self, words: str, *, by: int) -> int:
        """Pause all servers that are meant to run, and tell their guilds, with `words`. Returns how many."""
        words = _checked(words)
        async with self._database.session() as session:
            running = list(await session.exec(select(ServerRow.id).where(ServerRow.desired == Desired.RUNNING)))
        paused = 0
        for server in running:
            async with self._database.begin() as session:
                row = await session.get(ServerRow, server, with_for_update=True)
                if row is None or row.desired != Desired.RUNNING:
                    continue
                settle(row, self._now())
                await self._transitions.stop(session, row, Paused(Because.OPERATOR, by, words=words))
                row.changed_at = self._now()
                session.add(row)
            self._changes.tell(server)
            paused += 1
        log.info("paused everything", servers=paused, by=by)
        return paused

    async def guilds(self) -> list[GuildSummary]:
        """All that there are rows of, those with the most servers first."""
        meant_to_run = case((col(ServerRow.desired) == Desired.RUNNING, 1), else_=0)
        query: Any = (
            columns(
                col(GuildRow.id),
                func.count(col(ServerRow.id)),
                func.coalesce(func.sum(meant_to_run), 0),
                func.coalesce(func.sum(col(ServerRow.stored_bytes)), 0),
                col(GuildRow.left_at),
                col(GuildRow.blocked_at),
                col(GuildRow.blocked_words),
            )
            .outerjoin(ServerRow, and_(col(ServerRow.guild) == GuildRow.id, col(ServerRow.desired) != Desired.DELETED))
            .group_by(col(GuildRow.id), col(GuildRow.left_at), col(GuildRow.blocked_at), col(GuildRow.blocked_words))
            .order_by(func.count(col(ServerRow.id)).desc(), col(GuildRow.id))
        )
        async with self._database.session() as session:
            return [
                GuildSummary(guild, servers, int(running), int(stored), left is not None, blocked, words)
                for guild, servers, running, stored, left, blocked, words in await session.exec(query)
            ]

    async def block(self, guild: int, words: str, *, by: int | None) -> bool:
        """Nothing starts there from now on, and what runs is paused (`Blocking.settle`). False where it is so already.
        BadInput where the words are too long, Refusal where the bot never was there."""
        return await self._blocking.block(guild, _checked(words), by=by)

    async def unblock(self, guild: int, *, by: int | None) -> bool:
        """False where it is not blocked. Refusal as above."""
        return await self._blocking.unblock(guild, by=by)

    async def settle_blocks(self) -> int:
        """Pause what runs in guilds that are blocked; how many servers."""
        return await self._blocking.settle()

    async def broadcast(self, words: str, *, by: int | None) -> int:
        """One message to each guild that the bot is in, also to those that are blocked: their worlds are here, too.
        Returns to how many. BadInput where the words are none, too long, or were said within REPEATED."""
        said = "\n".join(filter(None, map(one_line, words.splitlines())))
        if not said:
            raise BadInput("operator.nothing_to_say")
        if len(said) > LONGEST_BROADCAST:
            raise BadInput("host.too_long", most=LONGEST_BROADCAST)
        async with self._database.begin() as session:
            await self._note_broadcast(session, said)
            is_here = select(GuildRow.id).where(col(GuildRow.left_at).is_(None))
            guilds = list(await session.exec(is_here))
            for guild in guilds:
                notice = BroadcastNotice(await outbox.a_channel(session, guild), said)
                outbox.say_to_guild(session, guild, notice, self._now())
        self._changes.tell("")
        log.info("broadcast", guilds=len(guilds), by=by)
        return len(guilds)

    async def _note_broadcast(self, session: AsyncSession, said: str) -> None:
        """Of two at once, in whatever processes, one waits for the other here."""
        await insert_missing(session, MetaRow(key=BROADCASTS, value="{}"))
        row = await session.get_one(MetaRow, BROADCASTS, with_for_update=True)
        now, mark = self._now().timestamp(), hashlib.sha256(said.encode()).hexdigest()[:16]
        within = REPEATED.total_seconds()
        known = {each: at for each, at in json.loads(row.value).items() if abs(now - at) < within}
        if mark in known:
            raise BadInput("operator.repeated", minutes=int(within // 60))
        row.value = json.dumps(known | {mark: now})
        session.add(row)


@dataclass(frozen=True, slots=True)
class _Asked:
    phases: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, int] = field(default_factory=dict)
    backlog: Backlog = field(default_factory=Backlog)
    maintenance: str | None = None
    drill: Drill | None = None
    copied_at: datetime | None = None
    alarms: Sequence[Open] = ()


async def _copied_at(session: AsyncSession) -> datetime | None:
    row = await session.get(MetaRow, COPIED)
    return None if row is None else datetime.fromtimestamp(json.loads(row.value), UTC)


def _checked(words: str) -> str:
    """The words on one line, without control characters."""
    line = one_line(words)
    if len(line) > LONGEST_WORDS:
        raise BadInput("host.too_long", most=LONGEST_WORDS)
    return line
