"""A server's console: its log as it comes, and a line to its game."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from bot.web.api.servers import ServerId
from bot.web.callers import actor_for
from bot.web.context import web_of
from bot.web.pages.forms import Sent
from bot.web.pages.render import Viewing, is_fragment, know, marks_of, render
from bot.web.pages.servers import places
from core.errors import Refusal
from core.guilds.access import Actor, Do
from core.servers.card_text import listens
from core.servers.console import GameLog
from core.words import Phase

router = APIRouter(include_in_schema=False)

LINES = 200


@router.get("/servers/{server}/console", operation_id="page_console")
async def console(
    request: Request, caller: Viewing, server: ServerId, before: Annotated[bool, Query()] = False
) -> Response:
    """`before`: the log of the run before its last start."""
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    view, rights = await web.core.servers.lookup.get_with_rights(actor, server)
    found, problem = await _log(request, actor, server, before=before)
    return render(
        request,
        "console.html",
        caller,
        view=view,
        places=places(view, rights, worlds=web.core.worlds is not None),
        found=found,
        problem=problem,
        before=before,
        writes=rights.may(Do.CONSOLE) and listens(view) and view.phase is Phase.RUNNING,
        lines=LINES,
    )


@router.get("/servers/{server}/console/log", operation_id="page_log")
async def log(request: Request, caller: Viewing, server: ServerId) -> Response:
    """The newest lines alone."""
    actor = await actor_for(web_of(request), caller, server)
    found, problem = await _log(request, actor, server)
    return render(request, "log_part.html", caller, found=found, problem=problem)


@router.post("/servers/{server}/console", operation_id="page_send")
async def send(request: Request, caller: Sent, server: ServerId, line: Annotated[str, Form()] = "") -> Response:
    web = web_of(request)
    sent = await web.core.servers.consoles.send(await actor_for(web, caller, server), server, line)
    if not is_fragment(request):
        return RedirectResponse(f"/servers/{server}/console", 303)
    await know(request, caller)
    return render(request, "sent_part.html", caller, sent=sent)


async def _log(request: Request, actor: Actor, server: str, *, before: bool = False) -> tuple[GameLog | None, str]:
    """Or why there is none now: that is no reason to show no page. Who may not see it is refused."""
    consoles = web_of(request).core.servers.consoles
    try:
        return await consoles.logs(actor, server, LINES, before=before), ""
    except Refusal as wrong:
        if wrong.message != "logs.away":
            raise
        marks = marks_of(request)
        return None, marks.say(wrong.message, **wrong.values)
