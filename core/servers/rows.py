"""Finding and changing a server's row: for an actor, as far as its rights reach, or for work on all servers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.changes import Changes
from core.data.database import Database, insert_missing
from core.data.tables import GuildRow, MemberRow, PortRow, QuotaRow, ServerRow, ShareRow
from core.errors import Refusal
from core.guilds.access import OF_DELETED, Actor, Do, Level, Owned, Rights, Rules, Share, judge, rights, shares_matter
from core.guilds.limits import Limits, Quota, for_member
from core.guilds.quotas import limits_of, rules_of
from core.servers import names
from core.servers.host_rules import HostRules
from core.servers.settled import settle
from core.words import ADMINS, Desired, Phase, Sharer, is_server_id

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class RowContext:
    """What is read together with a server's row, because views and refusals need it too."""

    ports: list[PortRow]
    guild: GuildRow | None
    owner_name: str  # as last seen; empty if never


class ServerRows:
    """Holds no state of its own."""

    def __init__(self, database: Database, changes: Changes, rules: HostRules, now: Callable[[], datetime]) -> None:
        self._database = database
        self._changes = changes
        self._rules = rules
        self._now = now

    # reading

    async def find(self, session: AsyncSession, actor: Actor, server: str, do: Do, *, lock: bool = False) -> ServerRow:
        """The server with this id or typed name, or the one of that name that was deleted last and can be brought back.

        NotFound also for another guild's server; NotAllowed says who may; another Refusal where it is deleted.
        """
        row = None
        for way, wanted in _ways(server):
            wanted |= {"guild": actor.guild} | ({"owner": actor.user} if actor.direct else {})
            row = row or await self._load(session, _find(way, owned=actor.direct, lock=lock), wanted)
        if row is None or row.phase == Phase.DELETED:
            refused = judge(actor, do, Rules())
        else:
            if do not in OF_DELETED:
                await self.refuse_deleted(session, row)
            refused = await self._judge(session, actor, do, row)
        if refused is not None:
            raise refused
        assert row is not None
        return row

    async def refuse_deleted(self, session: AsyncSession, row: ServerRow) -> None:
        """Says until when it can be brought back, and by whom."""
        if row.desired != Desired.DELETED:
            return
        if row.purge_at is None or row.purge_at <= self._now():
            raise Refusal("undo.too_late", name=row.name)
        owner = (await self.context(session, row)).owner_name
        who = Rights(Level.NOBODY, owner, owned=row.owner != ADMINS).who(Do.UNDO)
        raise Refusal("server.deleted", name=row.name, until=row.purge_at, who=who)

    async def rights(self, session: AsyncSession, actor: Actor, row: ServerRow) -> Rights:
        return (await self.rights_to_all(session, actor, [row]))[0]

    async def rights_to_all(self, session: AsyncSession, actor: Actor, rows: Sequence[ServerRow]) -> list[Rights]:
        """Of each, in order. One question about shares for all of those that some share may change."""
        contexts = [await self.context(session, row) for row in rows]

        def judged(row: ServerRow, context: RowContext, shares: Iterable[Share] = ()) -> Rights:
            admin_role = context.guild.admin_role if context.guild else None
            return rights(actor, row.owner, shares, admin_role, owner_name=context.owner_name)

        alone = [judged(row, context) for row, context in zip(rows, contexts, strict=True)]
        open_to_shares = [row.id for row, each in zip(rows, alone, strict=True) if each.level < Level.OWNER]
        if not open_to_shares:
            return alone
        shares = defaultdict[str, list[Share]](list)
        for each in await session.exec(select(ShareRow).where(col(ShareRow.server).in_(open_to_shares))):
            shares[each.server].append(Share(each.target, each.kind, each.role))
        return [judged(row, context, shares[row.id]) for row, context in zip(rows, contexts, strict=True)]

    async def load(self, session: AsyncSession, server: str) -> ServerRow | None:
        """A server by id, without a check of rights. Its context is read with it."""
        return await self._load(session, _LOADED, {"server": server})

    async def load_all(self, session: AsyncSession, guild: int, owner: int | None = None) -> list[ServerRow]:
        """The servers of the guild, or of one owner there, that are not deleted: by name, at most MOST_LISTED."""
        wanted = {"guild": guild} | ({} if owner is None else {"owner": owner})
        return await self._load_all(session, _list(owned=owner is not None), wanted)

    async def load_deleted(self, session: AsyncSession, guild: int) -> list[ServerRow]:
        """The guild's servers that can still be brought back, those whose time is over next first."""
        return await self._load_all(session, _DELETED, {"guild": guild})

    async def context(self, session: AsyncSession, row: ServerRow) -> RowContext:
        """Read once in a session: with the row, or now."""
        if (_CONTEXT, row.id) not in session.info:
            await self.load(session, row.id)
        found: RowContext = session.info[_CONTEXT, row.id]
        return found

    async def limits(self, session: AsyncSession, guild: int, *, lock: bool = False) -> Limits:
        """The guild's limits. `lock`: nobody else can use up what is left of them until this transaction ends."""
        if lock:
            await insert_missing(session, GuildRow(id=guild))
        return limits_of(await session.get(GuildRow, guild, with_for_update=lock), self._rules.guild_storage)

    async def limits_of(
        self, session: AsyncSession, guild: int, owner: int, actor: Actor | None, *, lock: bool = False
    ) -> Limits:
        """Likewise as they are for one member, judged by the actor's roles. `actor` None: nobody asks. The role that
        everybody has (its id is the guild's) counts whoever acts."""
        limits = await self.limits(session, guild, lock=lock)
        targets = {owner, guild, *(actor.roles if actor else ())}
        query = select(QuotaRow).where(col(QuotaRow.guild) == guild, col(QuotaRow.target).in_(targets))
        query = query.execution_options(populate_existing=True)  # as it is behind the lock
        own, roles = None, list[Quota]()
        for row in await session.exec(query):
            quota = Quota(row.servers, row.memory, row.storage)
            if row.kind == Sharer.ROLE:
                roles.append(quota)
            elif row.target == owner:
                own = quota
        return for_member(limits, own, roles)

    async def running(self, session: AsyncSession, guild: int) -> list[ServerRow]:
        """The guild's servers that are to run."""
        query = select(ServerRow).where(col(ServerRow.guild) == guild, col(ServerRow.desired) == Desired.RUNNING)
        return list(await session.exec(query))

    async def count(self, session: AsyncSession, guild: int, owner: int | None = None, *, deleted: bool = False) -> int:
        """How many servers one owner or the whole guild has. `deleted`: how many of those can still be brought back."""
        query = select(func.count()).where(col(ServerRow.guild) == guild)
        if deleted:
            query = query.where(col(ServerRow.desired) == Desired.DELETED, col(ServerRow.phase) != Phase.DELETED)
        else:
            query = query.where(col(ServerRow.desired) != Desired.DELETED)
        if owner is not None:
            query = query.where(col(ServerRow.owner) == owner)
        return int((await session.exec(query)).one())

    @asynccontextmanager
    async def reading(self, actor: Actor, server: str, do: Do) -> AsyncIterator[tuple[AsyncSession, ServerRow]]:
        """One server, for an actor who may `do` this."""
        async with self._database.session() as session:
            yield session, await self.find(session, actor, server, do)

    # changing

    @asynccontextmanager
    async def changing(self, actor: Actor, server: str, do: Do) -> AsyncIterator[tuple[AsyncSession, ServerRow]]:
        """One transaction on one locked server, for an actor who may `do` this. Controller and cards wake after it."""
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            row = await self.find(session, actor, server, do, lock=True)
            if not (actor.user == row.owner and actor.name == (await self.context(session, row)).owner_name):
                await self.remember_member(session, actor)
            settle(row, self._now())
            row.changed_at = self._now()
            session.add(row)
            yield session, row
        self._changes.tell(row.id)

    async def remember_member(self, session: AsyncSession, actor: Actor) -> None:
        """Keep the name that the actor goes by now."""
        if not actor.name:
            return
        found = await session.get(MemberRow, (actor.guild, actor.user))
        if found is None or found.name != actor.name:
            row = MemberRow(guild=actor.guild, user=actor.user, name=actor.name)
            await insert_missing(session, row, update=("name",))

    # helpers

    async def _load(self, session: AsyncSession, query: Any, wanted: dict[str, Any]) -> ServerRow | None:
        return next(iter(await self._load_all(session, query, wanted)), None)

    async def _load_all(self, session: AsyncSession, query: Any, wanted: dict[str, Any]) -> list[ServerRow]:
        rows: dict[str, ServerRow] = {}
        for row, guild, owner, port in await session.exec(query, params=wanted):
            if row.id not in rows:
                rows[row.id] = row
                session.info[_CONTEXT, row.id] = RowContext([], guild, owner or "")
            if port is not None:
                session.info[_CONTEXT, row.id].ports.append(port)
        return list(rows.values())

    async def _judge(self, session: AsyncSession, actor: Actor, do: Do, row: ServerRow) -> Refusal | None:
        context = await self.context(session, row)
        rules, server = rules_of(context.guild), Owned(row.guild, row.owner, row.name, context.owner_name)
        if shares_matter(actor, do, rules, server):
            found = await session.exec(select(ShareRow).where(ShareRow.server == row.id))
            server = replace(server, shares=tuple(Share(share.target, share.kind, share.role) for share in found))
        return judge(actor, do, rules, server)


class _Way(Enum):
    ID = "by its id"
    NAME = "by its name"
    DELETED_NAME = "by the name that it had when it was deleted"


def _ways(server: str) -> list[tuple[_Way, dict[str, Any]]]:
    """What a server may be meant by: an id, where it looks like one, or a name, which may look like an id."""
    key = names.key(server)
    by_id: list[tuple[_Way, dict[str, Any]]] = [(_Way.ID, {"server": server})] if is_server_id(server) else []
    return [*by_id, (_Way.NAME, {"key": key}), (_Way.DELETED_NAME, {"key": key})]


# One statement for a server and its context, made once: on an interaction's way each one more is a millisecond.

_CONTEXT = "context"
_WHOLE = (
    select(ServerRow, GuildRow, MemberRow.name, PortRow)
    .outerjoin(GuildRow, col(GuildRow.id) == ServerRow.guild)
    .outerjoin(MemberRow, and_(col(MemberRow.guild) == ServerRow.guild, col(MemberRow.user) == ServerRow.owner))
    .outerjoin(PortRow, col(PortRow.server) == ServerRow.id)
)
_LOADED = _WHOLE.where(col(ServerRow.id) == bindparam("server"))
_IN_GUILD = _WHOLE.where(col(ServerRow.guild) == bindparam("guild"))
_ALL_DELETED = _IN_GUILD.where(
    col(ServerRow.desired) == Desired.DELETED,
    col(ServerRow.phase) != Phase.DELETED,
    col(ServerRow.purge_at).is_not(None),
)
_DELETED = _ALL_DELETED.order_by(col(ServerRow.purge_at), col(ServerRow.id))


@cache
def _list(*, owned: bool) -> Any:
    listed = select(ServerRow.id).where(
        col(ServerRow.guild) == bindparam("guild"), col(ServerRow.desired) != Desired.DELETED
    )
    if owned:
        listed = listed.where(col(ServerRow.owner) == bindparam("owner"))
    listed = listed.order_by(col(ServerRow.name_key)).limit(MOST_LISTED)
    return _WHOLE.where(col(ServerRow.id).in_(listed)).order_by(col(ServerRow.name_key))


@cache
def _find(way: _Way, *, owned: bool, lock: bool) -> Any:
    match way:
        case _Way.ID:
            query = _IN_GUILD.where(col(ServerRow.id) == bindparam("server"))
        case _Way.NAME:
            named = (col(ServerRow.name_key) == bindparam("key"), col(ServerRow.desired) != Desired.DELETED)
            query = _IN_GUILD.where(*named)
        case _Way.DELETED_NAME:
            query = _ALL_DELETED.where(col(ServerRow.name_key) == bindparam("key"))
            query = query.order_by(col(ServerRow.purge_at).desc(), col(ServerRow.id))
    if owned:  # who left the guild has no say from afar
        query = query.where(col(ServerRow.owner) == bindparam("owner"), col(ServerRow.owner_gone_since).is_(None))
    return query.with_for_update(of=ServerRow) if lock else query
