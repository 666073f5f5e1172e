"""The shipped process against the guild on loopback, with real game servers. Nothing of the bot runs in the test."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import migrated
import warm
from ports import ports
from reading import buttons, texts

from bot.demo.guild.cast import ADA, BO, CHAT, CY
from bot.demo.guild.person import Person
from bot.demo.guild.server import Guild
from core.cluster.local.cluster import LocalCluster

ROOT = Path(__file__).parents[2]


class Shipped:
    """One bot as it is shipped, its guild, and its people. `settings` are DORMOUSE_ names and values."""

    def __init__(self, folder: Path, guild: Guild, settings: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.guild = guild
        self.command = [sys.executable, "-m", "bot", "run"]
        self.process: warm.Program | asyncio.subprocess.Process | None = None
        self.people: dict[str, Person] = {}
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "DORMOUSE_DISCORD_TOKEN": "planted-token",
            "DORMOUSE_DISCORD_API_URL": guild.api_url,
            "DORMOUSE_DISCORD_GATEWAY_URL": guild.gateway_url,
            "DORMOUSE_DATA_DIR": str(folder / "bot"),
            "DORMOUSE_PORTS": ports(),
            "DORMOUSE_IDLE_AFTER": "6",
            "DORMOUSE_IDLE_WARN": "3",
            "DORMOUSE_IDLE_GRACE": "1",
            "DORMOUSE_HEALTH": "off",
        } | {f"DORMOUSE_{name}": value for name, value in (settings or {}).items()}
        self.environ |= {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}

    @property
    def log(self) -> str:
        return (self.folder / "bot.log").read_text("utf-8")

    async def start(self) -> None:
        signed_in = self.guild.gateway.identified
        with (self.folder / "bot.log").open("ab") as output:
            if self.command[0] == sys.executable:
                self.process = warm.start(self.command, self.environ, output.fileno())
            else:
                self.process = await asyncio.create_subprocess_exec(
                    *self.command, cwd=ROOT, env=self.environ, stdout=output, stderr=output
                )
        async with asyncio.timeout(100):
            while not (self.guild.gateway.identified > signed_in and (await self.people["Cy"].state())["commands"]):
                assert self.process.returncode is None, self.log
                await asyncio.sleep(0.1)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        try:
            async with asyncio.timeout(60):
                return await self.process.wait()
        except TimeoutError:
            self.process.kill()
            raise

    async def messages(self, who: str = "Ada") -> list[dict[str, Any]]:
        return await self.people[who].read(CHAT, limit=100)

    async def message(self, *words: str, who: str = "Ada", within: float = 60) -> dict[str, Any]:
        """The newest message that has all these words, as soon as there is one."""
        return await self.until(lambda found: next((m for m in reversed(found) if has(m, *words)), None), who, within)

    async def until(self, true: Callable[[list[Any]], Any], who: str = "Ada", within: float = 60) -> Any:
        async with asyncio.timeout(within):
            while not (value := true(await self.messages(who))):
                await asyncio.sleep(0.1)
            return value

    async def cards(self, name: str = "Pond") -> list[dict[str, Any]]:
        return [m for m in await self.messages() if has(m, f"### {name}") and not m.get("ephemeral_for")]

    async def press(self, label: str, message: dict[str, Any], who: str = "Ada") -> dict[str, Any]:
        return await self.people[who].press(message, buttons(message["components"])[label])

    async def create(self, name: str = "Pond", who: str = "Ada") -> dict[str, Any]:
        await self.people[who].slash(CHAT, "server create", game="meadow", name=name)
        return await self.message(f"### {name}", "Running")


def has(message: dict[str, Any], *words: str) -> bool:
    text = texts(message["components"]) + message["content"]
    return all(word in text for word in words)


@contextlib.asynccontextmanager
async def shipped(folder: Path, *, command: list[str] | None = None, **settings: str) -> AsyncIterator[Shipped]:
    """A started bot; at the end it, its games and its guild are stopped, and its log is free of the token."""
    await migrated.file(folder / "bot" / "dormouse.db")
    guild = Guild(None, answer_timeout=8)  # Discord waits 3 s; how fast we are is no test's affair here
    await guild.start()
    house = Shipped(folder, guild, settings)
    house.command = command or house.command
    async with contextlib.AsyncExitStack() as stack:
        for name, number in (("Ada", ADA), ("Bo", BO), ("Cy", CY)):
            house.people[name] = await stack.enter_async_context(Person(guild.page_url, number))
        # Each of these is done whatever the others come to: what is left over takes its time from all later tests.
        stack.push_async_callback(guild.stop)
        stack.push_async_callback(end_games, folder / "bot" / "servers")
        stack.push_async_callback(house.stop)
        await house.start()
        yield house
    assert "planted-token" not in house.log


async def end_games(servers: Path) -> None:
    cluster = LocalCluster(servers)
    await cluster.start(halted=True)
    await cluster.halt(20)
    await cluster.close()
