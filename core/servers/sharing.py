"""With whom a server is shared: members and roles, as players or managers. Until it is shared with players, everybody
in the guild is one (core.guilds.access)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import ServerRow, ShareRow
from core.errors import BadInput
from core.guilds.access import Actor, Do, Share
from core.notices.kinds.events import Shared
from core.servers.events import ServerEvents
from core.servers.rows import ServerRows
from core.servers.views import ServerView, ServerViews
from core.words import Sharer, ShareRole

MOST_SHARES = 25
"""What one message names without becoming a wall."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to share with, as the face knows them."""

    id: int
    kind: Sharer
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Shares:
    """With whom a server is shared now, managers first."""

    server: ServerView
    all: tuple[Share, ...]
    changed: bool


class Sharing:
    def __init__(self, rows: ServerRows, views: ServerViews, events: ServerEvents) -> None:
        self._rows = rows
        self._views = views
        self._events = events

    async def share(self, actor: Actor, server: str, target: Target, role: ShareRole | None) -> Shares:
        """`role` None: no longer. What is so already changes nothing.

        With everybody as player it is open to all again: whatever players it had go, roles that were deleted too.
        """
        async with self._rows.changing(actor, server, Do.SHARE) as (session, row):
            shares = await self._of(session, row)
            if role is not None:
                _refuse(row, target, role)
            changed = False
            if _is_everybody(row, target):
                goes = [each for each in shares.values() if role is not None and each.role == ShareRole.PLAYER]
                for each in goes:
                    changed = await self._set(session, row, shares, Target(each.target, Sharer(each.kind)), None, actor)
            else:
                changed = await self._set(session, row, shares, target, role, actor)
            return await self._now(session, row, shares, changed=changed)

    async def with_whom(self, actor: Actor, server: str) -> Shares:
        """As it is; for those who may change it."""
        async with self._rows.reading(actor, server, Do.SHARE) as (session, row):
            return await self._now(session, row, await self._of(session, row), changed=False)

    async def put(
        self, actor: Actor, server: str, role: ShareRole, targets: Sequence[Target], *, keep: Collection[int] = ()
    ) -> Shares:
        """These have the role from now on and nobody else; whoever had the other one has it no more. `keep`: who stays
        nevertheless, because nobody could choose them. With everybody as player it is open to all again."""
        async with self._rows.changing(actor, server, Do.SHARE) as (session, row):
            shares = await self._of(session, row)
            for target in targets:
                _refuse(row, target, role)
            if any(_is_everybody(row, target) for target in targets):
                targets, keep = (), ()
            stays = {target.id for target in targets} | set(keep)
            before = {each.target: each.role for each in shares.values()}
            for each in [each for each in shares.values() if each.role == role and each.target not in stays]:
                await self._set(session, row, shares, Target(each.target, Sharer(each.kind)), None, actor)
            for target in targets:
                await self._set(session, row, shares, target, role, actor)
            changed = before != {each.target: each.role for each in shares.values()}
            return await self._now(session, row, shares, changed=changed)

    async def forget_roles(self, actor: Actor, server: str, is_there: Callable[[int], bool]) -> Shares:
        """No longer with roles that were deleted: those that are not there. What had such a role as its only player is
        open to all from now on; nothing but this makes it so."""
        async with self._rows.changing(actor, server, Do.SHARE) as (session, row):
            shares = await self._of(session, row)
            goes = [each for each in shares.values() if each.kind == Sharer.ROLE and not is_there(each.target)]
            for each in goes:
                await self._set(session, row, shares, Target(each.target, Sharer.ROLE), None, actor)
            return await self._now(session, row, shares, changed=bool(goes))

    async def _of(self, session: AsyncSession, row: ServerRow) -> dict[int, ShareRow]:
        found = await session.exec(select(ShareRow).where(ShareRow.server == row.id).order_by(col(ShareRow.target)))
        return {each.target: each for each in found}

    async def _now(
        self, session: AsyncSession, row: ServerRow, shares: dict[int, ShareRow], *, changed: bool
    ) -> Shares:
        ordered = sorted(shares.values(), key=lambda each: each.role != ShareRole.MANAGER)
        now = tuple(Share(each.target, each.kind, each.role) for each in ordered)
        return Shares(await self._views.of(session, row), now, changed)

    async def _set(
        self,
        session: AsyncSession,
        row: ServerRow,
        shares: dict[int, ShareRow],
        target: Target,
        role: ShareRole | None,
        actor: Actor,
    ) -> bool:
        """Whether it was another before."""
        before = shares.get(target.id)
        had, gets = before.role if before else "", str(role or "")
        if had == gets:
            return False
        if before is None and len(shares) >= MOST_SHARES:
            raise BadInput("share.too_many", most=MOST_SHARES)
        if before is not None:
            await session.delete(shares.pop(target.id))
            await session.flush()
        if role is not None:
            shares[target.id] = ShareRow(server=row.id, target=target.id, kind=target.kind, role=role)
            session.add(shares[target.id])
        await self._events.tell(session, row, Shared(target.id, target.kind, had, gets, by=actor.user))
        return True


def _is_everybody(row: ServerRow, target: Target) -> bool:
    """The role that Discord gives to all, @everyone, has the guild's own id."""
    return target.kind is Sharer.ROLE and target.id == row.guild


def _refuse(row: ServerRow, target: Target, role: ShareRole) -> None:
    if target.is_bot:
        raise BadInput("share.bot")
    if target.kind is Sharer.MEMBER and target.id == row.owner:
        raise BadInput("share.owner", name=row.name)
    if _is_everybody(row, target) and role is ShareRole.MANAGER:
        raise BadInput("share.everyone", name=row.name)
