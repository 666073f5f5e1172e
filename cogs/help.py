"""`/help`: a short page a topic."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs.faces import Faces
from cogs.replies import Answer, language_of
from core.text import say

Topic = Literal["start", "idle", "worlds", "rights", "admin"]


class HelpCog(commands.Cog):
    def __init__(self, faces: Faces) -> None:
        self._faces = faces

    @app_commands.command(description="How this works")
    @app_commands.guild_only()
    @app_commands.describe(topic="What about")
    async def help(self, interaction: discord.Interaction[Any], topic: Topic = "start") -> None:
        async def handle() -> Answer:
            return say(language_of(interaction), f"help.{topic}")

        await self._faces.replies.answer(interaction, handle)
