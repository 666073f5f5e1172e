"""The API's description, and a page by which people try it out: Swagger UI, from here alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from bot.web.api.spec import PREFIX, describe
from bot.web.guard import CSP
from bot.web.pace import take_open

FOLDER = Path(__file__).parents[1] / "static" / "swagger"
PARTS = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript", "start.js": "text/javascript"}

router = APIRouter(include_in_schema=False)

_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dormouse · API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<main id="swagger-ui" data-spec="{PREFIX}/openapi.json"></main>
<noscript><p>This page needs JavaScript. <a href="{PREFIX}/openapi.json">The description itself</a> does not.</p>
</noscript>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
"""
_CSP = f"{CSP}; style-src 'self' 'unsafe-inline'; connect-src 'self'"
"""Swagger UI styles what it draws by attributes."""


@router.get(f"{PREFIX}/openapi.json", operation_id="openapi", dependencies=[Depends(take_open)])
async def openapi(request: Request) -> JSONResponse:
    described: dict[str, Any] = describe(request.app)
    return JSONResponse(described, headers={"Cache-Control": "public, max-age=300"})


@router.get("/api/docs", operation_id="api_docs")
async def api_docs() -> HTMLResponse:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _CSP})


@router.get("/api/docs/{name}", operation_id="api_docs_part")
async def api_docs_part(name: str) -> FileResponse:
    if name not in PARTS:
        raise HTTPException(404)
    return FileResponse(FOLDER / name, media_type=PARTS[name], headers={"Cache-Control": "public, max-age=3600"})
