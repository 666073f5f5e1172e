"""What a member sees in Discord: slash commands, buttons, cards, notices. No rule, no SQL, no cluster."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.faces import Faces


async def add_all(bot: commands.Bot | commands.AutoShardedBot, faces: Faces) -> None:
    """Add every cog, the persistent buttons, and the tree's last resort for errors."""
    from cogs.buttons import Press
    from cogs.guild import GuildCog
    from cogs.help import HelpCog
    from cogs.modals import ModalCog
    from cogs.servers import ServerCog

    for cog in (ServerCog, GuildCog, HelpCog, ModalCog):
        await bot.add_cog(cog(faces))
    bot.add_dynamic_items(Press)

    async def on_error(interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        await faces.replies.sorry(interaction, error)

    bot.tree.on_error = on_error  # type: ignore[method-assign]
