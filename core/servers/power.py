"""Resume, pause, restart, keep alive, vote: they write what is desired, and why. The controller does the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import ServerRow
from core.errors import BadInput, Refusal
from core.guilds.access import Actor, Do
from core.idle.rules import VOTE_KEEPS, unstoppable_at
from core.notices.kinds.events import Kept, Paused, Voted
from core.servers import blocked, licences, questions, waking
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

    async def resume(self, actor: Actor, server: str, *, accepts: str | None = None) -> ServerView:
        """Changes nothing where the server is already meant to run. While it sleeps by its schedule: for its managers,
        and until the schedule says something else. LicenceNeeded, NotAllowed: its game's licence comes first; `accepts`
        is the mark of the one that the actor accepts with this."""
        async with self._rows.changing(actor, server, _to_start(Do.RESUME, accepts)) as (session, row):
            if row.desired != Desired.RUNNING:
                await self._start(session, row, actor, "resume", accepts)
            return await self._views.of(session, row)

    async def pause(self, actor: Actor, server: str) -> ServerView:
        async with self._rows.changing(actor, server, Do.PAUSE) as (session, row):
            if row.desired == Desired.RUNNING:
                await self._transitions.stop(session, row, Paused(Because.OWNER, actor.user))
            return await self._views.of(session, row)

    async def restart(self, actor: Actor, server: str, *, accepts: str | None = None) -> ServerView:
        """Start a new run of a running server; resume one that crashed or was paused. `accepts` as above."""
        async with self._rows.changing(actor, server, _to_start(Do.RESTART, accepts)) as (session, row):
            await self._start(session, row, actor, "restart", accepts)
            return await self._views.of(session, row)

    async def accept(self, actor: Actor, server: str, mark: str) -> ServerView:
        """Only the game's licence, for what has to be asked for again. LicenceNeeded where its text is another one than
        that of `mark`."""
        async with self._rows.changing(actor, server, Do.ACCEPT) as (session, row):
            await questions.answer(session)
            await self._licence(session, row, actor, "", mark)
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
            if row.keep_until is None or until > row.keep_until:
                row.keep_until, row.keep_by = until, actor.user
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
            row.vote_by = actor.user
            await self._events.tell(session, row, Voted(row.vote_until, actor.user))
            return await self._views.of(session, row)

    async def _licence(
        self, session: AsyncSession, row: ServerRow, actor: Actor, then: str, accepts: str | None
    ) -> None:
        game, now = self._projections.game(row), self._now()
        await licences.before_start(self._rows, session, actor, row, game, now, then=then, accepts=accepts)

    async def _start(self, session: AsyncSession, row: ServerRow, actor: Actor, then: str, accepts: str | None) -> None:
        await blocked.refuse(session, row.guild)
        await self._licence(session, row, actor, then, accepts)
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


def _to_start(do: Do, accepts: str | None) -> Do:
    """Who accepts a licence with it has to be allowed to."""
    return do if accepts is None else Do.ACCEPT
