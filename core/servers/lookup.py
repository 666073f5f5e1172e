"""Reading servers for the faces: one server, a list, suggestions while somebody types, what a server uses now."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import bindparam
from sqlalchemy.orm import load_only
from sqlmodel import col, select

from core.cluster.port import Cluster, InUse
from core.data.database import Database
from core.data.tables import GuildRow, MemberRow, ServerRow, ShareRow
from core.errors import ClusterError
from core.games.catalogue import Catalogue
from core.guilds.access import NEEDS, Actor, Do, Level, Owned, Rights, Rules, Share, judge
from core.guilds.quotas import rules_of
from core.servers import names
from core.servers.rows import ServerRows
from core.servers.views import ServerView, ServerViews
from core.words import Desired, Phase

MEASURED_WITHIN = 1.0  # seconds: somebody waits for the answer


class Suggestion(NamedTuple):
    id: str
    name: str
    game: str  # as people call it
    phase: Phase


class Lookup:
    """Without a `cluster`, `in_use` knows nothing."""

    def __init__(
        self, database: Database, catalogue: Catalogue, rows: ServerRows, views: ServerViews, cluster: Cluster | None
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._rows = rows
        self._views = views
        self._cluster = cluster

    async def guild_of(self, server: str) -> int | None:
        """Of a server by id, whoever asks: for a face that is not told in which guild somebody acts."""
        async with self._database.session() as session:
            return (await session.exec(select(ServerRow.guild).where(ServerRow.id == server))).first()

    async def get(self, actor: Actor, server: str, do: Do = Do.SEE) -> ServerView:
        async with self._database.session() as session:
            return await self._views.of(session, await self._rows.find(session, actor, server, do))

    async def get_with_rights(self, actor: Actor, server: str) -> tuple[ServerView, Rights]:
        """A server, and what this actor may do to it."""
        async with self._database.session() as session:
            row = await self._rows.find(session, actor, server, Do.SEE)
            return await self._views.of(session, row), await self._rows.rights(session, actor, row)

    async def list(self, actor: Actor, *, mine: bool) -> list[ServerView]:
        """The guild's servers by name, or only those that the actor owns. Deleted ones are left out."""
        owner = actor.user if mine or actor.direct else None
        async with self._database.session() as session:
            rows = await self._rows.load_all(session, actor.guild, owner)
            return await self._views.all(session, rows)

    async def list_with_rights(self, actor: Actor, *, mine: bool) -> builtins.list[tuple[ServerView, Rights]]:
        """As `list`, each with what this actor may do to it."""
        async with self._database.session() as session:
            rows = await self._rows.load_all(session, actor.guild, actor.user if mine or actor.direct else None)
            views = await self._views.all(session, rows)
            return list(zip(views, await self._rows.rights_to_all(session, actor, rows), strict=True))

    async def names(self, guild: int, users: Iterable[int]) -> dict[int, str]:
        """How these members were called when they were last seen in the guild; nobody knows all."""
        theirs = (MemberRow.guild == guild, col(MemberRow.user).in_(set(users)))
        async with self._database.session() as session:
            return dict((await session.exec(select(MemberRow.user, MemberRow.name).where(*theirs))).all())

    async def deleted(self, actor: Actor) -> builtins.list[ServerView]:
        """What the actor may bring back or let go of, for an admin in the whole guild: the next to go first."""
        async with self._database.session() as session:
            rows = await self._rows.load_deleted(session, actor.guild)
            rules = rules_of(await session.get(GuildRow, actor.guild))
            mine = [row for row in rows if judge(actor, Do.DELETE, rules, Owned(row.guild, row.owner)) is None]
            return await self._views.all(session, mine)

    async def suggest(self, actor: Actor, typed: str, do: Do, *, most: int = 25) -> builtins.list[Suggestion]:
        """Servers to which the actor may `do` this, those that begin with `typed` first."""
        wanted = names.spaced(typed).casefold()
        async with self._database.session() as session:
            query = _SUGGESTED[do is Do.SEE]
            found = [
                (row, admin_role)
                for row, admin_role in await session.exec(query, params={"guild": actor.guild})
                if wanted in row.name.casefold()
            ]
            shares: dict[str, builtins.list[Share]] = {}
            if NEEDS[do] is not Level.NOBODY:
                ids = [row.id for row, _ in found]
                for share in await session.exec(select(ShareRow).where(col(ShareRow.server).in_(ids))):
                    shares.setdefault(share.server, []).append(Share(share.target, share.kind, share.role))
        fitting = [
            row
            for row, role in found
            if judge(actor, do, Rules(role), Owned(row.guild, row.owner, shares=tuple(shares.get(row.id, ())))) is None
        ]
        fitting.sort(key=lambda row: not row.name.casefold().startswith(wanted))
        return [Suggestion(row.id, row.name, self._game(row.game), Phase(row.phase)) for row in fitting[:most]]

    async def in_use(self, view: ServerView) -> InUse | None:
        """What a server that runs uses now, within MEASURED_WITHIN; None where that is not known."""
        if self._cluster is None or view.phase not in (Phase.STARTING, Phase.RUNNING):
            return None
        try:
            async with asyncio.timeout(MEASURED_WITHIN):
                return await self._cluster.usage(view.id)
        except (ClusterError, TimeoutError):
            return None

    def _game(self, game: str) -> str:
        found = self._catalogue.get(game)
        return found.name if found else game


_shown = (
    select(ServerRow, GuildRow.admin_role)
    .options(load_only(*map(col, (ServerRow.name, ServerRow.guild, ServerRow.owner, ServerRow.game, ServerRow.phase))))  # type: ignore[arg-type]
    .outerjoin(GuildRow, col(GuildRow.id) == ServerRow.guild)
    .where(col(ServerRow.guild) == bindparam("guild"), col(ServerRow.phase) != Phase.DELETED)
    .order_by(col(ServerRow.name_key))
    .limit(500)
)
_SUGGESTED = {True: _shown, False: _shown.where(col(ServerRow.desired) != Desired.DELETED)}
"""By whether deleted servers are among them."""
