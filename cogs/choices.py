"""What autocompletes offer, where more than one command offers it."""

from __future__ import annotations

import discord
from discord.app_commands import Choice

from cogs import world_pages
from cogs.replies import Interaction, Replies, actor_of, language_of
from core.servers.worlds import Worlds

MOST_CHOICES, LONGEST_CHOICE = 25, 100


async def suggest_snapshots(
    replies: Replies, worlds: Worlds, interaction: Interaction, typed: str
) -> list[Choice[str]]:
    """Of the server that is chosen already, newest first."""
    server = str(getattr(interaction.namespace, "server", None) or "")

    async def find() -> list[Choice[str]]:
        _, found = await worlds.snapshots(actor_of(interaction), server)
        language, now, wanted = language_of(interaction), discord.utils.utcnow(), typed.strip().casefold()
        labels = [(each.name, world_pages.label(each, language, now)) for each in found]
        fitting = [(name, label) for name, label in labels if wanted in label.casefold() or wanted in name]
        return [Choice(name=label[:LONGEST_CHOICE], value=name) for name, label in fitting[:MOST_CHOICES]]

    return await replies.suggest(interaction, find)
