"""Servers: started, paused, kept on; and a game's licence, where one comes first."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from bot.web.api.models import Body, Server, Snowflake
from bot.web.api.servers import ServerId
from bot.web.callers import Called, actor_for, actor_in
from bot.web.context import web_of
from core.errors import Refusal

router = APIRouter(tags=["servers"])


class Hours(Body):
    hours: Annotated[int, Field(ge=1, le=24)] = 1


class Accepts(Body):
    """The answer to a `licence` of a refusal: its `mark`, and `then`."""

    mark: Annotated[str, Field(pattern=r"^[0-9a-z]{1,64}$", examples=["0f3a"])]
    """Which text was read."""
    then: Literal["resume", "restart"] | None = None
    """What is done with it; null: nothing."""


class Answers(Body):
    """The answer to a `licence` that has a `question`."""

    guild: Snowflake
    question: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", examples=["0123456789abcdef"])]


@router.post("/servers/{server}/resume", operation_id="resume_server", status_code=202)
async def resume_server(request: Request, caller: Called, server: ServerId) -> Server:
    """Start a paused server. One that runs is left alone."""
    web = web_of(request)
    return Server.of(await web.core.servers.power.resume(await actor_for(web, caller, server), server))


@router.post("/servers/{server}/pause", operation_id="pause_server", status_code=202)
async def pause_server(request: Request, caller: Called, server: ServerId) -> Server:
    """Its world is saved, and nothing of it is lost."""
    web = web_of(request)
    return Server.of(await web.core.servers.power.pause(await actor_for(web, caller, server), server))


@router.post("/servers/{server}/restart", operation_id="restart_server", status_code=202)
async def restart_server(request: Request, caller: Called, server: ServerId) -> Server:
    """Start a running server anew, or one that crashed or is paused."""
    web = web_of(request)
    return Server.of(await web.core.servers.power.restart(await actor_for(web, caller, server), server))


@router.post("/servers/{server}/keep", operation_id="keep_server")
async def keep_server(request: Request, caller: Called, server: ServerId, body: Hours) -> Server:
    """No pause for being empty within these hours."""
    web = web_of(request)
    return Server.of(await web.core.servers.power.keep(await actor_for(web, caller, server), server, body.hours))


@router.post("/servers/{server}/vote", operation_id="vote_for_server")
async def vote_for_server(request: Request, caller: Called, server: ServerId) -> Server:
    """A voice to keep it open, where its warnings ask for one."""
    web = web_of(request)
    return Server.of(await web.core.servers.power.vote(await actor_for(web, caller, server), server))


@router.post("/servers/{server}/licence", operation_id="accept_licence", status_code=202)
async def accept_licence(request: Request, caller: Called, server: ServerId, body: Accepts) -> Server:
    """Accept the licence of its game for the guild, and get on with what was asked for."""
    web = web_of(request)
    actor, power = await actor_for(web, caller, server), web.core.servers.power
    match body.then:
        case "resume":
            return Server.of(await power.resume(actor, server, accepts=body.mark))
        case "restart":
            return Server.of(await power.restart(actor, server, accepts=body.mark))
        case None:
            return Server.of(await power.accept(actor, server, body.mark))


@router.post("/licences", operation_id="answer_licence", status_code=201)
async def answer_licence(request: Request, response: Response, caller: Called, body: Answers) -> Server:
    """Accept a licence, and get the server that was asked for: one, however often this is sent."""
    web = web_of(request)
    made = await web.core.servers.creation.go_on(await actor_in(web, caller, int(body.guild)), body.question)
    if isinstance(made, Refusal):
        raise made
    response.headers["Location"] = f"/api/v1/servers/{made.id}"
    return Server.of(made)
