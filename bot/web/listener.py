"""Listening for HTTP from the beginning of an `async with` to its end; health.py and links.py say what is answered."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from aiohttp import web

from core.authority import authority
from core.errors import Misconfigured


class Listener(ABC):
    """Without an address it does nothing, and `url` stays empty. `setting` is where the address comes from."""

    setting: str

    def __init__(self, address: tuple[str, int] | None) -> None:
        self._address = address
        self._runner: web.AppRunner | None = None
        self.url = ""

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """What is answered."""

    async def __aenter__(self) -> Self:
        """Misconfigured where the address cannot be had."""
        if self._address is None:
            return self
        host, port = self._address
        app = web.Application()
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as wrong:
            await self._runner.cleanup()
            raise Misconfigured([cannot_listen(host, port, wrong, self.setting)]) from None
        port = self._runner.addresses[0][1]
        self.url = f"http://{authority(host, port)}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()


def cannot_listen(host: str, port: int, wrong: OSError, setting: str) -> str:
    why = os.strerror(wrong.errno) if wrong.errno else type(wrong).__name__
    return f"{setting}: {authority(host, port)} cannot be listened on ({why}): choose another port, or off."
