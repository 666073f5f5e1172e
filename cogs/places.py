"""Where cards and notices may stand: text channels, threads and forums.

discord.py forgets a thread when it is archived, as if it had been deleted. Those that a guild's rules name stay known.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import discord
import structlog
from discord import AppCommandOptionType, ChannelType, app_commands
from discord.ext import commands

from cogs.refusals import in_short
from core.errors import Refusal
from core.guilds.settings import Guilds

log = structlog.get_logger()
KINDS = [ChannelType.text, ChannelType.news, ChannelType.public_thread, ChannelType.news_thread, ChannelType.forum]


class Place(app_commands.Transformer):
    """An option of a command: any such place, archived threads too."""

    @property
    def type(self) -> AppCommandOptionType:
        return AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[ChannelType]:
        return KINDS

    async def transform(self, interaction: Any, value: Any, /) -> Any:
        if not isinstance(value, app_commands.AppCommandChannel | app_commands.AppCommandThread):
            raise app_commands.TransformerError(value, self.type, self)
        return value


class PlaceCog(commands.Cog):
    def __init__(self, bot: Any, guilds: Guilds) -> None:
        self._bot = bot
        self._guilds = guilds

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        await meet(self._bot, guild, await self._named(guild.id))

    @commands.Cog.listener()
    async def on_thread_update(self, _before: discord.Thread, after: discord.Thread) -> None:
        if after.archived and after.id in await self._named(after.guild.id):
            after.guild._add_thread(after)

    async def _named(self, guild: int) -> list[int]:
        """None where the database does not tell: then an archived thread is asked for when it is written to."""
        try:
            rules = await self._guilds.get(guild)
        except Refusal:
            return []
        return [chosen for chosen in (rules.server_channel, rules.notice_channel) if chosen is not None]


async def meet(client: discord.Client, guild: discord.Guild | None, places: Iterable[int]) -> None:
    """Let discord.py know the archived threads among these. What is gone stays unknown."""
    for place in places:
        if guild is None or guild.get_channel_or_thread(place) is not None:
            continue
        try:
            found = await client.fetch_channel(place)
        except (discord.DiscordException, OSError) as wrong:
            log.info("place not found", guild=guild.id, place=place, why=in_short(wrong))
            continue
        if isinstance(found, discord.Thread) and found.guild == guild:
            guild._add_thread(found)
