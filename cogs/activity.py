"""`/activity`: server (how it was played on), guild (all servers together)."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Choice, Group, Range
from discord.ext import commands

from cogs import activity_pages, rights
from cogs.choices import suggest_servers
from cogs.replies import Answer, Interaction, Replies, actor_of, language_of
from cogs.speech import text
from core.activity.picture import Pictures
from core.activity.reading import Activity
from core.activity.report import DEFAULT_DAYS, MOST_DAYS, Report
from core.guilds.access import Do
from core.servers.usecases import Servers


class ActivityCog(commands.Cog):
    activity = Group(name="activity", description=text("command.activity"), guild_only=True)

    def __init__(self, activity: Activity, servers: Servers, replies: Replies) -> None:
        self._activity = activity
        self._servers = servers
        self._replies = replies
        self._pictures = Pictures()

    @activity.command(description=text("command.activity.server"))
    @app_commands.describe(server=text("option.server"), days=text("option.back"))
    async def server(
        self, interaction: Interaction, server: str, days: Range[int, 1, MOST_DAYS] = DEFAULT_DAYS
    ) -> None:
        async def handle() -> Answer:
            return await self._shown(
                await self._activity.of_server(actor_of(interaction), server, days), language_of(interaction)
            )

        await self._replies.answer(interaction, handle)

    @activity.command(description=text("command.activity.guild"))
    @app_commands.describe(days=text("option.back"))
    async def guild(self, interaction: Interaction, days: Range[int, 1, MOST_DAYS] = DEFAULT_DAYS) -> None:
        async def handle() -> Answer:
            return await self._shown(
                await self._activity.of_guild(actor_of(interaction), days), language_of(interaction)
            )

        await self._replies.answer(interaction, handle)

    @server.autocomplete("server")
    async def _suggest(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        do = rights.of_command(interaction.command.qualified_name) if interaction.command else Do.SEE
        return await suggest_servers(self._replies, self._servers, interaction, typed, do)

    async def _shown(self, found: Report, language: str) -> Answer:
        picture = None if found.is_empty else await self._pictures.draw(found, language)
        return activity_pages.page(found, language, picture)
