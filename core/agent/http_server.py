"""A small HTTP/1.1 server for agents: JSON, one request a connection, which has 10 s to come in.

A client that hangs up early cancels nothing: what it asked for is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

_PATIENCE = 10.0  # seconds for a whole request to come in
_LARGEST = 8192  # bytes of a head, and of a body for which there is no `Room`

Response = tuple[int, dict[str, Any]]
"""The status, and the body as JSON."""

Handler = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Response]]
"""Method, target (path and query), headers in lower case, body."""

Room = Callable[[str, str, Mapping[str, str]], int]
"""Bytes that a request's body may have, by its method, target and headers: asked before the body is read."""


class HttpServer:
    """Listens while it is entered; `port` tells where (0: any free one)."""

    def __init__(self, handler: Handler, host: str, port: int, room: Room | None = None) -> None:
        self._handler = handler
        self._room = room
        self._host = host
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._begin, self._host, self.port, limit=_LARGEST)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, at: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                request = await _read(reader, self._room)
            status, body = await self._handler(*request)
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


async def _read(reader: asyncio.StreamReader, room: Room | None) -> tuple[str, str, dict[str, str], bytes]:
    """Raises `ValueError` for what is no request."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length") or 0)
    most = _LARGEST if room is None else max(_LARGEST, room(method, target, headers))
    if not 0 <= length <= most:
        raise ValueError("too much")
    return method, target, headers, await reader.readexactly(length)
