"""The peer: discord.py and nothing else. Its commands have the names and options of ours and answer with a constant.

`python peer.py` takes the same DORMOUSE_ settings for where Discord is.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any, Literal

import discord
import yarl
from discord import app_commands
from discord.app_commands import Choice, Group
from discord.gateway import DiscordWebSocket
from discord.http import Route

Interaction = discord.Interaction[Any]
server = Group(name="server", description="A constant.", guild_only=True)


async def _answer(interaction: Interaction) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.edit_original_response(content="Pond is running.")


@server.command(description="A constant.")
async def show(interaction: Interaction, server: str) -> None:
    await _answer(interaction)


@server.command(name="list", description="A constant.")
async def list_(interaction: Interaction, whose: Literal["mine", "guild"] = "guild") -> None:
    await _answer(interaction)


@server.command(description="A constant.")
async def keep(interaction: Interaction, server: str, hours: int = 1) -> None:
    await _answer(interaction)


@show.autocomplete("server")
async def _suggest(_: Interaction, typed: str) -> list[Choice[str]]:
    return [Choice(name=f"Pond {number}", value=str(number)) for number in range(10)]


class Bare(discord.AutoShardedClient):
    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
        )
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        self.tree.add_command(server)
        await self.tree.sync()


async def main() -> None:
    Route.BASE = os.environ["DORMOUSE_DISCORD_API_URL"]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DORMOUSE_DISCORD_GATEWAY_URL"])
    async with Bare() as client:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, lambda: loop.create_task(client.close()))
        await client.start(os.environ["DORMOUSE_DISCORD_TOKEN"])


if __name__ == "__main__":
    asyncio.run(main())
