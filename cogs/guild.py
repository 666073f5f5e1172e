"""`/guild`: setup (channels, roles, language), status (what it uses), quota (what it may), audit (who did what). Every
option is optional."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Group, Range, Transform
from discord.ext import commands

from cogs import audit_pages, guild_pages, setup
from cogs.choices import LONGEST_CHOICE, MOST_CHOICES
from cogs.places import Place, meet
from cogs.replies import Answer, Interaction, Replies, actor_of, language_of
from cogs.speech import text
from core.games.catalogue import MOST_VOLUME
from core.guilds.limits import SERVERS_PER_GUILD
from core.guilds.quotas import MOST_PER_MEMBER, Quotas
from core.guilds.settings import Guilds
from core.servers.audit import Asked, Audit
from core.text import languages, say

GIB = 2**30


class GuildCog(commands.Cog):
    guild = Group(
        name="guild",
        description=text("command.guild"),
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, guilds: Guilds, quotas: Quotas, replies: Replies, audit: Audit | None = None) -> None:
        self._audit = audit
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
    ) -> None:
        given = {
            "server_channel": server_channel and server_channel.id,
            "notice_channel": notice_channel and notice_channel.id,
            "admin_role": admin_role and admin_role.id,
            "create_role": create_role and create_role.id,
            "language": language,
        }

        async def handle() -> Answer:
            chosen = {field: value for field, value in given.items() if value is not None}
            await meet(
                interaction.client, interaction.guild, [each.id for each in (server_channel, notice_channel) if each]
            )
            view = await setup.change(self._guilds, actor_of(interaction), chosen)
            return setup.shown(interaction, view)

        await self._replies.answer(interaction, handle)

    @guild.command(description=text("command.guild.status"))
    async def status(self, interaction: Interaction) -> None:
        async def handle() -> Answer:
            found = await self._quotas.status(actor_of(interaction))
            return guild_pages.status(found, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @guild.command(description=text("command.guild.quota"))
    @app_commands.describe(
        per_member=text("option.per_member"),
        servers=text("option.servers"),
        world=text("option.world"),
        storage=text("option.storage"),
        retention=text("option.retention"),
    )
    async def quota(
        self,
        interaction: Interaction,
        per_member: Range[int, 0, MOST_PER_MEMBER] | None = None,
        servers: Range[int, 0, SERVERS_PER_GUILD] | None = None,
        world: Range[int, 1, MOST_VOLUME] | None = None,
        storage: Range[int, 1, 1_000_000] | None = None,
        retention: Literal["days", "weeks", "months", "year"] | None = None,
    ) -> None:
        given = {
            "per_member": per_member,
            "servers": servers,
            "world": world and world * GIB,
            "storage": storage and storage * GIB,
            "retention": retention,
        }

        async def handle() -> Answer:
            chosen = {field: value for field, value in given.items() if value is not None}
            found = await self._quotas.set(actor_of(interaction), chosen)
            return guild_pages.quota(found, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @guild.command(description=text("command.guild.audit"))
    @app_commands.describe(
        member=text("option.member"), server=text("option.audited"), kind=text("option.kind"), days=text("option.days")
    )
    async def audit(
        self,
        interaction: Interaction,
        member: discord.User | None = None,
        server: str | None = None,
        kind: Literal["starts", "changes", "servers", "worlds", "trouble", "guild"] | None = None,
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
