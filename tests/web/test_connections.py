"""Who opens connections and says nothing: others go on, and the process is well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.web import connections, server
from bot.web.connections import Connection
from bot.web.health import HealthServer, Probes
from bot.web.server import WebServer

Said = Callable[[], Awaitable[bytes]]


async def app(_scope: object, _receive: object, send: Callable[[Mapping[str, object]], Awaitable[None]]) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def opened(url: str, said: bytes = b"") -> AsyncIterator[Said]:
    """A connection that said so much. Gives what reads all that it is told until its end."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(said)
        await writer.drain()
        yield reader.read
    finally:
        writer.close()


async def _nothing() -> dict[str, str]:
    return {}


async def _metrics() -> bytes:
    return b""


ASKED = b"GET / HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize("said", [b"", ASKED, ASKED + b"\r\n" + ASKED])
async def test_who_does_not_say_what_they_want_is_let_go(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADERS_WITHIN", 0.5)
    monkeypatch.setattr(server, "HEADERS_WITHIN", 0.5)
    async with asyncio.timeout(30), WebServer(("127.0.0.1", 0), app) as web, opened(web.url, said) as told:
        assert (await told()).count(b"HTTP/1.1 204") == said.count(b"\r\n\r\n")


async def test_who_said_it_is_not_hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, asked = asyncio.Event(), asyncio.Event()

    async def slow(scope: object, receive: object, send: Callable[[Mapping[str, object]], Awaitable[None]]) -> None:
        asked.set()
        await goes_on.wait()
        await app(scope, receive, send)

    monkeypatch.setattr(connections, "HEADERS_WITHIN", 0.5)
    async with (
        asyncio.timeout(30),
        WebServer(("127.0.0.1", 0), slow) as web,
        opened(web.url, ASKED + b"Connection: close\r\n\r\n") as told,
    ):
        await asked.wait()
        (connection,) = web._server.server_state.connections
        assert connection._head is None
        goes_on.set()
        assert b"HTTP/1.1 204" in await told()


async def test_so_many_at_once_and_health_answers_nevertheless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 3)
    monkeypatch.setattr(Connection, "_told_at", -connections.TOLD_EVERY)
    probes = Probes(live=dict, ready=_nothing, metrics=_metrics)
    async with (
        asyncio.timeout(30),
        WebServer(("127.0.0.1", 0), app) as web,
        HealthServer(("127.0.0.1", 0), probes) as health,
        aiohttp.ClientSession() as http,
        AsyncExitStack() as silent,
    ):
        for _ in range(3):
            await silent.enter_async_context(opened(web.url))
        with capture_logs() as lines:
            for _ in range(2):
                async with opened(web.url) as told:
                    assert (await told()).startswith(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n")
        assert [each["event"] for each in lines if each["log_level"] == "warning"] == ["too many connections"]
        async with http.get(f"{health.url}/healthz") as well:
            assert well.status == 200
        await silent.aclose()
        while web._server.server_state.connections:
            await asyncio.sleep(0)
        async with http.get(web.url) as answer:
            assert answer.status == 204
