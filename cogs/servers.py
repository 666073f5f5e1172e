"""`/server`: create, list, show, resume, pause, restart, keep, idle, schedule, share, transfer, follow, edit,
console, logs, clone, delete."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Group, Range
from discord.ext import commands

from cogs import console_page, forms, pages, rights, schedule_page, setup, world_pages
from cogs.choices import LONGEST_CHOICE, MOST_CHOICES, suggest_servers, suggest_snapshots
from cogs.membership import deleted_roles
from cogs.replies import Answer, How, Interaction, Replies, actor_of, in_words, language_of
from cogs.speech import text
from core.accounts.profiles import Accounts
from core.errors import Refusal, TooManyDeleted
from core.guilds.access import Do
from core.guilds.games import Games
from core.guilds.settings import Guilds
from core.servers.cards import Cards
from core.servers.console import LOG_LINES, LONGEST_LINE
from core.servers.sharing import Target
from core.servers.usecases import Servers
from core.servers.worlds import Worlds
from core.words import Sharer, ShareRole

Size = Literal["small", "medium", "large"]


def target_of(whom: discord.Member | discord.Role) -> Target:
    if isinstance(whom, discord.Role):
        return Target(whom.id, Sharer.ROLE)
    return Target(whom.id, Sharer.MEMBER, is_bot=whom.bot)


class ServerCog(commands.Cog):
    server = Group(name="server", description=text("command.server"), guild_only=True)

    def __init__(
        self,
        servers: Servers,
        guilds: Guilds,
        cards: Cards,
        games: Games,
        replies: Replies,
        worlds: Worlds | None = None,
        accounts: Accounts | None = None,
    ) -> None:
        self._accounts = accounts
        self._servers = servers
        self._cards = cards
        self._worlds = worlds
        self._guilds = guilds
        self._games = games
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
            language = language_of(interaction)
            try:
                view = await self._servers.creation.create(
                    actor_of(interaction),
                    channel=interaction.channel_id or 0,
                    game=game,
                    name=name,
                    size=size,
                    description=description or "",
                )
            except TooManyDeleted as refusal:
                return await self._kept(interaction, refusal)
            rules = await self._guilds.get(interaction.guild_id or 0)
            return "\n".join([pages.created(view, language), *setup.card_obstacles(interaction, rules, language)])

        await self._replies.answer(interaction, handle)

    async def _kept(self, interaction: Interaction, refusal: TooManyDeleted) -> Answer:
        """The refusal, and what can be let go of."""
        language = language_of(interaction)
        kept = await self._servers.lookup.deleted(actor_of(interaction))
        return pages.kept_for_undo(kept, language, in_words(refusal, language) or "")

    @server.command(name="list", description=text("command.server.list"))
    @app_commands.describe(whose=text("option.whose"))
    async def list_(self, interaction: Interaction, whose: Literal["mine", "guild"] = "guild") -> None:
        async def handle() -> Answer:
            actor = actor_of(interaction)
            views = await self._servers.lookup.list(actor, mine=whose == "mine")
            return pages.listing(views, language_of(interaction), whose=whose, reader=actor.user)

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.show"))
    @app_commands.describe(server=text("option.server"))
    async def show(self, interaction: Interaction, server: str) -> None:
        shown: list[str] = []

        async def handle() -> Answer:
            view, rights = await self._servers.lookup.get_with_rights(actor_of(interaction), server)
            shown.append(view.id)
            return pages.show(view, language_of(interaction), await self._servers.lookup.in_use(view), rights)

        await self._replies.answer(interaction, handle)
        for each in shown:  # whoever asks may not find its card; to look takes longer than to answer
            await self._cards.doubt(each)

    @server.command(description=text("command.server.resume"))
    @app_commands.describe(server=text("option.server"))
    async def resume(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            return pages.resumed(
                await self._servers.power.resume(actor_of(interaction), server), language_of(interaction)
            )

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.pause"))
    @app_commands.describe(server=text("option.server"))
    async def pause(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            return pages.pausing(
                await self._servers.power.pause(actor_of(interaction), server), language_of(interaction)
            )

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.restart"))
    @app_commands.describe(server=text("option.server"))
    async def restart(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            view = await self._servers.power.restart(actor_of(interaction), server)
            return pages.restarted(view, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.keep"))
    @app_commands.describe(server=text("option.server"), hours=text("option.hours"))
    async def keep(self, interaction: Interaction, server: str, hours: Range[int, 1, 24] = 1) -> None:
        async def handle() -> Answer:
            return pages.kept(
                await self._servers.power.keep(actor_of(interaction), server, hours), language_of(interaction)
            )

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
            view = await self._servers.editing.set_idle(
                actor_of(interaction),
                server,
                minutes=minutes,
                warn=warn,
                voice=voice.id if voice else None,
                vote=None if vote is None else vote == "yes",
            )
            return pages.idling(view, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.schedule"))
    @app_commands.describe(server=text("option.server"))
    async def schedule(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            view = await self._servers.lookup.get(actor_of(interaction), server, Do.SCHEDULE)
            zone = await self._accounts.zone_of(interaction.user.id) if self._accounts else None
            return schedule_page.page(view, language_of(interaction), zone)

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.share"))
    @app_commands.rename(whom="with", role="as")
    @app_commands.describe(server=text("option.server"), whom=text("option.with"), role=text("option.as"))
    async def share(
        self,
        interaction: Interaction,
        server: str,
        whom: discord.Member | discord.Role,
        role: Literal["player", "manager", "nobody"],
    ) -> None:
        async def handle() -> Answer:
            shares = await self._servers.sharing.share(
                actor_of(interaction), server, target_of(whom), None if role == "nobody" else ShareRole(role)
            )
            return pages.shared(shares, language_of(interaction), deleted_roles(interaction.guild, shares))

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.transfer"))
    @app_commands.describe(server=text("option.server"), to=text("option.to"))
    async def transfer(self, interaction: Interaction, server: str, to: discord.Member) -> None:
        async def handle() -> Answer:
            view = await self._servers.transfers.offer(actor_of(interaction), server, target_of(to))
            return pages.offered(view, language_of(interaction), to.id)

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.follow"))
    @app_commands.describe(server=text("option.server"))
    async def follow(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            language = language_of(interaction)
            return pages.followed(
                await self._servers.following.follow(actor_of(interaction), server, language), language
            )

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.edit"))
    @app_commands.describe(server=text("option.server"))
    async def edit(self, interaction: Interaction, server: str) -> None:
        async def handle() -> Answer:
            view = await self._servers.lookup.get(actor_of(interaction), server, Do.EDIT)
            return forms.page(view, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.console"))
    @app_commands.describe(server=text("option.server"), command=text("option.command"))
    async def console(self, interaction: Interaction, server: str, command: Range[str, 1, LONGEST_LINE]) -> None:
        async def handle() -> Answer:
            sent = await self._servers.consoles.send(actor_of(interaction), server, command)
            return console_page.answer(sent, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.logs"))
    @app_commands.describe(server=text("option.server"), lines=text("option.lines"))
    async def logs(
        self,
        interaction: Interaction,
        server: str,
        lines: Range[int, LOG_LINES[0], LOG_LINES[-1]] = console_page.LINES,
    ) -> None:
        async def handle() -> Answer:
            found = await self._servers.consoles.logs(actor_of(interaction), server, lines)
            return console_page.log(found, language_of(interaction))

        await self._replies.answer(interaction, handle)

    @server.command(description=text("command.server.clone"))
    @app_commands.describe(server=text("option.server"), name=text("option.name"), snapshot=text("option.snapshot"))
    async def clone(
        self, interaction: Interaction, server: str, name: Range[str, 1, 100], snapshot: str | None = None
    ) -> None:
        async def handle() -> Answer:
            if self._worlds is None:
                raise Refusal("world.nowhere")
            try:
                view = await self._worlds.clone(
                    actor_of(interaction), server, channel=interaction.channel_id or 0, name=name, snapshot=snapshot
                )
            except TooManyDeleted as refusal:
                return await self._kept(interaction, refusal)
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
            view = await self._servers.lookup.get(actor_of(interaction), server, Do.DELETE)
            return forms.open_delete(view, language_of(interaction))

        await self._replies.answer(interaction, handle, how=How.MODAL)

    @create.autocomplete("game")
    async def _suggest_games(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        async def find() -> list[Choice[str]]:
            wanted = typed.strip().casefold()
            offered = await self._games.offered(interaction.guild_id or 0)
            games = [game for game in offered if wanted in game.name.casefold() or wanted in game.id]
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
    @schedule.autocomplete("server")
    @share.autocomplete("server")
    @transfer.autocomplete("server")
    @follow.autocomplete("server")
    @edit.autocomplete("server")
    @console.autocomplete("server")
    @logs.autocomplete("server")
    @clone.autocomplete("server")
    @delete.autocomplete("server")
    async def _suggest(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        do = rights.of_command(interaction.command.qualified_name) if interaction.command else Do.SEE
        return await suggest_servers(self._replies, self._servers, interaction, typed, do)
