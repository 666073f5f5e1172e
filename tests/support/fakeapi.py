"""A small stand-in for the API server's lists and watches, that can do what a real one does only on a bad day."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web
from kubernetes.aio.client import Configuration

from core.cluster.kubernetes.api import Api

Raw = dict[str, Any]


def thing(name: str, version: int, **labels: str) -> Raw:
    return {"metadata": {"name": name, "resourceVersion": str(version), "labels": labels}, "spec": {}}


class FakeApi:
    """`objects` by name answer every list, whatever the kind; `send` goes to the watches that are open."""

    def __init__(self) -> None:
        self.objects: dict[str, Raw] = {}
        self.version = 1
        self.lists = 0
        self.watched_from: list[str] = []
        self.status = 0  # of every answer, if not 0
        self.page = 0  # objects a page at most, if not 0
        self.opened = asyncio.Event()
        self._watches: list[asyncio.Queue[Raw | None]] = []
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        self.cut()
        if self._runner is not None:
            await self._runner.cleanup()

    async def api(self) -> Api:
        configuration = Configuration()
        configuration.host = self.url
        api = Api(configuration, "games")
        await api.open()
        return api

    def put(self, name: str, **labels: str) -> Raw:
        self.version += 1
        kind = "MODIFIED" if name in self.objects else "ADDED"
        self.objects[name] = thing(name, self.version, **labels)
        self.send({"type": kind, "object": self.objects[name]})
        return self.objects[name]

    def remove(self, name: str) -> None:
        self.version += 1
        gone = self.objects.pop(name)
        self.send(
            {
                "type": "DELETED",
                "object": gone | {"metadata": gone["metadata"] | {"resourceVersion": str(self.version)}},
            }
        )

    def send(self, event: Raw) -> None:
        for watch in self._watches:
            watch.put_nowait(event)

    def cut(self) -> None:
        """End every watch."""
        for watch in self._watches:
            watch.put_nowait(None)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.status:
            return web.json_response({"message": "not now"}, status=self.status)
        if "watch" in request.query:
            return await self._watch(request)
        self.lists += 1
        start = int(request.query.get("continue", 0))
        size = self.page or int(request.query["limit"])
        names = sorted(self.objects)
        more = str(start + size) if start + size < len(names) else ""
        meta = {"resourceVersion": str(self.version), "continue": more}
        return web.json_response({"metadata": meta, "items": [self.objects[n] for n in names[start : start + size]]})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        self.watched_from.append(request.query["resourceVersion"])
        answer = web.StreamResponse()
        await answer.prepare(request)
        events: asyncio.Queue[Raw | None] = asyncio.Queue()
        self._watches.append(events)
        self.opened.set()
        try:
            while (event := await events.get()) is not None:
                await answer.write(json.dumps(event, separators=(",", ":")).encode() + b"\n")
        finally:
            self._watches.remove(events)
        return answer
