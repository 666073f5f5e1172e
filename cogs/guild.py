"""`/guild setup`: the guild's channels, roles and language. Everything is optional."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import Group
from discord.ext import commands

from cogs.faces import Faces
from cogs.replies import Answer, actor_of, language_of
from core.text import say

_NEEDED = ("view_channel", "send_messages", "read_message_history")


class GuildCog(commands.Cog):
    guild = Group(
        name="guild",
        description="This guild's rules",
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, faces: Faces) -> None:
        self._faces = faces

    @guild.command(description="Channels, roles and language; without options it shows them")
    @app_commands.describe(
        server_channel="Where cards of servers go",
        notice_channel="Where warnings and news go",
        admin_role="Who may do everything, besides those who manage this guild",
        create_role="Who may create servers; without it everyone may",
        language="What is spoken in the channels",
    )
    async def setup(
        self,
        interaction: discord.Interaction[Any],
        server_channel: discord.TextChannel | None = None,
        notice_channel: discord.TextChannel | None = None,
        admin_role: discord.Role | None = None,
        create_role: discord.Role | None = None,
        language: Literal["en", "de"] | None = None,
    ) -> None:
        async def handle() -> Answer:
            view = await self._faces.guilds.setup(
                actor_of(interaction),
                server_channel=server_channel.id if server_channel else None,
                notice_channel=notice_channel.id if notice_channel else None,
                admin_role=admin_role.id if admin_role else None,
                create_role=create_role.id if create_role else None,
                language=language,
            )
            tongue = language_of(interaction)
            unset = say(tongue, "setup.unset")
            text = say(
                tongue,
                "setup.done",
                server_channel=f"<#{view.server_channel}>" if view.server_channel else unset,
                notice_channel=f"<#{view.notice_channel}>" if view.notice_channel else unset,
                admin_role=f"<@&{view.admin_role}>" if view.admin_role else say(tongue, "setup.nobody"),
                create_role=f"<@&{view.create_role}>" if view.create_role else say(tongue, "setup.everyone"),
                language=view.language or "en",
            )
            return "\n".join([text, *_missing(interaction, (view.server_channel, view.notice_channel), tongue)])

        await self._faces.replies.answer(interaction, handle)


def _missing(interaction: discord.Interaction[Any], channels: tuple[int | None, ...], language: str) -> list[str]:
    lines = []
    for number in dict.fromkeys(channel for channel in channels if channel):
        channel = interaction.guild.get_channel(number) if interaction.guild else None
        if channel is None or interaction.guild is None:
            continue
        may = channel.permissions_for(interaction.guild.me)
        lacking = [name.replace("_", " ").title() for name in _NEEDED if not getattr(may, name)]
        if lacking:
            lines.append(say(language, "setup.missing", channel=channel.mention, permissions=", ".join(lacking)))
    return lines
