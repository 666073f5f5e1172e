"""`/host`: how the whole host is, for those who run it; for everybody else it is not there."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from bot.web.context import web_of
from bot.web.pages.render import Viewing, render
from core.errors import NotFound

router = APIRouter(include_in_schema=False)


@router.get("/host", operation_id="page_host")
async def host(request: Request, caller: Viewing) -> Response:
    operations = web_of(request).core.operations
    if caller.user not in operations.operators:
        raise NotFound("web.not_found")
    health = await operations.health()
    guilds = [] if health.database is None else await operations.guilds()
    troubled = [] if health.database is None else await operations.troubled()
    lacks = web_of(request).lacks()
    return render(request, "host.html", caller, health=health, guilds=guilds, troubled=troubled, lacks=lacks)
