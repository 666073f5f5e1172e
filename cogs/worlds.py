"""`/world`: snapshots, snapshot, restore, download, import, archive."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Group, Range
from discord.ext import commands

from cogs import rights, world_pages
from cogs.choices import suggest_servers, suggest_snapshots
from cogs.replies import Answer, Interaction, Replies, actor_of, language_of
from cogs.speech import text
from core.guilds.access import Do
from core.servers.usecases import Servers
from core.servers.worlds import Worlds


class Sent:
    """A file that came with a command."""

    def __init__(self, attachment: discord.Attachment) -> None:
        self._attachment = attachment
        self.name = attachment.filename
        self.size = attachment.size

    async def save(self, path: Path, /) -> None:
        await self._attachment.save(path)


class WorldCog(commands.Cog):
    world = Group(name="world", description=text("command.world"), guild_only=True)

    def __init__(self, servers: Servers, worlds: Worlds, replies: Replies) -> None:
        self._servers = servers
        self._worlds = worlds
        self._replies = replies

    @world.command(description=text("command.world.snapshots"))
    @app_commands.describe(server=text("option.server"))
    async def snapshots(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            view, found = await self._worlds.snapshots(actor_of(interaction), server)
            return world_pages.snapshots(view, found, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @world.command(description=text("command.world.snapshot"))
    @app_commands.describe(server=text("option.server"), note=text("option.note"))
    async def snapshot(self, interaction: Interaction, server: str, note: Range[str, 1, 100] | None = None) -> None:
        async def handle() -> Answer:
            view, saved = await self._worlds.snapshot(actor_of(interaction), server, note or "")
            return world_pages.taken(view, saved, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @world.command(description=text("command.world.restore"))
    @app_commands.describe(server=text("option.server"), snapshot=text("option.snapshot"))
    async def restore(self, interaction: Interaction, server: str, snapshot: str) -> None:
        async def handle() -> Answer:
            view = await self._worlds.restore(actor_of(interaction), server, snapshot)
            return world_pages.restoring(view, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @world.command(description=text("command.world.download"))
    @app_commands.describe(server=text("option.server"), snapshot=text("option.snapshot"))
    async def download(self, interaction: Interaction, server: str, snapshot: str | None = None) -> None:
        async def handle() -> Answer:
            made = await self._worlds.download(actor_of(interaction), server, snapshot)
            return world_pages.download(made, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @world.command(name="import", description=text("command.world.import"))
    @app_commands.describe(
        server=text("option.server"), file=text("option.file"), url=text("option.url"), into=text("option.into")
    )
    async def import_(
        self,
        interaction: Interaction,
        server: str,
        file: discord.Attachment | None = None,
        url: Range[str, 1, 1000] | None = None,
        into: Literal["world", "plugins"] = "world",
    ) -> None:
        async def handle() -> Answer:
            actor = actor_of(interaction)
            attached = None if file is None else Sent(file)
            made = await self._worlds.bring_in(actor, server, file=attached, url=url, into=into)
            return world_pages.imported(made, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @world.command(description=text("command.world.archive"))
    @app_commands.describe(server=text("option.server"))
    async def archive(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            view = await self._worlds.archive(actor_of(interaction), server)
            return world_pages.archiving(view, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @snapshots.autocomplete("server")
    @snapshot.autocomplete("server")
    @restore.autocomplete("server")
    @download.autocomplete("server")
    @archive.autocomplete("server")
    @import_.autocomplete("server")
    async def _suggest(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        do = rights.of_command(interaction.command.qualified_name) if interaction.command else Do.SNAPSHOTS
        return await suggest_servers(self._replies, self._servers, interaction, typed, do)

    @restore.autocomplete("snapshot")
    @download.autocomplete("snapshot")
    async def _suggest_snapshot(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        return await suggest_snapshots(self._replies, self._worlds, interaction, typed)
