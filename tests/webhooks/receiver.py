"""A program that takes events over HTTP on loopback, or does not, as a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from core.webhooks.post import Reach


@dataclass(frozen=True)
class Came:
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["X-Dormouse-Delivery"]

    @property
    def kind(self) -> str:
        return self.headers["X-Dormouse-Event"]


async def takes(_: Came) -> web.Response:
    return web.Response(status=204)


@dataclass
class Receiver:
    """`answer` says what it does with what came."""

    url: str = ""
    came: list[Came] = field(default_factory=list)
    answer: Callable[[Came], Awaitable[web.StreamResponse]] = takes
    _heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.StreamResponse:
        came = Came(dict(request.headers), await request.read())
        async with self._heard:
            self.came.append(came)
            self._heard.notify_all()
        return await self.answer(came)

    async def until(self, many: int) -> list[Came]:
        """What came, once it is so many."""
        async with asyncio.timeout(20), self._heard:
            await self._heard.wait_for(lambda: len(self.came) >= many)
        return list(self.came)

    def fails(self, status: int = 500) -> None:
        async def answer(_: Came) -> web.Response:
            return web.Response(status=status, headers={"Location": self.url})

        self.answer = answer

    def takes(self) -> None:
        self.answer = takes


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/{rest:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://receiver.test:{runner.addresses[0][1]}/secret-path"
    try:
        yield receiver
    finally:
        await runner.cleanup()


HERE = Reach(lambda host, port: ["127.0.0.1"], frozenset({"http"}))
"""Whatever the name, it is this machine."""
