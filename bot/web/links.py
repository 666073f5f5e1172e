"""Downloads over HTTP, for whoever has a link that a folder store signed: `GET /exports/…?expires=&signature=`.

Nothing else is served, nothing is listed, and what is not rightly signed looks like what is not there. Ranges are
served too, so that a large download that broke off goes on where it was. A B2 store's links lead to B2 instead.
"""

from __future__ import annotations

import asyncio
import time

from aiohttp import web

from bot.web.listener import Listener
from core.worlds.store.folder import FolderStore
from core.worlds.store.port import StoreError

_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Type": "application/zip",
    "Referrer-Policy": "no-referrer",  # the link itself is the key
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


class LinkServer(Listener):
    """Without a folder store it does nothing."""

    setting = "DORMOUSE_WEB"

    def __init__(self, address: tuple[str, int] | None, store: FolderStore | None) -> None:
        super().__init__(address if store is not None else None)
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/exports/{rest:.+}", self._export)]

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
