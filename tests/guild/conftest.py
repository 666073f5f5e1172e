"""A guild on a free port, people in it, and a real discord.py bot that is pointed at it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands
from discord.ext import commands

from bot.demo.guild import cast
from bot.demo.guild.person import Person
from bot.demo.guild.server import Guild


class Acorn(discord.ui.View):
    """A button that counts, and one that is off."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="0", custom_id="acorn:count")
    async def count(self, interaction: discord.Interaction, button: discord.ui.Button["Acorn"]) -> None:
        assert interaction.message is not None
        view = Acorn()
        view.count.label = str(len(interaction.message.content))
        await interaction.response.edit_message(content=interaction.message.content + "+", view=view)

    @discord.ui.button(label="Off", custom_id="acorn:off", disabled=True)
    async def off(self, interaction: discord.Interaction, button: discord.ui.Button["Acorn"]) -> None:
        raise AssertionError("a disabled button was pressed")


class Rename(discord.ui.Modal, title="Rename"):
    name: discord.ui.TextInput["Rename"] = discord.ui.TextInput(
        label="Name", custom_id="name", min_length=2, max_length=10
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"renamed to {self.name.value}", ephemeral=True)


class Squirrel(commands.AutoShardedBot):
    """A bot with one command for each way to answer."""

    def __init__(self, **options: bool) -> None:
        intents = discord.Intents(
            guilds=True, voice_states=True, guild_scheduled_events=True, dm_messages=True, **options
        )
        super().__init__(
            commands.when_mentioned,
            intents=intents,
            guild_ready_timeout=0.02,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.up = asyncio.Event()
        self.resumed = asyncio.Event()
        self.heard: asyncio.Queue[discord.Message] = asyncio.Queue()
        self.failed: asyncio.Queue[discord.HTTPException] = asyncio.Queue()
        self.last: discord.Interaction | None = None

    async def setup_hook(self) -> None:
        self.add_view(Acorn())
        _add_commands(self)
        await self.tree.sync()

    async def on_ready(self) -> None:
        self.up.set()

    async def on_resumed(self) -> None:
        self.resumed.set()

    async def on_message(self, message: discord.Message, /) -> None:
        self.heard.put_nowait(message)

    def text_channel(self, channel_id: str) -> discord.TextChannel:
        channel = self.get_channel(int(channel_id))
        assert isinstance(channel, discord.TextChannel)
        return channel


def _add_commands(bot: Squirrel) -> None:
    tree = bot.tree

    @tree.command(description="Answers")
    @app_commands.describe(who="Whom", times="How often")
    async def hello(
        interaction: discord.Interaction, who: discord.Member, times: app_commands.Range[int, 1, 3] = 1
    ) -> None:
        await interaction.response.send_message(f"Hello {who.display_name} x{times}")

    @tree.command(description="Answers to one person")
    async def whisper(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("psst", ephemeral=True)
        await interaction.followup.send("more", ephemeral=True)

    @tree.command(description="Thinks first")
    async def think(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="thought")

    @tree.command(description="Shows a button")
    async def acorn(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("acorns", view=Acorn())

    @tree.command(description="Opens a form")
    async def rename(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Rename())

    @tree.command(description="Says nothing")
    async def silent(interaction: discord.Interaction) -> None:
        bot.last = interaction

    @tree.command(description="Answers twice")
    async def twice(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("once")
        interaction.response._response_type = None
        try:
            await interaction.response.send_message("again")
        except discord.HTTPException as error:
            bot.failed.put_nowait(error)

    @tree.command(description="For keepers")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def keep(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("kept")

    group = app_commands.Group(name="nut", description="Nuts")

    @group.command(description="Finds a nut")
    async def find(interaction: discord.Interaction, kind: str) -> None:
        await interaction.response.send_message(f"found {kind}")

    @find.autocomplete("kind")
    async def kinds(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=n, value=n) for n in ("hazel", "wal", "haw") if n.startswith(current)]

    tree.add_command(group)


@pytest.fixture
async def guild(request: pytest.FixtureRequest) -> AsyncIterator[Guild]:
    """Patient with a bot on a busy machine; `@pytest.mark.parametrize("guild", [0.3], indirect=True)` is not."""
    guild = Guild(answer_timeout=getattr(request, "param", 60.0))
    await guild.start()
    yield guild
    await guild.stop()


@pytest.fixture
async def ada(guild: Guild) -> AsyncIterator[Person]:
    async with Person(guild.page_url, cast.ADA) as person:
        yield person


@pytest.fixture
async def bo(guild: Guild) -> AsyncIterator[Person]:
    async with Person(guild.page_url, cast.BO) as person:
        yield person


@pytest.fixture
async def cy(guild: Guild) -> AsyncIterator[Person]:
    async with Person(guild.page_url, cast.CY) as person:
        yield person


@pytest.fixture
def point_at_guild(guild: Guild, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", guild.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(guild.gateway_url))


@pytest.fixture
async def bot(point_at_guild: None) -> AsyncIterator[Squirrel]:
    """Logged in, synced and ready."""
    async with running(Squirrel()) as squirrel:
        yield squirrel


@asynccontextmanager
async def running(bot: Squirrel) -> AsyncIterator[Squirrel]:
    """The bot is ready inside and closed after."""
    task = asyncio.create_task(bot.start("a token"))
    ready = asyncio.create_task(bot.up.wait())
    try:
        await asyncio.wait((task, ready), timeout=60, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield bot
    finally:
        ready.cancel()
        await bot.close()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def api(guild: Guild) -> AsyncIterator[aiohttp.ClientSession]:
    """The bot's REST API without a library in between: `api.get("users/@me")`."""
    headers = {"Authorization": "Bot a token"}
    async with aiohttp.ClientSession(guild.api_url + "/", headers=headers) as session:
        yield session
