"""The agent's small HTTP: JSON over HTTP/1.1, one request a connection.

    GET  /ready                     200 or 503; needs no token
    GET  /v1/status[?after=N]       the state; with `after`, waits up to 30 s for a revision other than N
    GET  /v1/players                {"online", "max", "names"} or {"unknown": why}
    POST /v1/console {"line": ...}  {"output": ...}, 409 where the game has no console or is not up
    POST /v1/snapshot {"note", "full"}  {"saved": SavedFile}; 503 {"kind", "error"} where there is none (process.py)
    POST /v1/stop                   202; the game is ended, then the agent
All but /ready need `Authorization: Bearer <agent secret>`, else 401.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from core.cluster.local_files import PodFile

from . import probe
from .asked import Answer, console_line, snapshot
from .game import NoConsole
from .snapshots import Saver
from .supervisor import Supervisor

LONG_POLL = 30.0  # seconds

_PATIENCE = 10.0  # seconds for a whole request to come in
_BODY_CAP = 8192  # bytes


class Api:
    """Serves until `close`; requests under way are answered before that returns."""

    def __init__(self, pod: PodFile, supervisor: Supervisor, saver: Saver) -> None:
        self._pod = pod
        self._saver = saver
        self._supervisor = supervisor
        self._server: asyncio.Server | None = None
        self._requests: set[asyncio.Task[None]] = set()

    async def start(self, host: str) -> int:
        """Listen on a free port and return it."""
        self._server = await asyncio.start_server(self._begin, host, 0, limit=_BODY_CAP)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._requests:
            await asyncio.wait(self._requests, timeout=1)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                request = await _read(reader)
            status, body = await self._answer(*request)
            payload = json.dumps(body).encode()
            head = (
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + payload)
            await writer.drain()
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        url = urlsplit(target)
        if (method, url.path) == ("GET", "/ready"):
            ready = self._supervisor.state.phase == "ready"
            return (200 if ready else 503), {"ready": ready}
        given = headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self._pod.token}".encode()):
            return 401, {"error": "the token is missing or wrong"}
        match method, url.path:
            case "GET", "/v1/status":
                return await self._status(parse_qs(url.query).get("after", [""])[0])
            case "GET", "/v1/players":
                return await self._players()
            case "POST", "/v1/console":
                return await self._console(body)
            case "POST", "/v1/snapshot":
                return await snapshot(self._saver, body)
            case "POST", "/v1/stop":
                self._supervisor.stop()
                return 202, self._supervisor.state.to_json()
        return 404, {"error": "there is nothing here"}

    async def _status(self, after: str) -> Answer:
        if after.isdecimal():
            await self._supervisor.changed(int(after), LONG_POLL)
        return 200, self._supervisor.state.to_json()

    async def _players(self) -> Answer:
        try:
            return 200, await probe.players(self._pod)
        except probe.NoAnswer as why:
            return 200, {"unknown": str(why)}

    async def _console(self, body: bytes) -> Answer:
        try:
            return 200, {"output": await self._supervisor.console(console_line(body))}
        except ValueError as wrong:
            return 400, {"error": str(wrong)}
        except NoConsole as why:
            return 409, {"error": str(why)}


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes]:
    """Method, target, headers (lower case), body. Raises `ValueError` for what is no request."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length") or 0)
    if not 0 <= length <= _BODY_CAP:
        raise ValueError("too much")
    return method, target, headers, await reader.readexactly(length)
