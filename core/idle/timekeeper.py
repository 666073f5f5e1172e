"""Carries out schedules, but for what needs to know who plays (core.idle.sweep).

Level-triggered: a pass compares what a schedule says now with the row. `schedule_at` says what was acted on, so that
each beginning of a time awake starts a server once, and each time of a restart asks for one. What happened while no
process looked is made up for as far as it holds still; a restart, for RESTART_WAITS.

An occasion (core.idle.occasions) starts a server that was paused for being empty or by its schedule. Firm sleep and
maintenance go before it, and nobody's own pause is overruled.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import trace
from core.data.tables import GuildRow, ServerRow
from core.errors import Refusal
from core.idle.occasions import Occasions
from core.idle.rules import RESTART_WAITS
from core.idle.schedule import State
from core.notices import outbox
from core.notices.kinds.events import Paused
from core.notices.kinds.notices import NotWokenNotice
from core.servers.parts import ServerParts
from core.servers.settled import settle
from core.words import Because, Desired, Phase

log = structlog.get_logger()
EVERY = timedelta(seconds=15)


class Timekeeper:
    def __init__(self, parts: ServerParts, occasions: Occasions) -> None:
        self._occasions = occasions
        self._database = parts.database
        self._changes = parts.changes
        self._observed = parts.observed
        self._projections = parts.projections
        self._transitions = parts.transitions
        self._now = parts.now

    async def run(self) -> None:
        """One pass over all servers with a schedule or an occasion. While the cluster is away all holds."""
        try:
            await self._occasions.run()
        except Exception:
            log.exception("occasions failed")
        if self._observed.stale_since is not None:
            return
        async with self._database.session() as session:
            query = (
                select(ServerRow, GuildRow)
                .outerjoin(GuildRow, col(GuildRow.id) == ServerRow.guild)
                .where(
                    or_(col(ServerRow.schedule) != "", col(ServerRow.occasion_until).is_not(None)),
                    col(ServerRow.desired).in_((Desired.RUNNING, Desired.PAUSED)),
                    col(GuildRow.blocked_at).is_(None),  # its guild was told, once
                )
            )
            found = [row.id for row, guild in await session.exec(query) if self._has_news(row, guild)]
        await self._look_at(found)

    async def _look_at(self, servers: Iterable[str]) -> None:
        for server in servers:
            try:
                if await self._look(server):
                    self._changes.tell(server)
            except Exception:
                log.exception("schedule failed", server=server)

    def _has_news(self, row: ServerRow, guild: GuildRow | None) -> bool:
        now = self._now()
        state = self._projections.scheduled(row, guild, now)
        if to_be_gathered(row, state, now):
            return True
        return state is not None and (
            is_new(state.since, row)
            or is_new(state.restart, row)
            or to_be_woken(state, row)
            or to_be_stopped(state, row)
            or (row.restart_by is not None and row.restart_by <= now)
        )

    async def _look(self, server: str) -> bool:
        """Whether anything changed."""
        async with self._database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is None or row.desired not in (Desired.RUNNING, Desired.PAUSED):
                return False
            settle(row, self._now())
            guild = await session.get(GuildRow, row.guild)
            if not self._has_news(row, guild):
                return False
            now = self._now()
            state = self._projections.scheduled(row, guild, now)
            trace.begin()
            gathers = to_be_gathered(row, state, now)
            woken = gathers or (state is not None and to_be_woken(state, row))
            if woken and not await self._wake(session, row, state, row.occasion if gathers else ""):
                return True  # it is tried again: nothing was acted on yet
            if state is None:
                row.changed_at = now
                session.add(row)
                return True
            if to_be_stopped(state, row):
                await self._transitions.stop(session, row, Paused(Because.SCHEDULE))
                log.info("paused", server=server, because="schedule")
            self._restart(row, state)
            row.schedule_at = row.changed_at = now
            session.add(row)
        return True

    async def _wake(self, session: AsyncSession, row: ServerRow, state: State | None, occasion: str) -> bool:
        """False where it may not be started now: that is said once for each time awake, or occasion."""
        try:
            await self._transitions.start(session, row, by=None, because=Because.SCHEDULE)
        except Refusal as refusal:
            awake = state.awake.begins if state and state.awake else None
            begins = row.occasion_from if occasion else awake
            values = tuple((key, str(value)) for key, value in refusal.values.items())
            notice = NotWokenNotice(refusal.message, values, occasion)
            episode = int(begins.timestamp()) // 60 if begins else 0
            await outbox.say_once(session, row, notice, self._now(), episode=episode)
            return False
        log.info("woken", server=row.id, because="occasion" if occasion else "schedule")
        return True

    def _restart(self, row: ServerRow, state: State) -> None:
        now, moment = self._now(), state.restart
        if row.restart_by is not None and row.restart_by <= now:
            row.restart_by = None  # nobody looked in time
        if moment is None or row.schedule_at is None or not is_new(moment, row) or row.desired != Desired.RUNNING:
            return
        begun = row.started_at is not None and row.started_at >= moment
        if not begun and now < moment + RESTART_WAITS:
            row.restart_by = moment + RESTART_WAITS


def is_new(moment: datetime | None, row: ServerRow) -> bool:
    """Whether it was not acted on."""
    return moment is not None and (row.schedule_at is None or moment > row.schedule_at)


def to_be_woken(state: State, row: ServerRow) -> bool:
    """A time awake began, or what its schedule paused it for is over. A pause by hand meanwhile is not overruled."""
    if state.awake is None or state.in_maintenance or state.asleep or row.desired != Desired.PAUSED:
        return False
    began = row.schedule_at is None or (state.awake.begins is not None and is_new(state.awake.begins, row))
    return began or row.because == Because.SCHEDULE


def to_be_stopped(state: State, row: ServerRow) -> bool:
    """What is not up yet has no players: it does not wait for a warning."""
    if row.desired != Desired.RUNNING or row.phase == Phase.RUNNING:
        return False
    if row.awake_until is not None and row.awake_until > state.at:
        return False
    if holds_occasion(row, state.at):
        return state.in_maintenance is not None or state.firmly_asleep is not None
    return state.in_maintenance is not None or state.asleep is not None


def holds_occasion(row: ServerRow, now: datetime) -> bool:
    """Whether people meet on it now, or soon."""
    if row.occasion_from is None or row.occasion_until is None:
        return False
    return row.occasion_from <= now < row.occasion_until


def to_be_gathered(row: ServerRow, state: State | None, now: datetime) -> bool:
    """People meet on it, and it was paused by itself, for a reason that an occasion goes before."""
    if row.desired != Desired.PAUSED or row.because not in (Because.IDLE, Because.SCHEDULE):
        return False
    stays_paused = state is not None and (state.in_maintenance is not None or state.firmly_asleep is not None)
    return holds_occasion(row, now) and not stays_paused
