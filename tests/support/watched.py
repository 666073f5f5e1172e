"""The shipped process with its health address on a free port, and a look at what it answers there."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from shipped import Shipped, shipped


class Watched(Shipped):
    """A bot, and whoever watches over it."""

    @property
    def url(self) -> str:
        """As the log tells it: port 0 takes any free one."""
        lines = (json.loads(line) for line in self.log.splitlines() if line.startswith("{"))
        return str(next(line["url"] for line in lines if line["event"] == "health"))

    async def ask(self, path: str) -> tuple[int, Any]:
        async with aiohttp.ClientSession() as web, web.get(self.url + path) as response:
            return response.status, await response.json()

    async def metrics(self) -> dict[str, float]:
        """Value by name and labels, as Prometheus reads it."""
        async with aiohttp.ClientSession() as web, web.get(f"{self.url}/metrics") as response:
            assert response.content_type == "text/plain"
            lines = (await response.text()).splitlines()
        values = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in values}


@contextlib.asynccontextmanager
async def watching(folder: Path, **settings: str) -> AsyncIterator[Watched]:
    """Without pauses of its own."""
    async with shipped(folder, HEALTH="127.0.0.1:0", IDLE_AFTER="3600", **settings) as house:
        house.__class__ = Watched
        yield house  # type: ignore[misc]
