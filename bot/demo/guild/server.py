"""The guild as one server on loopback: the bot's REST and gateway, and the page, on one port."""

import asyncio
import logging
import socket
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from bot.demo.guild.admin import Admin
from bot.demo.guild.bodies import answer
from bot.demo.guild.callbacks import Callbacks
from bot.demo.guild.errors import ApiError, PageError, not_found
from bot.demo.guild.gateway import Gateway
from bot.demo.guild.interactions import Interactions
from bot.demo.guild.oauth import OAuth
from bot.demo.guild.pageapi import PageApi
from bot.demo.guild.rest import BASE, Rest, require_token
from bot.demo.guild.sessions import Intent
from bot.demo.guild.world import World

_log = logging.getLogger(__name__)

Before = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
"""Sees a REST request first; what it returns is answered in its place, and then nothing happens."""

After = Callable[[web.Request, web.StreamResponse], Awaitable[web.StreamResponse | None]]
"""Sees the answer when the effect has happened; may return another. `request.transport.abort()` cuts the line."""

_MAX_BODY = 128 * 1024 * 1024
_REMEMBERED_REQUESTS = 5000


class Request(NamedTuple):
    """One line of the log of REST requests; `path` begins after `/api/v10`."""

    method: str
    path: str
    status: int


class Guild:
    """One guild. `folder` keeps it across restarts, None keeps it in memory.

    `answer_timeout`, `offline_after`, `resume_within` and `heartbeat` are seconds, by default Discord's; `privileged`
    are the privileged intents that are switched on.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        clock: Callable[[], float] = time.time,
        answer_timeout: float = 3.0,
        offline_after: float = 10.0,
        resume_within: float = 180.0,
        heartbeat: float = 41.25,
        privileged: int = 0,
    ) -> None:
        self.world = World(folder, clock)
        self.gateway = Gateway(
            self.world,
            privileged=Intent(privileged),
            heartbeat=heartbeat,
            offline_after=offline_after,
            resume_within=resume_within,
        )
        self.interactions = Interactions(self.world, self.gateway, answer_timeout=answer_timeout)
        self.before: list[Before] = []
        self.after: list[After] = []
        self.requests: deque[Request] = deque(maxlen=_REMEMBERED_REQUESTS)
        self.host = ""
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def api_url(self) -> str:
        return f"http://{self.host}:{self.port}{BASE}"

    @property
    def gateway_url(self) -> str:
        return f"ws://{self.host}:{self.port}/gateway"

    @property
    def page_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one, which `port` then tells. OSError if the port is taken."""
        listener = socket.create_server((host, port), backlog=512)
        self.host, self.port = host, listener.getsockname()[1]
        self.world.load(f"{self.page_url}/page/files")
        self.world.storage.start()
        self.gateway.url = self.gateway_url
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        """Close all connections and write what is left. The bot may come back to a guild started on the same port."""
        await self.gateway.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        await self.world.storage.stop()

    async def close_gateway(self, code: int) -> None:
        """Close every gateway connection with this code."""
        await self.gateway.close_all(code)

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[self._answer_rest, _answer_page], client_max_size=_MAX_BODY)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        page, oauth = PageApi(self.world, self.gateway, self.interactions), OAuth(self.world)
        for part in (
            Rest(self.world, self.gateway, oauth),
            oauth,
            Callbacks(self.world, self.interactions),
            page,
            Admin(self.world, self.gateway),
        ):
            app.router.add_routes(part.routes())
        app.on_shutdown.append(page.close)
        return app

    @web.middleware
    async def _answer_rest(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if not request.path.startswith(BASE):
            return await handler(request)
        response = await self._first(request)
        if response is None:
            response = await _refusals_as_json(request, handler)
            for after in self.after:
                response = await after(request, response) or response
        self.requests.append(Request(request.method, request.path.removeprefix(BASE), response.status))
        return response

    async def _first(self, request: web.Request) -> web.StreamResponse | None:
        for before in self.before:
            response = await before(request)
            if response is not None:
                return response
        return None


async def _refusals_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        require_token(request)
        return await handler(request)
    except ApiError as error:
        return answer(error.body, error.status)
    except web.HTTPNotFound:
        return answer(not_found().body, 404)
    except web.HTTPMethodNotAllowed:
        return answer({"message": "405: Method Not Allowed", "code": 0}, 405)
    except asyncio.CancelledError:
        raise
    except Exception:
        _log.exception("%s %s failed", request.method, request.path)
        return answer({"message": "500: Internal Server Error", "code": 0}, 500)


@web.middleware
async def _answer_page(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    if request.path.startswith(BASE):
        return await handler(request)
    try:
        _refuse_other_sites(request)
        response = await handler(request)
        if request.path.startswith("/page/static/"):
            # The browser asks again each time, so that no two modules are of different age.
            response.headers["Cache-Control"] = "no-cache"
        return response
    except PageError as error:
        return answer({"reason": error.reason}, error.status)
    except ApiError as error:
        return answer({"reason": error.message}, error.status)


def _refuse_other_sites(request: web.Request) -> None:
    """Another site open in the same browser may link here, but neither act nor listen."""
    foreign = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
    if foreign and not (request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"):
        raise PageError("Another site may not use this page.", 403)
