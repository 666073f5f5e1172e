"""Live, ready and metrics over HTTP, for those who watch the process: `/healthz`, `/readyz`, `/metrics`.

Live: the event loop and the controller's loop turn; a process that is not should be killed. Ready: nothing that it
needs is away; one that is not is left alone, for it waits and goes on. Both answer JSON, with 503 for no.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from core.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Probes:
    """`live` and `ready` give what is wrong, by part and in words; nothing for all is well."""

    live: Callable[[], Mapping[str, str]]
    ready: Callable[[], Awaitable[Mapping[str, str]]]
    metrics: Callable[[], Awaitable[bytes]]


class HealthServer:
    """`async with` it: from its beginning to its end it listens. Without an address it does nothing."""

    def __init__(self, address: tuple[str, int] | None, probes: Probes) -> None:
        self._address = address
        self._probes = probes
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        """Misconfigured where the address cannot be had."""
        if self._address is None:
            return self
        host, port = self._address
        app = web.Application()
        app.router.add_get("/healthz", self._live)
        app.router.add_get("/readyz", self._ready)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as wrong:
            await self._runner.cleanup()
            raise Misconfigured([cannot_listen(host, port, wrong)]) from None
        port = self._runner.addresses[0][1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _live(self, _: web.Request) -> web.Response:
        return _answer("live", self._probes.live())

    async def _ready(self, _: web.Request) -> web.Response:
        return _answer("ready", await self._probes.ready())

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=await self._probes.metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def cannot_listen(host: str, port: int, wrong: OSError, setting: str = "DORMOUSE_HEALTH") -> str:
    why = os.strerror(wrong.errno) if wrong.errno else type(wrong).__name__
    return f"{setting}: {host}:{port} cannot be listened on ({why}): choose another port, or off."


def _answer(what: str, missing: Mapping[str, str]) -> web.Response:
    body = {what: not missing, "missing": dict(missing)}
    return web.json_response(body, status=503 if missing else 200, headers={"Cache-Control": "no-store"})
