"""What autocompletes offer, where more than one command offers it."""

from __future__ import annotations

import discord
from discord.app_commands import Choice

from cogs import world_pages
from cogs.replies import Interaction, Replies, actor_of, language_of
from core.guilds.access import Do
from core.servers.usecases import Servers
from core.servers.worlds import Worlds
from core.text import say

MOST_CHOICES, LONGEST_CHOICE = 25, 100


async def suggest_servers(
    replies: Replies, servers: Servers, interaction: Interaction, typed: str, do: Do
) -> list[Choice[str]]:
    """Only those to which this member may `do` this."""

    async def find() -> list[Choice[str]]:
        language = language_of(interaction)
        found = await servers.lookup.suggest(actor_of(interaction), typed, do, most=MOST_CHOICES)
        labels = [(each.id, f"{each.name} · {each.game} · {say(language, f'phase.{each.phase}')}") for each in found]
        return [Choice(name=label[:LONGEST_CHOICE], value=server) for server, label in labels]

    return await replies.suggest(interaction, find)


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
