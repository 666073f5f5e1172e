"""Listening for people and programs, from the beginning of an `async with` to its end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from bot.web.connections import HEADERS_WITHIN, Connection
from bot.web.listener import cannot_listen
from core.authority import authority
from core.errors import Misconfigured

SETTING = "DORMOUSE_WEB"
DRAIN = 5  # seconds that requests have to end


class _Uvicorn(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the process's (bot.app)."""
        yield


class WebServer:
    """`url` is where it listens, once it does. `stopping` is called before requests get their time to end."""

    def __init__(self, address: tuple[str, int], app: ASGIApp, stopping: Callable[[], None] = lambda: None) -> None:
        self._address = address
        self._stopping = stopping
        self._server = _Uvicorn(
            uvicorn.Config(
                app,
                http=Connection,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                date_header=True,
                proxy_headers=False,
                ws="none",
                timeout_keep_alive=HEADERS_WITHIN,
                timeout_graceful_shutdown=DRAIN,
                h11_max_incomplete_event_size=32 * 1024,
            )
        )
        self._serving: asyncio.Task[None] | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        """Misconfigured where the address cannot be had."""
        host, port = self._address
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listening = socket.create_server((host, port), family=family, backlog=1024)
        except OSError as wrong:
            raise Misconfigured([cannot_listen(host, port, wrong, SETTING)]) from None
        # Else what is written in two parts waits 40 ms for the peer; asyncio sees to it only for sockets of its own.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://{authority(host, listening.getsockname()[1])}"
        self._serving = asyncio.create_task(self._server.serve([listening]), name="web")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._serving is not None
        self._stopping()
        self._server.should_exit = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN + 2):
                await self._serving
