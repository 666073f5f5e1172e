"""Resume, pause, restart, keep alive, vote: they write what is desired, and why. The controller does the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import ServerRow
from core.errors import BadInput, Refusal
from core.guilds.access import Actor, Do
from core.idle.rules import VOTE_KEEPS, unstoppable_at
from core.notices.kinds import Kept, Paused, Voted
from core.servers import waking
from core.servers.events import ServerEvents
from core.servers.projections import Projections
from core.servers.rows import ServerRows
from core.servers.transitions import Transitions
from core.servers.views import ServerView, ServerViews
from core.words import Because, Desired

KEEP_HOURS = range(1, 25)


class Power:
    def __init__(
        self,
        rows: ServerRows,
        views: ServerViews,
        projections: Projections,
        transitions: Transitions,
        events: ServerEvents,
        now: Callable[[], datetime],
    ) -> None:
        self._rows = rows
        self._views = views
        self._projections = projections
        self._transitions = transitions
        self._events = events
        self._now = now

    async def resume(self, actor: Actor, server: str) -> ServerView:
        """Changes nothing where the server is already meant to run. While it sleeps by its schedule: for its managers,
        and until the schedule says something else."""
        async with self._rows.changing(actor, server, Do.RESUME) as (session, row):
            if row.desired != Desired.RUNNING:
                await self._start(session, row, actor)
            return await self._views.of(session, row)

    async def pause(self, actor: Actor, server: str) -> ServerView:
        async with self._rows.changing(actor, server, Do.PAUSE) as (session, row):
            if row.desired == Desired.RUNNING:
                await self._transitions.stop(session, row, Paused(Because.OWNER, actor.user))
            return await self._views.of(session, row)

    async def restart(self, actor: Actor, server: str) -> ServerView:
        """Start a new run of a running server; resume one that crashed or was paused."""
        async with self._rows.changing(actor, server, Do.RESTART) as (session, row):
            await self._start(session, row, actor)
            return await self._views.of(session, row)

    async def keep(self, actor: Actor, server: str, hours: int = 1) -> ServerView:
        """No idle pause within these `hours`, nor sleep that waits; a longer promise stays. Not beyond a pause that
        comes whatever happens. Refused where the server does not run."""
        if hours not in KEEP_HOURS:
            raise BadInput("keep.range", low=KEEP_HOURS[0], high=KEEP_HOURS[-1])
        async with self._rows.changing(actor, server, Do.KEEP) as (session, row):
            if row.desired != Desired.RUNNING:
                raise Refusal("server.not_running", name=row.name)
            until = await self._at_most(session, row, self._now() + timedelta(hours=hours))
            row.keep_until = max(until, row.keep_until) if row.keep_until else until
            await self._events.tell(session, row, Kept(row.keep_until, actor.user))
            return await self._views.of(session, row)

    async def vote(self, actor: Actor, server: str) -> ServerView:
        """To keep it open: one voice of somebody who may keep it alive is enough, for VOTE_KEEPS. Refused where nobody
        is asked."""
        async with self._rows.changing(actor, server, Do.KEEP) as (session, row):
            if row.desired != Desired.RUNNING:
                raise Refusal("server.not_running", name=row.name)
            if not row.idle_vote:
                raise Refusal("vote.off", name=row.name)
            row.vote_until = await self._at_most(session, row, self._now() + VOTE_KEEPS)
            await self._events.tell(session, row, Voted(row.vote_until, actor.user))
            return await self._views.of(session, row)

    async def _start(self, session: AsyncSession, row: ServerRow, actor: Actor) -> None:
        woken_until = await waking.check(self._rows, self._projections, session, actor, row, self._now())
        await self._transitions.start(session, row, by=actor)
        row.awake_until = woken_until

    async def _at_most(self, session: AsyncSession, row: ServerRow, until: datetime) -> datetime:
        """Nothing is promised beyond what comes whatever happens. Refused where that was warned of already."""
        now, guild = self._now(), (await self._rows.context(session, row)).guild
        pause = unstoppable_at(self._projections.facts(row, guild, now), now)
        if pause is None or pause >= until:
            return until
        if pause - self._projections.policy(row, guild).warn <= now:
            raise Refusal("keep.scheduled", name=row.name, until=max(pause, now))
        return pause
