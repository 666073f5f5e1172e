"""A server is offered to another member, who takes it or not. Until then it is its owner's.

An offer ends by itself after `OFFER_STANDS`: nothing has to happen for that, it is just not taken any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import ServerRow, ShareRow
from core.errors import BadInput, LimitReached, NotAllowed, Refusal
from core.guilds.access import Actor, Do, is_admin
from core.notices.kinds.events import Offered, OfferEnded, Transferred
from core.servers.admission import Admission
from core.servers.events import ServerEvents
from core.servers.heirs import Heirs
from core.servers.rows import ServerRows
from core.servers.sharing import Target
from core.servers.views import ServerView, ServerViews
from core.words import ADMINS, Desired, Sharer, ShareRole

OFFER_STANDS = timedelta(days=7)


class Transfers:
    def __init__(
        self,
        rows: ServerRows,
        views: ServerViews,
        events: ServerEvents,
        now: Callable[[], datetime],
        admission: Admission,
    ) -> None:
        self._rows = rows
        self._views = views
        self._events = events
        self._now = now
        self._admission = admission

    async def offer(self, actor: Actor, server: str, to: Target) -> ServerView:
        """Instead of an offer that stands. To the one who has it already: that stays as it was."""
        async with self._rows.changing(actor, server, Do.TRANSFER) as (session, row):
            _refuse(row, to)
            if not (row.offered_to == to.id and self._stands(row)):
                if row.offered_to is not None:  # also one whose time is over: its message has buttons still
                    await self._end(session, row, actor)
                row.offered_to, row.offered_until = to.id, self._now() + OFFER_STANDS
                await self._events.tell(session, row, Offered(to.id, row.offered_until, by=actor.user))
            return await self._views.of(session, row)

    async def take(self, actor: Actor, server: str) -> ServerView:
        """It is the actor's from now on. Whoever had it stays one of its managers. LimitReached where the actor has as
        many servers as they may, or it runs and theirs would use too much memory; the offer stands."""
        async with self._rows.changing(actor, server, Do.SEE) as (session, row):
            if row.owner == actor.user:
                return await self._views.of(session, row)  # pressed twice
            await self._rows.refuse_deleted(session, row)
            self._refuse_other(row, actor)
            await self.hand_over(session, row, actor)
            return await self._views.of(session, row)

    async def hand_over(self, session: AsyncSession, row: ServerRow, actor: Actor) -> None:
        """It is the actor's, in this transaction; an offer that stands to somebody else ends. Whoever had it stays a
        manager, unless they left the guild. LimitReached as `take` has it."""
        limits = await self._rows.limits_of(session, row.guild, actor.user, actor, lock=True)
        mine = await self._rows.count(session, row.guild, actor.user)
        if mine >= limits.per_member and not is_admin(actor, limits.admin_role):
            raise LimitReached("transfer.quota", name=row.name, most=limits.per_member)
        if row.offered_to not in (None, actor.user):
            await self._end(session, row, actor)
        before, row.owner = row.owner, actor.user
        if row.desired == Desired.RUNNING:  # it ran before: to the guild it is no more memory
            await self._admission.check_locked(session, row, actor, replace(limits, memory=None))
        left = before == ADMINS or row.owner_gone_since is not None
        row.offered_to = row.offered_until = None
        row.owner_gone_since, row.owner_gone_told = None, Heirs.NOBODY
        theirs = col(ShareRow.target).in_([actor.user, before])
        await session.exec(delete(ShareRow).where(col(ShareRow.server) == row.id, theirs))
        if not left:
            session.add(ShareRow(server=row.id, target=before, kind=Sharer.MEMBER, role=ShareRole.MANAGER))
        await self._events.tell(session, row, Transferred(before, actor.user, by=actor.user))

    async def decline(self, actor: Actor, server: str) -> ServerView:
        """The offer ends: by the one who has it, or by whoever could make it."""
        async with self._rows.changing(actor, server, Do.SEE) as (session, row):
            rights = await self._rows.rights(session, actor, row)
            if not rights.may(Do.TRANSFER):
                self._refuse_other(row, actor)
            if self._stands(row):
                await self._end(session, row, actor)
            return await self._views.of(session, row)

    def _stands(self, row: ServerRow) -> bool:
        return row.offered_to is not None and row.offered_until is not None and self._now() < row.offered_until

    def _refuse_other(self, row: ServerRow, actor: Actor) -> None:
        if not self._stands(row):
            raise Refusal("transfer.over", name=row.name)
        if row.offered_to != actor.user:
            raise NotAllowed("transfer.another", name=row.name, whom=row.offered_to)

    async def _end(self, session: AsyncSession, row: ServerRow, actor: Actor) -> None:
        to, row.offered_to, row.offered_until = row.offered_to, None, None
        await self._events.tell(session, row, OfferEnded(to or 0, by=actor.user))


def _refuse(row: ServerRow, to: Target) -> None:
    if to.kind is not Sharer.MEMBER:
        raise BadInput("transfer.role")
    if to.is_bot:
        raise BadInput("transfer.bot")
    if to.id == row.owner:
        raise BadInput("transfer.owner", name=row.name)
