"""Connections to the HTTP face: so many at once, and each has to say soon what it wants. Else whoever opens some and
says nothing (Slowloris) takes every file that this process may open, and the bot's line to Discord with them."""

from __future__ import annotations

import asyncio
import resource
from typing import ClassVar

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

log = structlog.get_logger()

MOST = 2000
HEADERS_WITHIN = 10  # seconds that a connection may be silent, or take for the head of a request
TOLD_EVERY = 60.0  # seconds between two lines in the log

_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def most() -> int:
    """At once: never more than half of the files that this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else min(MOST, soft // 2)


class Connection(H11Protocol):
    """One, as uvicorn serves it, which minds only what is silent after an answer."""

    _told_at: ClassVar[float] = -TOLD_EVERY
    _head: asyncio.TimerHandle | None = None
    """Ends it, unless the head of a request is whole by then."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > (bound := most()):
            self._refuse(transport, bound)
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._wait_no_more()
        elif self._head is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._head = self.loop.call_later(HEADERS_WITHIN, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _refuse(self, transport: asyncio.Transport, bound: int) -> None:
        if (now := self.loop.time()) - Connection._told_at >= TOLD_EVERY:
            Connection._told_at = now
            log.warning("too many connections", most=bound)
        transport.write(_FULL)
        transport.close()
