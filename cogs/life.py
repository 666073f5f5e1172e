"""A guild's coming and going: greeted once, in words, where the bot may write; left, when somebody removed the bot.

Discord tells of a removal while it happens. What happened while nobody listened is found when a session begins: its
list has every guild of the shard, also those that are unavailable, so one that is missing was left. That much is at
stake that Discord is asked once more.
"""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import structlog
from discord.ext import commands

from cogs.refusals import Then, in_short, then
from cogs.replies import Interaction, actor_of
from core.guilds.settings import Guilds
from core.queues import Queues
from core.servers.departures import Departures
from core.servers.left_owners import LeftOwners

log = structlog.get_logger()
AGAIN = 10.0  # seconds before what failed is tried again


class LifeCog(commands.Cog):
    """Without `departures`, guilds are greeted and nothing else; without `left_owners`, nobody minds who is back."""

    def __init__(
        self, bot: Any, guilds: Guilds, departures: Departures | None, left_owners: LeftOwners | None = None
    ) -> None:
        self._bot = bot
        self._guilds = guilds
        self._departures = departures
        self._left_owners = left_owners
        self._is_there: dict[int, bool] = {}
        """What Discord told last, until it is written down."""
        self._queues = Queues()

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        await self._note(guild.id, is_there=True)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._note(guild.id, is_there=True)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """discord.py does not call it for a guild that became unavailable."""
        await self._note(guild.id, is_there=False)

    @commands.Cog.listener()
    async def on_shard_ready(self, shard: int) -> None:
        """Look for guilds that were left while nobody listened."""
        listed: frozenset[int] | None = self._bot.listed.get(shard)
        if listed is None or self._departures is None:
            return
        asked: set[int] = set()  # and answered
        while self._bot.listed.get(shard) is listed:
            try:
                for guild in await self._departures.not_among(listed):
                    if guild not in asked and self._of_shard(guild, shard) and await self._has_left(guild):
                        await self._note(guild, is_there=False)
                    asked.add(guild)
                return
            except Exception as wrong:
                log.warning("guilds not compared", why=in_short(wrong))
            await asyncio.sleep(AGAIN)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Whoever asks for something in a guild is in it, also one who had left."""
        if self._left_owners is None or interaction.type is discord.InteractionType.autocomplete:
            return
        try:
            await self._left_owners.seen(actor_of(interaction))
        except Exception as wrong:
            log.info("owner not noted", user=interaction.user.id, why=in_short(wrong))

    def _of_shard(self, guild: int, shard: int) -> bool:
        """https://discord.com/developers/docs/events/gateway#sharding"""
        return bool((guild >> 22) % (self._bot.shard_count or 1) == shard)

    async def _has_left(self, guild: int) -> bool:
        if self._bot.get_guild(guild) is not None:
            return False  # it came since
        try:
            await self._bot.fetch_guild(guild, with_counts=False)
        except discord.HTTPException as refused:
            if then(refused) is Then.DEAD:
                return True
            raise
        return False

    async def _note(self, guild: int, *, is_there: bool) -> None:
        """Write it down, in the order in which Discord tells; again and again while the database is away."""
        self._is_there[guild] = is_there
        async with self._queues.of(guild):
            while self._is_there.get(guild) is is_there:
                try:
                    if is_there:
                        await self._came(guild)
                    elif self._departures is not None:
                        await self._departures.left(guild)
                except Exception as wrong:
                    log.warning("guild not noted", guild=guild, is_there=is_there, why=in_short(wrong))
                else:
                    break
                await asyncio.sleep(AGAIN)

    async def _came(self, guild: int) -> None:
        if self._departures is not None:
            await self._departures.joined(guild)
        await self._guilds.greet(guild)


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
