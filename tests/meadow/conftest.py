"""Meadow as a real process, and players on real sockets."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 10


class Player:
    """One WebSocket, for the length of a test."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, message: dict[str, Any]) -> None:
        await self.socket.send_json(message)

    async def plant(self, *cells: tuple[int, int, str]) -> None:
        await self.send({"t": "plant", "cells": cells})

    async def next(self, kind: str) -> dict[str, Any]:
        """The next message of that kind; others are passed over."""
        while True:
            message: dict[str, Any] = await self.socket.receive_json(timeout=SECONDS)
            if message["t"] == kind:
                return message

    async def closed(self) -> int | None:
        """The close code, once the server has closed."""
        async with asyncio.timeout(SECONDS):
            async for _ in self.socket:
                pass
        return self.socket.close_code


class Meadow:
    def __init__(self, process: asyncio.subprocess.Process, client: aiohttp.ClientSession) -> None:
        self.process = process
        self.lines: list[str] = []
        self.port = 0
        self._client = client
        # A socket that nobody holds would be closed by the garbage collector.
        self._sockets: list[aiohttp.ClientWebSocketResponse] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def expect(self, pattern: str) -> re.Match[str]:
        """The next line of output that matches; fails when the output ends first."""
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while line := (await self.process.stdout.readline()).decode().rstrip("\n"):
                self.lines.append(line)
                if match := re.fullmatch(pattern, line):
                    return match
        raise AssertionError(f"{pattern!r} is not in {self.lines}")

    async def ready(self) -> None:
        self.port = int((await self.expect(r"Meadow is ready on port (\d+)"))[1])

    async def command(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()

    async def ended(self) -> int:
        """The exit code, once the process has ended; its last lines are in `lines` then."""
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            self.lines += (await self.process.stdout.read()).decode().splitlines()
            return await self.process.wait()

    async def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def status(self) -> dict[str, Any]:
        async with self._client.get(self.url + "status") as answer:
            assert answer.status == 200
            return dict(await answer.json())

    async def status_when(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first status for which the condition holds."""
        async with asyncio.timeout(SECONDS):
            while not holds(status := await self.status()):
                continue
        return status

    async def knock(self, name: str, **query: str) -> Player:
        """Connect, without waiting to be let in."""
        socket = await self._client.ws_connect(self.url + "play", params={"name": name, **query})
        self._sockets.append(socket)
        return Player(socket)

    async def join(self, name: str, **query: str) -> tuple[Player, dict[str, Any]]:
        player = await self.knock(name, **query)
        return player, await player.next("hello")


class Starter:
    """Starts Meadow on any free port with its world in `folder`. What still runs at the end of a test is killed."""

    def __init__(self, folder: Path, client: aiohttp.ClientSession) -> None:
        self.folder = folder
        self.world = folder / "world.json"
        self._client = client
        self._started: list[asyncio.subprocess.Process] = []

    async def __call__(self, *, stdin: int = asyncio.subprocess.PIPE, ready: bool = True, **variables: str) -> Meadow:
        """`variables` are settings without their `MEADOW_`."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MEADOW_")},
            "MEADOW_PORT": "0",
            "MEADOW_DATA": str(self.folder),
            **{f"MEADOW_{name.upper()}": value for name, value in variables.items()},
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.demo.meadow"),
            cwd=ROOT,
            env=environment,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._started.append(process)
        meadow = Meadow(process, self._client)
        if ready:
            await meadow.ready()
        return meadow

    async def end(self) -> None:
        for process in self._started:
            if process.returncode is None:
                process.kill()
            await process.wait()


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Starter]:
    async with aiohttp.ClientSession() as client:
        starter = Starter(tmp_path / "world", client)
        try:
            yield starter
        finally:
            await starter.end()
