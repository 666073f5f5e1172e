"""What the faces may ask of servers. Each call checks rights and limits, writes, wakes the controller, and returns."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Mapping

from sqlalchemy import bindparam
from sqlalchemy.orm import load_only
from sqlmodel import col, select

from core.cluster.port import Cluster, InUse
from core.data.tables import GuildRow, ServerRow, ShareRow
from core.errors import ClusterError
from core.guilds.access import NEEDS, Actor, Do, Level, Share, level, may
from core.servers import create, edit, power, remove
from core.servers.desk import Desk
from core.servers.views import ServerView
from core.words import Desired, Phase

MEASURED_WITHIN = 1.0  # seconds: somebody waits for the answer


class Servers:
    """Every method may raise a `core.errors.Refusal`; nothing was changed then. `server` is an id or a typed name."""

    def __init__(self, desk: Desk, cluster: Cluster | None = None) -> None:
        """Without a `cluster` nobody tells what a server uses."""
        self._desk = desk
        self._cluster = cluster

    async def create(
        self, actor: Actor, *, channel: int, game: str, name: str, size: str | None, description: str = ""
    ) -> ServerView:
        return await create.create(
            self._desk, actor, channel=channel, game=game, name=name, size=size, text=description
        )

    async def get(self, actor: Actor, server: str, do: Do = Do.SEE) -> ServerView:
        async with self._desk.database.session() as session:
            return await self._desk.view(session, await self._desk.find(session, actor, server, do))

    async def in_use(self, view: ServerView) -> InUse | None:
        """What a server that runs uses now, within MEASURED_WITHIN; None where that is not known."""
        if self._cluster is None or view.phase not in (Phase.STARTING, Phase.RUNNING):
            return None
        try:
            async with asyncio.timeout(MEASURED_WITHIN):
                return await self._cluster.usage(view.id)
        except (ClusterError, TimeoutError):
            return None

    async def list(self, actor: Actor, *, mine: bool) -> list[ServerView]:
        """The guild's servers by name, or only those that the actor owns. Deleted ones are left out."""
        owner = actor.user if mine or actor.direct else None
        async with self._desk.database.session() as session:
            rows = await self._desk.load_all(session, actor.guild, owner)
            return [await self._desk.view(session, row) for row in rows]

    async def suggest(self, actor: Actor, typed: str, do: Do, *, most: int = 25) -> builtins.list[tuple[str, str]]:
        """Pairs of id and label, only servers that the actor may `do` this to, those that begin so first."""
        wanted = typed.strip().casefold()
        async with self._desk.database.session() as session:
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
        fitting = [row for row, role in found if may(do, level(actor, row.owner, shares.get(row.id, []), role))]
        fitting.sort(key=lambda row: not row.name.casefold().startswith(wanted))
        return [(row.id, f"{row.name} · {self._game(row.game)} · {row.phase}") for row in fitting[:most]]

    def _game(self, game: str) -> str:
        found = self._desk.catalogue.get(game)
        return found.name if found else game

    async def resume(self, actor: Actor, server: str) -> ServerView:
        return await power.resume(self._desk, actor, server)

    async def pause(self, actor: Actor, server: str) -> ServerView:
        return await power.pause(self._desk, actor, server)

    async def restart(self, actor: Actor, server: str) -> ServerView:
        return await power.restart(self._desk, actor, server)

    async def keep(self, actor: Actor, server: str, hours: int = 1) -> ServerView:
        return await power.keep(self._desk, actor, server, hours)

    async def set_idle(
        self, actor: Actor, server: str, *, minutes: int | None, warn: int | None, voice: int | None, vote: bool | None
    ) -> ServerView:
        return await edit.set_idle(self._desk, actor, server, minutes=minutes, warn=warn, voice=voice, vote=vote)

    async def edit(self, actor: Actor, server: str, changes: Mapping[str, str]) -> ServerView:
        return await edit.edit(self._desk, actor, server, changes)

    async def delete(self, actor: Actor, server: str, typed_name: str) -> ServerView:
        return await remove.delete(self._desk, actor, server, typed_name)

    async def undo(self, actor: Actor, server: str) -> ServerView:
        return await remove.undo(self._desk, actor, server)


_shown = (
    select(ServerRow, GuildRow.admin_role)
    .options(load_only(*map(col, (ServerRow.name, ServerRow.owner, ServerRow.game, ServerRow.phase))))  # type: ignore[arg-type]
    .outerjoin(GuildRow, col(GuildRow.id) == ServerRow.guild)
    .where(col(ServerRow.guild) == bindparam("guild"), col(ServerRow.phase) != Phase.DELETED)
    .order_by(col(ServerRow.name_key))
    .limit(500)
)
_SUGGESTED = {True: _shown, False: _shown.where(col(ServerRow.desired) != Desired.DELETED)}
"""By whether deleted servers are among them."""
