"""Servers: listed, shown, resumed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from bot.web.api.models import Page, Server, Snowflake
from bot.web.callers import Called, actor_for, actor_in, actors_of
from bot.web.context import web_of

router = APIRouter(prefix="/servers", tags=["servers"])

ServerId = Annotated[str, Path(pattern=r"^[a-z][a-z2-7]{11}$", description="The server's id.")]


@router.get("", operation_id="list_servers")
async def list_servers(
    request: Request,
    caller: Called,
    guild: Annotated[Snowflake | None, Query(description="Only this guild's.")] = None,
    mine: Annotated[bool, Query(description="Only those that the caller owns.")] = False,
) -> Page[Server]:
    """All servers that the caller may see, by guild and name."""
    web = web_of(request)
    actors = await actors_of(web, caller) if guild is None else [await actor_in(web, caller, int(guild))]
    views = [view for actor in actors for view in await web.core.servers.lookup.list(actor, mine=mine)]
    return Page(items=[Server.of(view) for view in views])


@router.get("/{server}", operation_id="get_server")
async def get_server(request: Request, response: Response, caller: Called, server: ServerId) -> Server:
    web = web_of(request)
    view = await web.core.servers.lookup.get(await actor_for(web, caller, server), server)
    response.headers["ETag"] = f'"{view.version}"'
    return Server.of(view)


@router.post("/{server}/resume", operation_id="resume_server", status_code=202)
async def resume_server(request: Request, caller: Called, server: ServerId) -> Server:
    """Start a paused server. One that runs is left alone."""
    web = web_of(request)
    return Server.of(await web.core.servers.power.resume(await actor_for(web, caller, server), server))
