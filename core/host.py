"""What the operator may ask of the whole host: how it is, maintenance, a pause of everything.

Who is an operator, the faces find out: Discord knows the application's owner and team.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import text
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import NoticeRow, ServerRow
from core.errors import BadInput
from core.notices import outbox
from core.notices.alarms import Open, open_alarms
from core.notices.kinds import Paused
from core.servers import maintenance, names
from core.servers.drill import Drill, last_drill
from core.servers.parts import ServerParts
from core.servers.settled import settle
from core.words import Because, Desired, Phase

log = structlog.get_logger()
PATIENCE = 5.0  # seconds that the database has to tell how things are
LONGEST_WORDS = 500  # characters that an operator may say to all guilds


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
    alarms: Sequence[Open] = ()


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
            alarms=await open_alarms(session),
        )

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


@dataclass(frozen=True, slots=True)
class _Asked:
    phases: Mapping[str, int] = field(default_factory=dict)
    problems: Mapping[str, int] = field(default_factory=dict)
    backlog: Backlog = field(default_factory=Backlog)
    maintenance: str | None = None
    drill: Drill | None = None
    alarms: Sequence[Open] = ()


def _checked(words: str) -> str:
    """The words on one line, without control characters."""
    line = names.one_line(words)
    if len(line) > LONGEST_WORDS:
        raise BadInput("host.too_long", most=LONGEST_WORDS)
    return line
