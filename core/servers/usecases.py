"""What the faces may ask of servers. Each call checks rights and limits, writes, wakes the controller, and returns."""

from __future__ import annotations

import builtins
from collections.abc import Mapping

from sqlmodel import col, select

from core.data.tables import GuildRow, MemberRow, PortRow, ServerRow, ShareRow
from core.guilds.access import Actor, Do, Share, level, may
from core.servers import create, edit, power, remove
from core.servers.desk import Desk
from core.servers.views import ServerView
from core.words import Desired, Phase


class Servers:
    """Every method may raise a `core.errors.Refusal`; nothing was changed then. `server` is an id or a typed name."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def create(
        self, actor: Actor, *, channel: int, game: str, name: str, size: str | None, description: str = ""
    ) -> ServerView:
        return await create.create(
            self._desk, actor, channel=channel, game=game, name=name, size=size, text=description
        )

    async def get(self, actor: Actor, server: str, do: Do = Do.SEE) -> ServerView:
        async with self._desk.database.session() as session:
            return await self._desk.view(session, await self._desk.find(session, actor, server, do))

    async def list(self, actor: Actor, *, mine: bool) -> list[ServerView]:
        """The guild's servers by name, or only those that the actor owns. Deleted ones are left out."""
        query = select(ServerRow).where(ServerRow.guild == actor.guild, ServerRow.desired != Desired.DELETED)
        if mine or actor.direct:
            query = query.where(ServerRow.owner == actor.user)
        async with self._desk.database.session() as session:
            rows = list(await session.exec(query.order_by(col(ServerRow.name_key)).limit(200)))
            guild = await session.get(GuildRow, actor.guild)
            ports: dict[str, builtins.list[PortRow]] = {}
            ids = [row.id for row in rows]
            for port in await session.exec(select(PortRow).where(col(PortRow.server).in_(ids))):
                ports.setdefault(port.server, []).append(port)
            owners = await session.exec(select(MemberRow).where(MemberRow.guild == actor.guild))
            names = {member.user: member.name for member in owners}
        return [self._desk.make_view(row, ports.get(row.id, []), guild, names.get(row.owner, "")) for row in rows]

    async def suggest(self, actor: Actor, typed: str, do: Do, *, most: int = 25) -> builtins.list[tuple[str, str]]:
        """Pairs of id and label, only servers that the actor may `do` this to, those that begin so first."""
        wanted = typed.strip().casefold()
        query = select(ServerRow).where(ServerRow.guild == actor.guild, ServerRow.phase != Phase.DELETED)
        if do is not Do.SEE:
            query = query.where(ServerRow.desired != Desired.DELETED)
        async with self._desk.database.session() as session:
            rows = list(await session.exec(query.order_by(col(ServerRow.name_key)).limit(500)))
            guild = await session.get(GuildRow, actor.guild)
            shares: dict[str, builtins.list[Share]] = {}
            ids = [row.id for row in rows]
            for share in await session.exec(select(ShareRow).where(col(ShareRow.server).in_(ids))):
                shares.setdefault(share.server, []).append(Share(share.target, share.kind, share.role))
        role = guild.admin_role if guild else None
        fitting = [
            row
            for row in rows
            if wanted in row.name.casefold() and may(do, level(actor, row.owner, shares.get(row.id, []), role))
        ]
        fitting.sort(key=lambda row: not row.name.casefold().startswith(wanted))
        games = {row.id: self._desk.game(row) for row in fitting}
        return [
            (row.id, f"{row.name} · {game.name if (game := games[row.id]) else row.game} · {row.phase}")
            for row in fitting[:most]
        ]

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
