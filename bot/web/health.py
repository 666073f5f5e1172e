"""Live, ready and metrics over HTTP, for those who watch the process: `/healthz`, `/readyz`, `/metrics`.

Live: the event loop and the controller's loop turn; a process that is not should be killed. Ready: nothing that it
needs is away; one that is not is left alone, for it waits and goes on. Both answer JSON, with 503 for no.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.web.listener import Listener


@dataclass(frozen=True, slots=True)
class Probes:
    """`live` and `ready` give what is wrong, by part and in words; nothing for all is well."""

    live: Callable[[], Mapping[str, str]]
    ready: Callable[[], Awaitable[Mapping[str, str]]]
    metrics: Callable[[], Awaitable[bytes]]


class HealthServer(Listener):
    setting = "DORMOUSE_HEALTH"

    def __init__(self, address: tuple[str, int] | None, probes: Probes) -> None:
        super().__init__(address)
        self._probes = probes

    def routes(self) -> list[web.RouteDef]:
        answers = {"/healthz": self._live, "/readyz": self._ready, "/metrics": self._metrics}
        return [web.get(path, answer) for path, answer in answers.items()]

    async def _live(self, _: web.Request) -> web.Response:
        return _answer("live", self._probes.live())

    async def _ready(self, _: web.Request) -> web.Response:
        return _answer("ready", await self._probes.ready())

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=await self._probes.metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _answer(what: str, missing: Mapping[str, str]) -> web.Response:
    body = {what: not missing, "missing": dict(missing)}
    return web.json_response(body, status=503 if missing else 200, headers={"Cache-Control": "no-store"})
