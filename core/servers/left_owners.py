"""Owners who left a guild, or were banned: their servers find a new one (core.servers.heirs).

`look` asks Discord once a day for each owner, a few at a time; what follows is state of the servers' rows, so it may
stop on any line. Nothing is paused by it and no world is lost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import trace
from core.clock import is_ahead
from core.data.database import insert_missing
from core.data.tables import MetaRow, ServerRow, ShareRow
from core.errors import NotAllowed, Refusal
from core.guilds.access import Actor, Do, Level, Share, is_admin, level
from core.guilds.membership import Membership
from core.notices.kinds.events import OwnerBack, OwnerGone, Transferred
from core.notices.outbox import is_here
from core.servers.heirs import ADMINS_AFTER, THEIRS_AFTER, Heirs, next_step
from core.servers.parts import ServerParts
from core.servers.settled import settle
from core.servers.transfers import Transfers
from core.servers.views import ServerView
from core.words import ADMINS, Desired, Gone, Sharer, ShareRole, Unknown

log = structlog.get_logger()
EVERY = timedelta(minutes=1)
ROUND = timedelta(days=1)
AT_ONCE = 10
"""Owners that are asked for in one call of `look`, one after the other: 14,400 a day."""
_KEY = "owners"  # of MetaRow


@dataclass(frozen=True, slots=True)
class _Round:
    """How far the newest round got: every owner up to this one was asked for. `over`: and there were no more."""

    began: datetime
    guild: int = 0
    owner: int = 0
    over: bool = False


class LeftOwners:
    def __init__(self, parts: ServerParts, transfers: Transfers, membership: Membership) -> None:
        self._database = parts.database
        self._changes = parts.changes
        self._rows = parts.rows
        self._views = parts.views
        self._events = parts.events
        self._now = parts.now
        self._transfers = transfers
        self._membership = membership
        self._gone_known: frozenset[tuple[int, int]] = frozenset()
        self._gone_read: datetime | None = None

    # by the clock

    async def look(self) -> None:
        """Ask for the next few owners of the day's round. Where nobody can be asked now, it waits."""
        if not self._membership.answers():
            return
        if (so_far := await self._round()) is None:
            return
        people = await self._next(so_far)
        for guild, owner in people:
            answer = await self._membership.of(guild, owner)
            if isinstance(answer, Gone):
                await self.found(guild, owner, is_member=False, absent=await self._absent(guild, owner))
            elif not isinstance(answer, Unknown):
                await self.found(guild, owner, is_member=True)
        if len(people) < AT_ONCE:
            await self._note(replace(so_far, over=True))
        else:
            await self._note(replace(so_far, guild=people[-1][0], owner=people[-1][1]))

    async def found(self, guild: int, owner: int, *, is_member: bool, absent: frozenset[int] = frozenset()) -> None:
        """Discord said whether an owner is in the guild, and which managers are not (`absent`). May be repeated."""
        query = select(ServerRow.id).where(
            ServerRow.guild == guild, ServerRow.owner == owner, ServerRow.desired != Desired.DELETED
        )
        if is_member:
            query = query.where(col(ServerRow.owner_gone_since).is_not(None))
        async with self._database.session() as session:
            servers = list(await session.exec(query.order_by(ServerRow.id)))
        for server in servers:
            await self._carry_out(server, owner, is_member=is_member, absent=absent)

    async def seen(self, actor: Actor) -> None:
        """Somebody did something in a guild, so they are a member: what they own is theirs. Direct messages tell
        nothing of that."""
        if not actor.direct and (actor.guild, actor.user) in await self._gone():
            await self.found(actor.guild, actor.user, is_member=True)

    # what people may ask for

    async def take(self, actor: Actor, server: str) -> ServerView:
        """It is the actor's from now on. NotAllowed where it is offered to others; Refusal where it is not offered any
        more; LimitReached as in `Transfers.take`."""
        async with self._rows.changing(actor, server, Do.SEE) as (session, row):
            if row.owner == actor.user:
                return await self._views.of(session, row)  # pressed twice
            await self._rows.refuse_deleted(session, row)
            told, since = Heirs(row.owner_gone_told), row.owner_gone_since
            if since is None or told not in (Heirs.MANAGERS, Heirs.ADMINS):
                raise Refusal("heir.over", name=row.name)
            limits = await self._rows.limits(session, row.guild)
            admin = is_admin(actor, limits.admin_role)
            if not (admin and told is Heirs.ADMINS) and not await self._manages(session, row, actor):
                if told is Heirs.MANAGERS:
                    raise NotAllowed("heir.managers", name=row.name, when=since + ADMINS_AFTER)
                raise NotAllowed("heir.admins", name=row.name)
            await self._transfers.hand_over(session, row, actor)
            return await self._views.of(session, row)

    # helpers

    async def _gone(self) -> frozenset[tuple[int, int]]:
        """Guilds and owners who are gone there: read once in EVERY, because everything that anybody does asks."""
        now = self._now()
        if self._gone_read is None or not self._gone_read <= now < self._gone_read + EVERY:
            query = select(ServerRow.guild, ServerRow.owner).where(col(ServerRow.owner_gone_since).is_not(None))
            async with self._database.session() as session:
                self._gone_known = frozenset([(guild, owner) for guild, owner in await session.exec(query)])
            self._gone_read = now
        return self._gone_known

    async def _absent(self, guild: int, owner: int) -> frozenset[int]:
        """Managers of an owner's servers who left, too: nobody is asked in vain."""
        query = (
            select(ShareRow.target)
            .join(ServerRow, col(ServerRow.id) == col(ShareRow.server))
            .where(ServerRow.guild == guild, ServerRow.owner == owner, ServerRow.desired != Desired.DELETED)
            .where(ServerRow.owner_gone_told == Heirs.NOBODY)
            .where(ShareRow.kind == Sharer.MEMBER, ShareRow.role == ShareRole.MANAGER)
        )
        async with self._database.session() as session:
            managers = sorted(set(await session.exec(query)))
        return frozenset([each for each in managers if isinstance(await self._membership.of(guild, each), Gone)])

    async def _carry_out(self, server: str, owner: int, *, is_member: bool, absent: frozenset[int]) -> None:
        """The next step of one server, decided while its row is locked."""
        trace.begin()
        async with self._database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is None or row.owner != owner or row.desired == Desired.DELETED:
                return
            now, told = self._now(), Heirs(row.owner_gone_told)
            settle(row, now)
            managed = any(each.target not in absent for each in await self._managers(session, row))
            step = next_step(is_member, row.owner_gone_since, told, now, managed=managed)
            if step is None:
                return
            since = row.owner_gone_since = row.owner_gone_since or now
            if step is Heirs.NOBODY:
                row.owner_gone_since, row.owner_gone_told = None, step
                await self._events.tell(session, row, OwnerBack(owner))
            elif step is Heirs.THEIRS:
                row.owner, row.owner_gone_since, row.owner_gone_told = ADMINS, None, Heirs.NOBODY
                await self._events.tell(session, row, Transferred(owner, ADMINS))
            else:
                row.owner_gone_told = step
                until = since + THEIRS_AFTER
                await self._events.tell(session, row, OwnerGone(owner, step is Heirs.ADMINS, until))
            row.changed_at = now
            session.add(row)
        self._gone_read = None
        log.info("owner looked for", server=server, owner=owner, step=step.name.lower())
        self._changes.tell(server)

    async def _managers(self, session: AsyncSession, row: ServerRow) -> list[Share]:
        query = select(ShareRow).where(ShareRow.server == row.id, ShareRow.role == ShareRole.MANAGER)
        return [Share(each.target, each.kind, each.role) for each in await session.exec(query)]

    async def _manages(self, session: AsyncSession, row: ServerRow, actor: Actor) -> bool:
        """Whether it was shared with them as manager; an admin is not one by that alone."""
        alone = replace(actor, manages_guild=False)
        return level(alone, row.owner, await self._managers(session, row)) >= Level.MANAGER

    async def _round(self) -> _Round | None:
        """The round to go on with; None where today's is over."""
        async with self._database.session() as session:
            row = await session.get(MetaRow, _KEY)
        now, known = self._now(), _read(row.value) if row else None
        if known is None or is_ahead(known.began, now) or now >= known.began + ROUND:
            return _Round(now)
        return None if known.over else known

    async def _note(self, so_far: _Round) -> None:
        value = json.dumps([so_far.began.timestamp(), so_far.guild, so_far.owner, so_far.over])
        async with self._database.begin() as session:
            await insert_missing(session, MetaRow(key=_KEY, value=value), update=("value",))

    async def _next(self, so_far: _Round) -> list[tuple[int, int]]:
        """Owners of guilds that the bot is in, after those who were asked for."""
        beyond = or_(
            col(ServerRow.guild) > so_far.guild,
            and_(col(ServerRow.guild) == so_far.guild, col(ServerRow.owner) > so_far.owner),
        )
        query = (
            select(ServerRow.guild, ServerRow.owner)
            .where(ServerRow.desired != Desired.DELETED, ServerRow.owner != ADMINS, is_here(ServerRow.guild), beyond)
            .distinct()
            .order_by(col(ServerRow.guild), col(ServerRow.owner))
            .limit(AT_ONCE)
        )
        async with self._database.session() as session:
            return [(guild, owner) for guild, owner in await session.exec(query)]


def _read(value: str) -> _Round | None:
    try:
        began, guild, owner, over = json.loads(value)
        return _Round(datetime.fromtimestamp(began, UTC), guild, owner, bool(over))
    except (TypeError, ValueError):
        return None
