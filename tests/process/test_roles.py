"""Two processes on one database: one has the line to Discord, the other one acts. Each does what only it can."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import warm
from faults import Faults
from shipped import ROOT, Shipped, end_games, shipped

from bot.demo.guild.cast import ADA, CHAT, GUILD
from core.accounts.scopes import ALL
from core.accounts.tokens import Tokens
from core.data.database import Database
from core.data.tables import utc_now
from core.guilds.access import Actor

pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),  # SQLite has one process only
]
HASTY = [sys.executable, str(ROOT / "tests" / "support" / "hasty.py")]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    made = (tmp_path / "discord", tmp_path / "control")
    for each in made:
        each.mkdir()
    return made


@contextlib.asynccontextmanager
async def acting(folder: Path, beside: Shipped, settings: dict[str, str]) -> AsyncIterator[Shipped]:
    """The process without a line to Discord, once it acts."""
    bot = Shipped(folder, beside.guild, settings)
    with (folder / "bot.log").open("ab") as output:
        bot.process = warm.start(HASTY, bot.environ, output.fileno())
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(end_games, folder / "bot" / "servers")
        stack.push_async_callback(bot.stop)
        async with asyncio.timeout(60):
            while '"lease": "control"' not in bot.log:
                assert bot.process.returncode is None, bot.log
                await asyncio.sleep(0.1)
        yield bot


async def test_who_left_is_found_where_the_process_that_acts_has_no_line_to_discord(
    folders: tuple[Path, Path], database_url: str
) -> None:
    common = {"DATABASE_URL": database_url, "MASTER_KEY": "planted-master-key-of-both", "IDLE_AFTER": "3600"}
    async with (
        shipped(folders[0], command=HASTY, ROLES="discord", **common) as discord,
        acting(folders[1], discord, {"ROLES": "control", **common}) as control,
    ):
        signed_in = discord.guild.gateway.identified
        await discord.people["Ada"].slash(CHAT, "server create", game="meadow", name="Pond")
        await discord.message("### Pond", "Running")
        Faults(discord.guild).answer("GET", f"/guilds/*/members/{ADA}", 404, code=10007, times=None)
        await discord.message("who owns **Pond**, is not here any more")
        assert discord.guild.gateway.identified == signed_in
        assert '"lease": "owners"' in discord.log
        assert '"lease": "announcer"' in discord.log
        assert "job failed" not in control.log


async def test_the_http_face_alone_asks_discord_who_somebody_is(folders: tuple[Path, Path], database_url: str) -> None:
    common = {"DATABASE_URL": database_url, "MASTER_KEY": "planted-master-key-of-both", "IDLE_AFTER": "3600"}
    database = Database(database_url)
    token = (await Tokens(database, utc_now).make(Actor(int(ADA), int(GUILD), "Ada"), "test", ALL))[1]
    async with (
        shipped(folders[0], **common) as bot,
        serving(folders[1], bot, {"ROLES": "web", "WEB": "127.0.0.1:0", **common}) as url,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http,
    ):
        await bot.people["Bo"].slash(CHAT, "server create", game="meadow", name="Pond")
        await bot.message("### Pond")
        async with http.get(f"{url}/api/v1/servers") as got:
            (pond,) = (await got.json())["items"]
        assert pond["name"] == "Pond"
    await database.close()


@contextlib.asynccontextmanager
async def serving(folder: Path, beside: Shipped, settings: dict[str, str]) -> AsyncIterator[str]:
    """The address of the HTTP face of a process that does nothing else."""
    bot = Shipped(folder, beside.guild, settings)
    with (folder / "bot.log").open("ab") as output:
        bot.process = warm.start(bot.command, bot.environ, output.fileno())
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(bot.stop)
        async with asyncio.timeout(60):
            while not (found := re.search(r'"url": "(http[^"]*)".*"event": "web"', bot.log)):
                assert bot.process.returncode is None, bot.log
                await asyncio.sleep(0.1)
        yield found[1]
