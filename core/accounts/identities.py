"""Who somebody is at the OpenID provider, linked to the Discord user that they are: one to one.

What the provider told of app roles and groups holds for TOLD_FOR: a provider tells nobody when somebody loses one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.accounts.claims import Identity
from core.data.database import Database, insert_missing
from core.data.tables import IdentityRow, SessionRow
from core.errors import NotAllowed, NotFound, TryAgain

log = structlog.get_logger()

TOLD_FOR = timedelta(hours=24)
AGAIN_EVERY = timedelta(minutes=5)
"""So exactly is it kept when something was told that had been told before."""


@dataclass(frozen=True, slots=True)
class Linked:
    """`user_name` as Discord called them when they linked; `told_until`: so long holds what was told of roles."""

    user: int
    user_name: str
    name: str
    organisation: str
    linked_at: datetime
    told_until: datetime
    roles: tuple[str, ...] = ()
    groups: int = 0


class Identities:
    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def of(self, user: int) -> Linked | None:
        async with self._database.session() as session:
            row = await _of_user(session, user)
        return _linked(row) if row is not None else None

    async def link(self, user: int, user_name: str, identity: Identity) -> Linked:
        """The same twice is one link. NotAllowed where either of the two is linked to somebody else."""
        now = self._now()
        fresh = IdentityRow(
            issuer=identity.issuer,
            subject=identity.subject,
            user=user,
            user_name=user_name,
            told_at=now,
            linked_at=now,
        )
        async with self._database.begin() as session:
            theirs = await _of_user(session, user)
            if theirs is not None and (theirs.issuer, theirs.subject) != (identity.issuer, identity.subject):
                raise NotAllowed("link.you_are_linked", name=theirs.name, organisation=theirs.organisation)
            try:
                await insert_missing(session, fresh)
            except IntegrityError:  # this person links another one at this moment
                raise TryAgain("link.at_once") from None
            row = await session.get(IdentityRow, (identity.issuer, identity.subject), with_for_update=True)
            if row is None or row.user != user:
                raise NotAllowed("link.taken", name=identity.name, organisation=identity.organisation)
            row.user_name = user_name
            _tell(row, identity, now)
            session.add(row)
            linked = _linked(row)
        log.info("linked", user=user, issuer=identity.issuer)
        return linked

    async def unlink(self, user: int) -> Linked:
        """Signed out everywhere, too: a browser may have come in by that identity. NotFound where they are linked to
        nobody."""
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            row = await _of_user(session, user, lock=True)
            if row is None:
                raise NotFound("link.none")
            await session.delete(row)
            await (await session.connection()).execute(delete(SessionRow).where(col(SessionRow.user) == user))
            linked = _linked(row)
        log.info("unlinked", user=user, issuer=row.issuer)
        return linked

    async def told(self, identity: Identity) -> Linked | None:
        """The provider told of somebody just now. None: nobody linked themselves to that."""
        now, key = self._now(), (identity.issuer, identity.subject)
        async with self._database.session() as session:
            row = await session.get(IdentityRow, key)
        if row is None:
            return None
        same = frozenset(row.roles) == identity.roles and frozenset(row.groups) == identity.groups
        if same and timedelta() <= now - row.told_at < AGAIN_EVERY:
            return _linked(row)
        async with self._database.begin() as session:
            row = await session.get(IdentityRow, key, with_for_update=True)
            if row is None:
                return None
            _tell(row, identity, now)
            session.add(row)
            return _linked(row)


def granted(row: IdentityRow, now: datetime) -> frozenset[str]:
    """What of guilds' rules this identity meets now."""
    if not timedelta() <= now - row.told_at < TOLD_FOR:
        return frozenset()
    told = Identity(row.issuer, row.subject, roles=frozenset(row.roles), groups=frozenset(row.groups))
    return told.grants


async def _of_user(session: AsyncSession, user: int, *, lock: bool = False) -> IdentityRow | None:
    query = select(IdentityRow).where(IdentityRow.user == user)
    return (await session.exec(query.with_for_update() if lock else query)).first()


def _tell(row: IdentityRow, identity: Identity, now: datetime) -> None:
    row.name, row.organisation = identity.name, identity.organisation
    row.roles, row.groups, row.told_at = sorted(identity.roles), sorted(identity.groups), now


def _linked(row: IdentityRow) -> Linked:
    return Linked(
        user=row.user,
        user_name=row.user_name,
        name=row.name,
        organisation=row.organisation,
        linked_at=row.linked_at,
        told_until=row.told_at + TOLD_FOR,
        roles=tuple(row.roles),
        groups=len(row.groups),
    )
