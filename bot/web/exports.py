"""Downloads, for whoever has a link that a folder store signed: `GET /exports/…?expires=&signature=`.

Nothing is listed, and what is not rightly signed looks like what is not there. Ranges are served too, so that a large
download that broke off goes on where it was. A B2 store's links lead to B2 instead.
"""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse

from bot.web.context import web_of
from core.worlds.store.port import StoreError

router = APIRouter(include_in_schema=False)

_HEADERS = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",  # the link itself is the key
}


@router.api_route("/exports/{rest:path}", methods=["GET", "HEAD"], operation_id="export")
async def export(
    request: Request, rest: str, expires: Annotated[str, Query()] = "", signature: Annotated[str, Query()] = ""
) -> FileResponse:
    store, key = web_of(request).links, f"exports/{rest}"
    if store is None or not (expires.isascii() and expires.isdigit() and len(expires) <= 12 and signature.isascii()):
        raise HTTPException(404)
    if not store.allows(key, int(expires), signature, time.time()):
        raise HTTPException(404)
    try:
        path = await asyncio.to_thread(store.file, key)
    except (StoreError, ValueError):
        raise HTTPException(404) from None
    name = key.rpartition("/")[2]  # A-Z a-z 0-9 and - only (core.worlds.export)
    return FileResponse(path, headers=_HEADERS, media_type="application/zip", filename=name)
