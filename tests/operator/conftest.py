"""The operator's cog on a plain bot in dpytest's Discord, over the real core. dpytest knows no shards and no tree.sync,
so `sync` is counted here; the shipped client's is in tests/process."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest
from discord.ext import commands
from discord.ext import test as dpytest

from cogs.operator import OperatorCog
from core.host import Operations


@dataclass
class Line:
    """Direct messages between people and the bot, and one guild in which all of them are."""

    house: Any
    bot: commands.Bot
    operations: Operations
    synced: list[None] = field(default_factory=list)

    @property
    def operator(self) -> discord.Member:
        return dpytest.get_config().members[0]

    @property
    def stranger(self) -> discord.Member:
        return dpytest.get_config().members[1]

    async def ask(self, words: str, who: discord.Member | None = None) -> str:
        """What the bot answers by direct message; "" for silence."""
        who = who or self.operator
        return await self._say(words, who, who.dm_channel or await who.create_dm())

    async def ask_in_guild(self, words: str) -> str:
        return await self._say(words, self.operator, dpytest.get_config().channels[0])

    async def _say(self, words: str, who: discord.Member, channel: Any) -> str:
        assert self.bot.user is not None
        with contextlib.suppress(commands.CommandError):  # the bot has answered it; dpytest raises it besides
            await dpytest.message(f"{self.bot.user.mention} {words}", channel, who)
        said = []
        while not dpytest.sent_queue.empty():
            said.append(dpytest.get_message().content)
        return "\n".join(said)


@pytest.fixture
async def line(house: Any) -> AsyncIterator[Line]:
    bot = commands.Bot(commands.when_mentioned, intents=discord.Intents.all(), help_command=None)
    await bot._async_setup_hook()
    operations = house.core.operations
    line = Line(house, bot, operations)

    async def sync() -> None:
        line.synced.append(None)

    await bot.add_cog(OperatorCog(bot, operations, sync))
    dpytest.configure(bot, members=["ada", "bo"])
    bot.owner_id = line.operator.id
    yield line
    await dpytest.empty_queue()
