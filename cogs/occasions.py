"""What a guild plans: Discord's scheduled events, told to core.idle.occasions.

Discord tells of each change while it happens; what happened while nobody listened is in the guild that a session begins
with. Either is only a hint: the list is read anew, because discord.py keeps events that were deleted meanwhile. While
Discord does not answer nothing is changed, and it is asked again.
"""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import structlog
from discord.ext import commands

from cogs.refusals import Then, in_short, then
from core.guilds.access import Actor
from core.idle.occasions import Occasion, Occasions
from core.queues import Queues

log = structlog.get_logger()
AGAIN = 10.0  # seconds before what failed is tried again
PLANNED = (discord.EventStatus.scheduled, discord.EventStatus.active)


class OccasionCog(commands.Cog):
    def __init__(self, bot: Any, occasions: Occasions) -> None:
        self._bot = bot
        self._occasions = occasions
        self._news: set[int] = set()
        """Guilds of which something was told that is not written down."""
        self._queues = Queues()

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        await self._note(guild.id)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._note(guild.id)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """discord.py does not call it for a guild that became unavailable."""
        await self._note(guild.id)

    @commands.Cog.listener()
    async def on_scheduled_event_create(self, event: discord.ScheduledEvent) -> None:
        await self._note(event.guild_id)

    @commands.Cog.listener()
    async def on_scheduled_event_update(self, _before: discord.ScheduledEvent, after: discord.ScheduledEvent) -> None:
        await self._note(after.guild_id)

    @commands.Cog.listener()
    async def on_scheduled_event_delete(self, event: discord.ScheduledEvent) -> None:
        await self._note(event.guild_id)

    async def _note(self, guild: int) -> None:
        """Write down what is planned there; again and again while Discord or the database is away."""
        self._news.add(guild)
        async with self._queues.of(guild):
            while guild in self._news:
                self._news.discard(guild)
                try:
                    await self._read(guild)
                except Exception as wrong:
                    log.warning("events not read", guild=guild, why=in_short(wrong))
                    self._news.add(guild)
                    await asyncio.sleep(AGAIN)

    async def _read(self, guild: int) -> None:
        home: discord.Guild | None = self._bot.get_guild(guild)
        if home is None:  # the bot was removed: what is planned there is nothing to it
            await self._occasions.listed(guild, [])
            return
        if home.unavailable:
            return  # it is told again once the guild is there
        found = await home.fetch_scheduled_events(with_counts=False) if home.scheduled_events else []
        planned = [each for each in found if each.status in PLANNED and each.location]
        for creator in sorted(await self._occasions.listed(guild, [_occasion(each) for each in planned])):
            await self._meet(home, creator)

    async def _meet(self, home: discord.Guild, user: int) -> None:
        """Which roles somebody has, only Discord knows: members are not told to us."""
        try:
            member = await home.fetch_member(user)
        except discord.HTTPException as refused:
            if then(refused) is not Then.DEAD:
                raise
            await self._occasions.left(home.id, user)
            return
        roles = frozenset(role.id for role in member.roles)
        manages = member.guild_permissions.manage_guild
        await self._occasions.met(Actor(user=user, guild=home.id, roles=roles, manages_guild=manages))


def _occasion(event: discord.ScheduledEvent) -> Occasion:
    return Occasion(
        id=event.id,
        name=event.name,
        place=event.location or "",
        starts=event.start_time,
        ends=event.end_time,
        creator=event.creator_id,
    )
