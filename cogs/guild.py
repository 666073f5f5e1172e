"""`/guild`: setup (channels, roles and the like), status (what it uses), quota (what it may), games (what it offers),
audit (who did what). Every option is optional."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Group, Range, Transform
from discord.ext import commands

from cogs import audit_pages, games, guild_pages, setup
from cogs.choices import LONGEST_CHOICE, MOST_CHOICES
from cogs.places import Place, meet
from cogs.replies import Answer, Interaction, Replies, actor_of, language_of
from cogs.servers import target_of
from cogs.speech import text
from core.errors import BadInput
from core.games.form.model import MOST_VOLUME
from core.guilds.games import Games
from core.guilds.limits import SERVERS_PER_GUILD
from core.guilds.quotas import MOST_MEMORY, MOST_PER_MEMBER, Quotas
from core.guilds.settings import Guilds
from core.servers.audit import Asked, Audit
from core.text import languages, say
from core.zones import suggest_zones

GIB = 2**30
MIB_A_GIB = 1024


class GuildCog(commands.Cog):
    guild = Group(
        name="guild",
        description=text("command.guild"),
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(
        self, guilds: Guilds, quotas: Quotas, games: Games, replies: Replies, audit: Audit | None = None
    ) -> None:
        self._audit = audit
        self._games = games
        self._guilds = guilds
        self._quotas = quotas
        self._replies = replies

    @guild.command(description=text("command.guild.setup"))
    @app_commands.describe(
        server_channel=text("option.server_channel"),
        notice_channel=text("option.notice_channel"),
        admin_role=text("option.admin_role"),
        create_role=text("option.create_role"),
        language=text("option.language"),
        time_zone=text("option.time_zone"),
        names=text("option.names"),
    )
    @app_commands.choices(language=[Choice(name=each, value=each) for each in languages()])
    async def setup(
        self,
        interaction: Interaction,
        server_channel: Transform[Any, Place] | None = None,
        notice_channel: Transform[Any, Place] | None = None,
        admin_role: discord.Role | None = None,
        create_role: discord.Role | None = None,
        language: str | None = None,
        time_zone: Range[str, 1, 60] | None = None,
        names: Literal["yes", "no"] | None = None,
    ) -> None:
        given = {
            "server_channel": server_channel and server_channel.id,
            "notice_channel": notice_channel and notice_channel.id,
            "admin_role": admin_role and admin_role.id,
            "create_role": create_role and create_role.id,
            "language": language,
            "time_zone": time_zone,
            "names": names and names == "yes",
        }

        async def handle() -> Answer:
            chosen = {field: value for field, value in given.items() if value is not None}
            actor, places = actor_of(interaction), [each.id for each in (server_channel, notice_channel) if each]
            await meet(interaction.client, interaction.guild, places)
            if not chosen:
                return setup.shown(interaction, await setup.look(self._guilds, actor))
            return setup.shown(interaction, await setup.change(self._guilds, actor, chosen))

        await self._replies.answer(interaction, handle)

    @setup.autocomplete("time_zone")
    async def _zones(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        async def find() -> list[Choice[str]]:
            return [Choice(name=each, value=each) for each in suggest_zones(typed, most=MOST_CHOICES)]

        return await self._replies.suggest(interaction, find)

    @guild.command(description=text("command.guild.status"))
    async def status(self, interaction: Interaction) -> None:
        async def handle() -> Answer:
            found = await self._quotas.status(actor_of(interaction))
            return guild_pages.status(found, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @guild.command(description=text("command.guild.quota"))
    @app_commands.rename(whom="for")
    @app_commands.describe(
        whom=text("option.for"),
        per_member=text("option.per_member"),
        servers=text("option.servers"),
        memory=text("option.memory"),
        world=text("option.world"),
        storage=text("option.storage"),
        retention=text("option.retention"),
    )
    async def quota(
        self,
        interaction: Interaction,
        whom: discord.Member | discord.Role | None = None,
        per_member: Range[int, 0, MOST_PER_MEMBER] | None = None,
        servers: Range[int, 0, SERVERS_PER_GUILD] | None = None,
        memory: Range[int, 0, MOST_MEMORY // MIB_A_GIB] | None = None,
        world: Range[int, 1, MOST_VOLUME] | None = None,
        storage: Range[int, 1, 1_000_000] | None = None,
        retention: Literal["days", "weeks", "months", "year"] | None = None,
    ) -> None:
        given: dict[str, Any] = {
            "per_member": per_member,
            "servers": servers,
            "memory": None if memory is None else memory * MIB_A_GIB,
            "world": world and world * GIB,
            "storage": storage and storage * GIB,
            "retention": retention,
        }

        async def handle() -> Answer:
            chosen = {field: value for field, value in given.items() if value is not None}
            actor, language = actor_of(interaction), language_of(interaction)
            if whom is None:
                return guild_pages.quota(await self._quotas.set(actor, chosen), language)
            if chosen.keys() - {"per_member", "servers", "memory", "storage"}:
                raise BadInput("quota.only_for_all")
            if per_member is not None and servers is not None and per_member != servers:
                raise BadInput("quota.one_number")
            target = target_of(whom)
            found = await self._quotas.set_for(
                actor,
                target.id,
                target.kind,
                servers=per_member if per_member is not None else servers,
                memory=given["memory"],
                storage=given["storage"],
            )
            return guild_pages.quota_of(found, target.id, target.kind, language)

        await self._replies.answer(interaction, handle)

    @guild.command(description=text("command.guild.games"))
    @app_commands.describe(game=text("option.offered_game"), offered=text("option.offered"))
    async def games(
        self,
        interaction: Interaction,
        game: Range[str, 1, 100] | None = None,
        offered: Literal["yes", "no"] | None = None,
    ) -> None:
        async def handle() -> Answer:
            actor, language = actor_of(interaction), language_of(interaction)
            if game is not None and offered is not None:
                return games.page(await self._games.offer(actor, game, offered=offered == "yes"), language)
            if game is not None:
                return games.page(await self._games.look_at(actor, game), language)
            found = await self._games.look(actor)
            if offered is not None:
                raise BadInput("games.which")
            return games.listing(found, language)

        await self._replies.answer(interaction, handle)

    @games.autocomplete("game")
    async def _suggest_games(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        async def find() -> list[Choice[str]]:
            wanted = typed.strip().casefold()
            found = [each.game for each in await self._games.look(actor_of(interaction))]
            fitting = [game for game in found if wanted in game.name.casefold() or wanted in game.id]
            return [Choice(name=game.name[:LONGEST_CHOICE], value=game.id) for game in fitting[:MOST_CHOICES]]

        return await self._replies.suggest(interaction, find)

    @guild.command(description=text("command.guild.audit"))
    @app_commands.describe(
        member=text("option.member"), server=text("option.audited"), kind=text("option.kind"), days=text("option.days")
    )
    async def audit(
        self,
        interaction: Interaction,
        member: discord.User | None = None,
        server: str | None = None,
        kind: Literal["starts", "changes", "console", "files", "servers", "worlds", "trouble", "guild"] | None = None,
        days: Range[int, 1, 3650] | None = None,
    ) -> None:
        async def handle() -> Answer:
            language = language_of(interaction)
            if self._audit is None:
                return say(language, "old")
            asked = Asked(member.id if member else None, server, kind, days)
            return audit_pages.page(await self._audit.read(actor_of(interaction), asked), language)

        await self._replies.answer(interaction, handle)

    @audit.autocomplete("server")
    async def _servers(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """Also those that were deleted."""

        async def find() -> list[Choice[str]]:
            if self._audit is None:
                return []
            found = await self._audit.suggest(actor_of(interaction), typed, most=MOST_CHOICES)
            gone = say(language_of(interaction), "phase.deleted")
            labels = [(server, f"{name} · {gone}" if deleted else name) for server, name, deleted in found]
            return [Choice(name=label[:LONGEST_CHOICE], value=server) for server, label in labels]

        return await self._replies.suggest(interaction, find)
