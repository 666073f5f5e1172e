"""`/server`: create, list, show, resume, pause, restart, keep, idle, edit, clone, delete."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Group, Range
from discord.ext import commands

from cogs import forms, pages, setup, world_pages
from cogs.choices import LONGEST_CHOICE, MOST_CHOICES, suggest_snapshots
from cogs.replies import Answer, How, Interaction, Replies, actor_of, language_of
from cogs.speech import text
from core.errors import Refusal
from core.games.catalogue import Catalogue
from core.guilds.access import Do
from core.guilds.settings import Guilds
from core.servers.usecases import Servers
from core.servers.worlds import Worlds

Size = Literal["small", "medium", "large"]


class ServerCog(commands.Cog):
    server = Group(name="server", description=text("command.server"), guild_only=True)

    def __init__(
        self, servers: Servers, guilds: Guilds, catalogue: Catalogue, replies: Replies, worlds: Worlds | None = None
    ) -> None:
        self._servers = servers
        self._worlds = worlds
        self._guilds = guilds
        self._catalogue = catalogue
        self._replies = replies

    @server.command(description=text("command.server.create"))
    @app_commands.describe(
        game=text("option.game"),
        name=text("option.name"),
        size=text("option.size"),
        description=text("option.description"),
    )
    async def create(
        self,
        interaction: Interaction,
        game: str,
        name: Range[str, 1, 100],
        size: Size | None = None,
        description: Range[str, 1, 200] | None = None,
    ) -> None:
        async def handle() -> Answer:
            view = await self._servers.create(
                actor_of(interaction),
                channel=interaction.channel_id or 0,
                game=game,
                name=name,
                size=size,
                description=description or "",
            )
            language = language_of(interaction)
            return "\n".join([pages.created(view, language), *await self._mute(interaction, language)])

        await self._replies.answer(interaction, handle)

    async def _mute(self, interaction: Interaction, language: str) -> list[str]:
        """What keeps the new server's card from being posted."""
        rules = await self._guilds.get(interaction.guild_id or 0)
        if rules.server_channel is not None:
            return setup.missing(interaction, rules, language)
        return setup.lacking(interaction.app_permissions, interaction.channel_id or 0, language)

    @server.command(name="list", description=text("command.server.list"))
    @app_commands.describe(whose=text("option.whose"))
    async def list_(self, interaction: Interaction, whose: Literal["mine", "guild"] = "guild") -> None:
        async def handle() -> Answer:
            views = await self._servers.list(actor_of(interaction), mine=whose == "mine")
            return pages.listing(views, language_of(interaction), whose=whose)

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.show"))
    @app_commands.describe(server=text("option.server"))
    async def show(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            view = await self._servers.get(actor_of(interaction), server)
            return pages.show(view, language_of(interaction), await self._servers.in_use(view))

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.resume"))
    @app_commands.describe(server=text("option.server"))
    async def resume(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            return pages.resumed(await self._servers.resume(actor_of(interaction), server), language_of(interaction))

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.pause"))
    @app_commands.describe(server=text("option.server"))
    async def pause(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            return pages.pausing(await self._servers.pause(actor_of(interaction), server), language_of(interaction))

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.restart"))
    @app_commands.describe(server=text("option.server"))
    async def restart(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            view = await self._servers.restart(actor_of(interaction), server)
            return pages.restarted(view, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.keep"))
    @app_commands.describe(server=text("option.server"), hours=text("option.hours"))
    async def keep(self, interaction: Interaction, server: str, hours: Range[int, 1, 24] = 1) -> None:
        async def handle() -> Answer:
            return pages.kept(await self._servers.keep(actor_of(interaction), server, hours), language_of(interaction))

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.idle"))
    @app_commands.describe(
        server=text("option.server"),
        minutes=text("option.minutes"),
        warn=text("option.warn"),
        voice=text("option.voice"),
        vote=text("option.vote"),
    )
    async def idle(
        self,
        interaction: Interaction,
        server: str,
        minutes: Range[int, 0, 1440] | None = None,
        warn: Range[int, 0, 60] | None = None,
        voice: discord.VoiceChannel | None = None,
        vote: Literal["yes", "no"] | None = None,
    ) -> None:
        async def handle() -> Answer:
            view = await self._servers.set_idle(
                actor_of(interaction),
                server,
                minutes=minutes,
                warn=warn,
                voice=voice.id if voice else None,
                vote=None if vote is None else vote == "yes",
            )
            return pages.idle(view, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.edit"))
    @app_commands.describe(server=text("option.server"))
    async def edit(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            view = await self._servers.get(actor_of(interaction), server, Do.EDIT)
            return forms.page(view, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.clone"))
    @app_commands.describe(server=text("option.server"), name=text("option.name"), snapshot=text("option.snapshot"))
    async def clone(
        self, interaction: Interaction, server: str, name: Range[str, 1, 100], snapshot: str | None = None
    ) -> None:
        async def handle() -> Answer:
            if self._worlds is None:
                raise Refusal("world.nowhere")
            view = await self._worlds.clone(
                actor_of(interaction), server, channel=interaction.channel_id or 0, name=name, snapshot=snapshot
            )
            return world_pages.cloned(view, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @clone.autocomplete("snapshot")
    async def _snapshots(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        if self._worlds is None:
            return []
        return await suggest_snapshots(self._replies, self._worlds, interaction, typed)

    @server.command(description=text("command.server.delete"))
    @app_commands.describe(server=text("option.server"))
    async def delete(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            view = await self._servers.get(actor_of(interaction), server, Do.DELETE)
            return forms.delete(view, language_of(interaction))

        await self._replies.answer(interaction, handle, how=How.MODAL)

    @create.autocomplete("game")
    async def _games(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        async def find() -> list[Choice[str]]:
            wanted = typed.strip().casefold()
            games = [game for game in self._catalogue if wanted in game.name.casefold() or wanted in game.id]
            return [
                Choice(name=f"{game.name}: {game.summary}"[:LONGEST_CHOICE], value=game.id)
                for game in games[:MOST_CHOICES]
            ]

        return await self._replies.suggest(interaction, find)

    @show.autocomplete("server")
    @resume.autocomplete("server")
    @pause.autocomplete("server")
    @restart.autocomplete("server")
    @keep.autocomplete("server")
    @idle.autocomplete("server")
    @edit.autocomplete("server")
    @clone.autocomplete("server")
    @delete.autocomplete("server")
    async def _suggest(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """Only servers to which this member may do what the command does."""
        do = Do.SEE if interaction.command is None or interaction.command.name == "show" else interaction.command.name

        async def find() -> list[Choice[str]]:
            found = await self._servers.suggest(actor_of(interaction), typed, Do(do), most=MOST_CHOICES)
            return [Choice(name=label[:LONGEST_CHOICE], value=server) for server, label in found]

        return await self._replies.suggest(interaction, find)
