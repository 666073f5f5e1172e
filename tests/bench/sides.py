"""One side of a comparison: a bot as a process of its own, and a guild on loopback that times it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring import Memory
from seed import MASTER_KEY

from bot.demo.guild import cast
from bot.demo.guild.errors import Json, PageError
from bot.demo.guild.events import Event, MessageUpdated
from bot.demo.guild.interactions import AUTOCOMPLETE, COMMAND
from bot.demo.guild.server import Guild

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
SHIPPED = [sys.executable, "-m", "bot", "run"]
PEER = [sys.executable, str(HERE / "peer.py")]
IN_MEMORY = [sys.executable, str(HERE / "in_memory.py")]
START_WITHIN, RESULT_WITHIN = 120.0, 60.0


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds from the press to the first answer, and to the one that carries the result. None: it never came."""

    acknowledged: float | None
    answered: float | None
    answer: Json | None = None


class Side:
    """`folder` is the bot's; settings are DORMOUSE_ names and values."""

    def __init__(self, name: str, command: list[str], folder: Path, **settings: str) -> None:
        self.name = name
        self.command = command
        self.folder = folder
        self.settings = settings
        self.guild = Guild(None)
        self.process: asyncio.subprocess.Process | None = None
        self._edited: dict[str, tuple[float, Json]] = {}
        self._waiting: dict[str, asyncio.Future[tuple[float, Json]]] = {}

    async def open(self, members: int = 0) -> None:
        """The guild, with so many more members in it."""
        await self.guild.start()
        self.guild.world.emitter.listeners.append(self._on_event)
        for user in map(str, member_ids(members)):
            member = cast.member(cast.user(user, f"m{user}", f"Member {user}"), [])
            self.guild.world.members[user] = member

    async def start(self) -> float:
        """Start the bot; seconds from exec until it has answered a command."""
        began = time.perf_counter()
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests" / "support"))),
            "BENCH_REPORT": str(self.folder / "report.json"),
            "DORMOUSE_DISCORD_TOKEN": "bench",
            "DORMOUSE_DISCORD_API_URL": self.guild.api_url,
            "DORMOUSE_DISCORD_GATEWAY_URL": self.guild.gateway_url,
            "DORMOUSE_DATA_DIR": str(self.folder),
            "DORMOUSE_MASTER_KEY": MASTER_KEY,
            "DORMOUSE_HEALTH": "off",
        } | {f"DORMOUSE_{name}": value for name, value in self.settings.items()}
        with (self.folder / "bot.log").open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, cwd=ROOT, env=environ, stdout=output, stderr=output
            )
        async with asyncio.timeout(START_WITHIN):
            while (await self._try()).answered is None:
                assert self.process.returncode is None, (self.folder / "bot.log").read_text()
                await asyncio.sleep(0.002)
        return time.perf_counter() - began

    async def _try(self) -> Timed:
        try:
            return await self.ask(cast.ADA, "list")
        except PageError:  # no such command yet
            return Timed(None, None)

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(30):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
                await self.process.wait()

    async def close(self) -> None:
        await self.stop()
        await self.guild.stop()

    def memory(self) -> Memory:
        assert self.process is not None
        return Memory.of(self.process.pid)

    async def inside(self) -> dict[str, Any]:
        """What an IN_MEMORY process tells about itself."""
        assert self.process is not None
        file = self.folder / "report.json"
        file.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(30):
            while not file.exists() or not file.read_text():
                await asyncio.sleep(0.01)
        told: dict[str, Any] = json.loads(file.read_text())
        return told

    async def ask(self, user: str, command: str, **options: Any) -> Timed:
        """`/server command`; or with `typed`, the autocompletion of its option `server`."""
        kind, given = COMMAND, [{"name": name, "value": value} for name, value in options.items()]
        if "typed" in options:
            kind, given = AUTOCOMPLETE, [{"name": "server", "value": options["typed"], "focused": True}]
        data = {"name": "server", "options": [{"name": command, "options": given}]}
        began = time.perf_counter()
        answer = await self.guild.interactions.begin(
            user, {"type": kind, "channel_id": cast.CHAT, "data": data, "locale": "en-US"}
        )
        acknowledged = time.perf_counter() - began
        if answer["answer"] == "failed":
            return Timed(None, None)
        if answer["answer"] != "deferred":
            return Timed(acknowledged, acknowledged, answer)
        message = answer["message"]["id"]
        try:
            at, result = await self._edit_of(message)
        except TimeoutError:
            del self._waiting[message]
            return Timed(acknowledged, None)
        return Timed(acknowledged, at - began, result)

    async def _edit_of(self, message: str) -> tuple[float, Json]:
        if message in self._edited:
            return self._edited.pop(message)
        waiting = self._waiting[message] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(RESULT_WITHIN):
            return await asyncio.shield(waiting)

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, MessageUpdated) or event.message.ephemeral_for is None:
            return
        edited = time.perf_counter(), event.message.data
        if waiting := self._waiting.pop(event.message.id, None):
            waiting.set_result(edited)
        else:
            self._edited[event.message.id] = edited


def member_ids(number: int) -> range:
    first = int(cast.ADA) + 1000
    return range(first, first + number)
