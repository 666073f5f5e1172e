"""Downloads over HTTP, for whoever has a link that a folder store signed: `GET /exports/…?expires=&signature=`.

Nothing else is served, nothing is listed, and what is not rightly signed looks like what is not there. Ranges are
served too, so that a large download that broke off goes on where it was. A B2 store's links lead to B2 instead.
"""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.web.health import cannot_listen
from core.errors import Misconfigured
from core.worlds.store.folder import FolderStore
from core.worlds.store.port import StoreError

_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Type": "application/zip",
    "Referrer-Policy": "no-referrer",  # the link itself is the key
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


class LinkServer:
    """`async with` it: from its beginning to its end it listens. Without an address or a folder store it does
    nothing."""

    def __init__(self, address: tuple[str, int] | None, store: FolderStore | None) -> None:
        self._address = address
        self._store = store
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        """Misconfigured where the address cannot be had."""
        if self._address is None or self._store is None:
            return self
        host, port = self._address
        app = web.Application()
        app.router.add_get("/exports/{rest:.+}", self._export)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as wrong:
            await self._runner.cleanup()
            raise Misconfigured([cannot_listen(host, port, wrong, "DORMOUSE_WEB")]) from None
        port = self._runner.addresses[0][1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _export(self, request: web.Request) -> web.StreamResponse:
        assert self._store is not None
        key, query = f"exports/{request.match_info['rest']}", request.query
        expires, signature = query.get("expires", ""), query.get("signature", "")
        if not (expires.isascii() and expires.isdigit() and len(expires) <= 12 and signature.isascii()):
            raise web.HTTPNotFound
        if not self._store.allows(key, int(expires), signature, time.time()):
            raise web.HTTPNotFound
        try:
            path = await asyncio.to_thread(self._store.file, key)
        except (StoreError, ValueError):
            raise web.HTTPNotFound from None
        name = key.rpartition("/")[2]  # A-Z a-z 0-9 and - only (core.worlds.export)
        return web.FileResponse(path, headers=_HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'})
