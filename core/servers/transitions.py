"""Changes to a server's row that several use-cases, the controller and the sweep make in the same way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import FollowRow, ServerRow
from core.games.form.game import Game
from core.guilds.access import Actor
from core.notices.kinds.events import Deleted, Paused, Restarted, Resumed
from core.servers import blocked, left_guilds, licences, maintenance, played
from core.servers.admission import Admission
from core.servers.events import ServerEvents
from core.servers.projections import Projections
from core.words import Because, Desired, Phase

START_WITHIN, DOWNLOAD_WITHIN = timedelta(minutes=5), timedelta(minutes=60)


class Transitions:
    def __init__(
        self, projections: Projections, events: ServerEvents, now: Callable[[], datetime], admission: Admission
    ) -> None:
        self._projections = projections
        self._events = events
        self._now = now
        self._admission = admission

    async def start(
        self, session: AsyncSession, row: ServerRow, *, by: Actor | None, because: Because = Because.OWNER
    ) -> None:
        """Desire a new run. Crashes are forgotten and the idle clock begins at zero. TryAgain during maintenance;
        Refusal where the bot was removed from the guild, the guild is blocked, or the game's licence is not accepted;
        LimitReached where there is no memory for one more that runs.

        The caller tells what else was asked for with it, afterwards.
        """
        await maintenance.refuse(session)
        await left_guilds.refuse(session, row.guild)
        await blocked.refuse(session, row.guild)
        await licences.refuse(session, row, self._projections.game(row))
        now, running = self._now(), row.desired == Desired.RUNNING
        if not running:
            await self._admission.check(session, row, by)
        row.run_size = row.run_settings = None  # what was chosen meanwhile is taken
        kept = (row.keep_until, row.keep_by, row.vote_until, row.vote_by, row.awake_until)
        who = by.user if by else None
        row.desired, row.because, row.by = Desired.RUNNING, because, who
        await self._events.tell(session, row, Restarted(who, because) if running else Resumed(who, because))
        row.run += 1
        row.started_at, row.ready_at = now, None
        row.start_by = now + start_within(self._projections.game(row))
        row.crash_count, row.crash_ever_ready, row.crash_log = 0, False, ""
        row.sealed = None
        await played.end_sessions(session, row)
        forget_idle(row)
        if running:
            row.keep_until, row.keep_by, row.vote_until, row.vote_by, row.awake_until = kept
        session.add(row)

    async def stop(self, session: AsyncSession, row: ServerRow, event: Paused) -> None:
        """Desire a pause."""
        if event.because is Because.IDLE and row.empty_since is not None:
            event = replace(event, after=int((self._now() - row.empty_since).total_seconds()))
        row.desired, row.because, row.by = Desired.PAUSED, event.because, event.by
        row.start_by = None
        if self._projections.keeps(row) and row.unsaved_since is None:
            row.unsaved_since = self._now()  # until the snapshot that follows the game's end
        if row.players:
            row.last_players = list(row.players)
        row.players, row.players_online = [], 0
        await self._events.tell(session, row, event)
        await played.end_sessions(session, row)
        forget_idle(row)
        session.add(row)

    async def delete(
        self, session: AsyncSession, row: ServerRow, *, because: Because, by: int | None, purge_at: datetime
    ) -> None:
        """Desire its end. Until `purge_at` it can be brought back."""
        now = self._now()
        row.desired, row.because, row.by = Desired.DELETED, because, by
        row.purge_at = purge_at
        row.offered_to = row.offered_until = None
        row.owner_gone_since, row.owner_gone_told = None, 0
        await session.exec(delete(FollowRow).where(col(FollowRow.server) == row.id))
        row.phase, row.phase_since, row.start_by = Phase.DELETING, now, None
        row.players, row.players_online = [], 0
        row.problem = row.problem_since = None
        await self._events.tell(session, row, Deleted(row.name, purge_at, by))
        await played.end_sessions(session, row)
        forget_idle(row)
        session.add(row)


def forget_idle(row: ServerRow) -> None:
    row.empty_since = row.known_at = row.unknown_since = row.keep_until = row.vote_until = None
    row.keep_by = row.vote_by = None
    row.awake_until = row.restart_by = None
    row.warned_at = row.warning_delivered_at = None
    row.warning_dead = False
    row.voice_online = 0


def start_within(game: Game | None) -> timedelta:
    """How long a start may take before it is given up: 5 min, 60 for games that download themselves."""
    return DOWNLOAD_WITHIN if game and game.image and game.image.downloads else START_WITHIN
