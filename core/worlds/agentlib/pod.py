"""The agent in a pod: a sidecar that sees neither the game's process nor its output, only its ports and its console.

    GET  /v1/alive                  200; needs no token
    GET  /v1/ready                  200 or 503; needs no token (the kubelet asks)
    GET  /v1/status, /v1/players    as http.py says
    POST /v1/console {"line": ...}  {"output": ...}, or {"output": null} where only the pod's log has the answer
All but the first two need `Authorization: Bearer <agent secret>`. The game's stop line is sent when the game's
preStop hook has touched STOP.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hmac
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.cluster.local_files import PodFile
from core.cluster.names import AGENT_PORT
from core.games.console.port import Console, ConsoleAway
from core.games.console.rcon import Rcon

from . import pod_query
from .pod_http import Answer, Server
from .probe import NoAnswer

SHARED = Path("/run/dormouse")
_LOOK_EVERY = 0.5  # seconds between looks for STOP
_LINE_CAP = 1000  # characters of a console line


class Fifo(Console):
    """The game's stdin, where it was started to read the pipe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path)
        path.chmod(0o660)

    async def send(self, line: str) -> str:
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as wrong:
            why = "the game is not up" if wrong.errno == errno.ENXIO else wrong.strerror
            raise ConsoleAway(str(why)) from wrong
        try:
            os.write(handle, line.encode() + b"\n")
        except OSError as wrong:
            raise ConsoleAway(f"the game does not read its console: {wrong.strerror}") from wrong
        finally:
            os.close(handle)
        return ""


class PodAgent:
    """Answers `Server`'s requests."""

    def __init__(self, pod: PodFile, shared: Path, *, rcon: Console | None = None) -> None:
        self._pod = pod
        self._shared = shared
        self._rcon = rcon
        self._console: Console | None = Fifo(shared / "console") if pod.console == "stdin" else rcon
        self._look: asyncio.Task[str] | None = None

    async def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        match method, path:
            case "GET", "/v1/alive":
                return 200, {}
            case "GET", "/v1/ready":
                detail = await self._detail()
                return (503 if detail else 200), {"ready": not detail, "detail": detail}
        if not hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {self._pod.token}".encode()):
            return 401, {"error": "the token is missing or wrong"}
        match method, path:
            case "GET", "/v1/status":
                detail = await self._detail()
                return 200, {"phase": "starting" if detail else "ready", "detail": detail, "run": self._pod.run}
            case "GET", "/v1/players":
                return await self._players()
            case "POST", "/v1/console":
                return await self._line(body)
        return 404, {"error": "there is nothing here"}

    async def watch_for_stop(self) -> None:
        """Sends the game's stop line once its hook asks. Never returns."""
        asked = self._shared / "stop"
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            if self._console is not None and asked.exists():
                with contextlib.suppress(ConsoleAway):
                    await self._console.send(self._pod.stop_console)
                    asked.unlink(missing_ok=True)

    async def _detail(self) -> str:
        """Why the game is not up; empty if it is. Those who ask at the same time share one look."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._ask())
        return await asyncio.shield(self._look)

    async def _ask(self) -> str:
        try:
            await pod_query.is_up(self._pod, self._rcon)
        except NoAnswer as why:
            return str(why) or "no answer"
        return ""

    async def _players(self) -> Answer:
        try:
            return 200, await pod_query.players(self._pod, self._rcon)
        except NoAnswer as why:
            return 200, {"unknown": str(why)}

    async def _line(self, body: bytes) -> Answer:
        try:
            line = json.loads(body)["line"]
        except (ValueError, KeyError, TypeError):
            return 400, {"error": "the body is not a line"}
        if not isinstance(line, str) or len(line) > _LINE_CAP or not line.isprintable():
            return 400, {"error": "a line has no control characters and at most 1,000 others"}
        if self._console is None:
            return 409, {"error": "the game has no console"}
        try:
            said = await self._console.send(line)
        except ConsoleAway as why:
            return 409, {"error": str(why)}
        return 200, {"output": None if isinstance(self._console, Fifo) else said}


async def run(environ: Mapping[str, str], *, shared: Path = SHARED, port: int = AGENT_PORT) -> None:
    """Until SIGTERM, which comes when the game has ended."""
    known: dict[str, Any] = json.loads(environ["DORMOUSE_POD"])
    pod = replace(PodFile.of(known), token=environ["DORMOUSE_AGENT_TOKEN"])
    rcon_port = environ.get("DORMOUSE_RCON_PORT")
    rcon = Rcon("127.0.0.1", int(rcon_port), environ["DORMOUSE_CONSOLE_SECRET"]) if rcon_port else None
    agent = PodAgent(pod, shared, rcon=rcon)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    stop_line = asyncio.create_task(agent.watch_for_stop()) if pod.stop_console else None
    async with Server(agent.answer, "0.0.0.0", port):
        await stopping.wait()
    if stop_line is not None:
        stop_line.cancel()
