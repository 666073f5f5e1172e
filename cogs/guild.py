"""`/guild`: setup (channels, roles, language), status (what it uses), quota (what it may). Every option is optional."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.app_commands import Group, Range
from discord.ext import commands

from cogs import guild_pages, setup
from cogs.replies import Answer, Interaction, Replies, actor_of, language_of
from cogs.speech import text
from core.guilds.limits import SERVERS_PER_GUILD, WORLD_BYTES
from core.guilds.quotas import MOST_PER_MEMBER, Quotas
from core.guilds.settings import Guilds

GIB = 2**30


class GuildCog(commands.Cog):
    guild = Group(
        name="guild",
        description=text("command.guild"),
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, guilds: Guilds, quotas: Quotas, replies: Replies) -> None:
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
    async def setup(
        self,
        interaction: Interaction,
        server_channel: discord.TextChannel | None = None,
        notice_channel: discord.TextChannel | None = None,
        admin_role: discord.Role | None = None,
        create_role: discord.Role | None = None,
        language: Literal["en", "de"] | None = None,
    ) -> None:
        given = {
            "server_channel": server_channel and server_channel.id,
            "notice_channel": notice_channel and notice_channel.id,
            "admin_role": admin_role and admin_role.id,
            "create_role": create_role and create_role.id,
            "language": language,
        }

        async def handle() -> Answer:
            tongue = language_of(interaction)
            chosen = {field: value for field, value in given.items() if value is not None}
            view = await setup.change(self._guilds, actor_of(interaction), chosen)
            return setup.page(view, tongue, setup.missing(interaction, view, tongue))

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
        world: Range[int, 1, WORLD_BYTES // GIB] | None = None,
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
