"""`/server`: create, list, show, resume, pause, restart, keep, idle, edit, delete."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Group, Range
from discord.ext import commands

from cogs import pages
from cogs.escape import escape
from cogs.faces import Faces
from cogs.replies import Answer, actor_of, language_of
from core.guilds.access import Do
from core.text import say

Interaction = discord.Interaction[Any]
Size = Literal["small", "medium", "large"]
_FOR = {
    "resume": Do.RESUME,
    "pause": Do.PAUSE,
    "restart": Do.RESTART,
    "keep": Do.KEEP,
    "idle": Do.IDLE,
    "edit": Do.EDIT,
    "delete": Do.DELETE,
}


class ServerCog(commands.Cog):
    server = Group(name="server", description="Game servers of this guild", guild_only=True)

    def __init__(self, faces: Faces) -> None:
        self._faces = faces
        self._servers = faces.servers

    @server.command(description="Make a new server")
    @app_commands.describe(
        game="Which game", name="What it is called here", size="How much it gets", description="A line about it"
    )
    async def create(
        self,
        interaction: Interaction,
        game: str,
        name: Range[str, 1, 100],
        size: Size | None = None,
        description: Range[str, 1, 300] | None = None,
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
            return say(language_of(interaction), "answer.created", name=escape(view.name))

        await self._faces.replies.answer(interaction, handle)

    @server.command(name="list", description="The servers here")
    @app_commands.describe(whose="Only yours, or all of this guild")
    async def list_(self, interaction: Interaction, whose: Literal["mine", "guild"] = "guild") -> None:
        async def handle() -> Answer:
            views = await self._servers.list(actor_of(interaction), mine=whose == "mine")
            return pages.listing(views, language_of(interaction))

        await self._faces.replies.answer(interaction, handle)

    @server.command(description="Show one server")
    @app_commands.describe(server="Which server")
    async def show(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            return pages.show(await self._servers.get(actor_of(interaction), server), language_of(interaction))

        await self._faces.replies.answer(interaction, handle)

    @server.command(description="Wake a paused server")
    @app_commands.describe(server="Which server")
    async def resume(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            view = await self._servers.resume(actor_of(interaction), server)
            return pages.done("resume", view, language_of(interaction))

        await self._faces.replies.answer(interaction, handle)

    @server.command(description="Save the world and pause")
    @app_commands.describe(server="Which server")
    async def pause(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            view = await self._servers.pause(actor_of(interaction), server)
            return pages.done("pause", view, language_of(interaction))

        await self._faces.replies.answer(interaction, handle)

    @server.command(description="Save the world and start anew")
    @app_commands.describe(server="Which server")
    async def restart(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            view = await self._servers.restart(actor_of(interaction), server)
            return pages.done("restart", view, language_of(interaction))

        await self._faces.replies.answer(interaction, handle)

    @server.command(description="Keep a server awake although nobody is on")
    @app_commands.describe(server="Which server", hours="For how long (1 to 24, else 1)")
    async def keep(self, interaction: Interaction, server: str, hours: Range[int, 1, 24] = 1) -> None:
        async def handle() -> Answer:
            return pages.kept(await self._servers.keep(actor_of(interaction), server, hours), language_of(interaction))

        await self._faces.replies.answer(interaction, handle)

    @server.command(description="When an empty server pauses")
    @app_commands.describe(
        server="Which server",
        minutes="Pause after so many minutes with nobody on; 0 = never",
        warn="Warn so many minutes before",
        voice="Whoever is in this voice channel counts as playing",
        vote="Let players vote to keep it awake",
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

        await self._faces.replies.answer(interaction, handle)

    @server.command(description="Change name, description or the game's settings")
    @app_commands.describe(server="Which server")
    async def edit(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            view = await self._servers.get(actor_of(interaction), server, Do.EDIT)
            return pages.edit(view, language_of(interaction))

        await self._faces.replies.answer(interaction, handle)

    @server.command(description="Delete a server; it can be brought back for 7 days")
    @app_commands.describe(server="Which server")
    async def delete(self, interaction: Interaction, server: str) -> None:
        async def handle() -> None:
            view = await self._servers.get(actor_of(interaction), server, Do.DELETE)
            await interaction.response.send_modal(pages.delete_modal(view, language_of(interaction)))

        await self._faces.replies.answer(interaction, handle, defer=False)

    @create.autocomplete("game")
    async def _games(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        wanted = typed.casefold()
        games = [game for game in self._faces.catalogue if wanted in game.name.casefold() or wanted in game.id]
        return [Choice(name=f"{game.name}: {game.summary}"[:100], value=game.id) for game in games[:25]]

    @show.autocomplete("server")
    @resume.autocomplete("server")
    @pause.autocomplete("server")
    @restart.autocomplete("server")
    @keep.autocomplete("server")
    @idle.autocomplete("server")
    @edit.autocomplete("server")
    @delete.autocomplete("server")
    async def _suggest(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        do = _FOR.get(interaction.command.name if interaction.command else "", Do.SEE)
        found = await self._servers.suggest(actor_of(interaction), typed, do)
        return [Choice(name=label[:100], value=server) for server, label in found]
