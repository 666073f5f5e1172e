"""Styles and scripts, from `bot/web/static`: `GET /static/NAME?v=HASH`.

Read once and kept. With the right hash an answer may be kept for ever, for another content has another address; without
it, a browser asks each time whether it is still so (ETag).
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query
from fastapi.responses import Response

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parents[1] / "static"
_MEDIA = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    packed: bytes
    mark: str
    """16 hexadecimal digits of its hash."""
    media: str


@cache
def files() -> dict[str, File]:
    """All that is served, by name; nothing else of the folder is."""
    return {path.name: _file(path) for path in FOLDER.iterdir() if path.suffix in _MEDIA}


def address(name: str) -> str:
    """KeyError: there is no such file."""
    return f"/static/{name}?v={files()[name].mark}"


@router.api_route("/static/{name}", methods=["GET", "HEAD"], operation_id="static")
async def static(
    name: str,
    v: Annotated[str, Query()] = "",
    if_none_match: Annotated[str, Header()] = "",
    accept_encoding: Annotated[str, Header()] = "",
) -> Response:
    file = files().get(name)
    if file is None:
        raise HTTPException(404)
    headers = {
        "ETag": f'"{file.mark}"',
        "Cache-Control": _FOR_EVER if v == file.mark else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    if "gzip" in accept_encoding:
        return Response(file.packed, media_type=file.media, headers=headers | {"Content-Encoding": "gzip"})
    return Response(file.content, media_type=file.media, headers=headers)


def _file(path: Path) -> File:
    content = path.read_bytes()
    mark = hashlib.sha256(content).hexdigest()[:16]
    return File(content, gzip.compress(content, mtime=0), mark, _MEDIA[path.suffix])
