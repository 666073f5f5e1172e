"""`/help`: a short page a topic."""

from __future__ import annotations

from typing import Literal

from discord import app_commands
from discord.ext import commands

from cogs.pages import page_of
from cogs.replies import Answer, Interaction, Replies, language_of
from cogs.speech import text
from core.text import say

Topic = Literal["start", "idle", "worlds", "rights", "admin"]


class HelpCog(commands.Cog):
    def __init__(self, replies: Replies) -> None:
        self._replies = replies

    @app_commands.command(description=text("command.help"))
    @app_commands.guild_only()
    @app_commands.describe(topic=text("option.topic"))
    async def help(self, interaction: Interaction, topic: Topic = "start") -> None:
        async def handle() -> Answer:
            return page_of(say(language_of(interaction), f"help.{topic}"), [])

        await self._replies.answer(interaction, handle)
