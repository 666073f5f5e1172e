"""`/guild setup`: the guild's channels, roles and language. Everything is optional."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.app_commands import Group
from discord.ext import commands

from cogs import setup
from cogs.replies import Answer, Interaction, Replies, actor_of, language_of
from cogs.speech import text
from core.guilds.settings import Guilds


class GuildCog(commands.Cog):
    guild = Group(
        name="guild",
        description=text("command.guild"),
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, guilds: Guilds, replies: Replies) -> None:
        self._guilds = guilds
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
