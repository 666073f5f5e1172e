"""What a member sees in Discord: slash commands, buttons, cards, notices. No rule, no SQL, no cluster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.faces import Faces


async def add_all(
    bot: commands.Bot | commands.AutoShardedBot, faces: Faces, sync: Callable[[], Awaitable[object]] | None = None
) -> None:
    """Add every cog, the persistent buttons and selects, translations, and the tree's last resort for errors.

    `bot.faces` has to be `faces`: that is where buttons find it. Call it before commands are synced; `sync` is how the
    operator has that done again.
    """
    from cogs.account import AccountCog
    from cogs.activity import ActivityCog
    from cogs.buttons import Press
    from cogs.games import Pick
    from cogs.guild import GuildCog
    from cogs.help import HelpCog
    from cogs.life import LifeCog
    from cogs.modals import ModalCog
    from cogs.occasions import OccasionCog
    from cogs.operator import OperatorCog
    from cogs.places import PlaceCog
    from cogs.servers import ServerCog
    from cogs.setup import Choose
    from cogs.share_page import ShareWith
    from cogs.size_select import SizePick
    from cogs.speech import Speech
    from cogs.worlds import WorldCog

    await bot.tree.set_translator(Speech())
    parts = (faces.servers, faces.guilds, faces.cards, faces.games, faces.replies, faces.worlds, faces.accounts)
    await bot.add_cog(ServerCog(*parts))
    if faces.worlds is not None:
        await bot.add_cog(WorldCog(faces.servers, faces.worlds, faces.replies))
    await bot.add_cog(GuildCog(faces.guilds, faces.quotas, faces.games, faces.replies, faces.audit))
    if faces.accounts is not None and faces.own is not None:
        await bot.add_cog(AccountCog(faces))
    if faces.activity is not None:
        await bot.add_cog(ActivityCog(faces.activity, faces.servers, faces.replies))
    await bot.add_cog(HelpCog(faces.replies))
    await bot.add_cog(ModalCog(faces))
    await bot.add_cog(LifeCog(bot, faces.guilds, faces.departures, faces.left_owners))
    await bot.add_cog(PlaceCog(bot, faces.guilds))
    if faces.occasions is not None:
        await bot.add_cog(OccasionCog(bot, faces.occasions))
    if faces.operations is not None:
        await bot.add_cog(OperatorCog(bot, faces.operations, sync or bot.tree.sync))
    bot.add_dynamic_items(Press, Choose, Pick, ShareWith, SizePick)

    async def on_error(interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        await faces.replies.sorry(interaction, error)

    bot.tree.on_error = on_error  # type: ignore[method-assign]
