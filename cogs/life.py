"""A guild's coming and going: greeted once, in words, where the bot may write."""

from __future__ import annotations

import discord
from discord.ext import commands

from core.guilds.settings import Guilds


class LifeCog(commands.Cog):
    def __init__(self, guilds: Guilds) -> None:
        self._guilds = guilds

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        await self._guilds.greet(guild.id)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._guilds.greet(guild.id)


def greeting_places(guild: discord.Guild | None) -> list[int]:
    """Channels to greet in, best first: the guild's system channel, then any where the bot may write."""
    if guild is None:
        return []
    system = [guild.system_channel] if guild.system_channel else []
    return [
        channel.id
        for channel in dict.fromkeys([*system, *guild.text_channels])
        if (may := channel.permissions_for(guild.me)).view_channel and may.send_messages
    ][:3]
