"""A server's page, and its buttons. Each button is a form, so that it works without a script too."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from bot.web.api.servers import ServerId
from bot.web.callers import Caller, actor_for
from bot.web.context import web_of
from bot.web.pages.cards import ANSWERS, Card, answer, card, people_in
from bot.web.pages.forms import Sent
from bot.web.pages.marks import HtmlMarks
from bot.web.pages.render import Viewing, is_fragment, know, lines, marks_of, render
from bot.web.patience import MINUTES, patient
from core.errors import LicenceNeeded
from core.guilds.access import Actor, Do, Rights, Who
from core.guilds.refused import named
from core.servers import answer_text
from core.servers.views import ServerView
from core.text import say
from core.words import Desired

router = APIRouter(include_in_schema=False)

PLACES: dict[str, Do] = {
    "activity": Do.SEE,
    "console": Do.LOGS,
    "files": Do.FILES,
    "snapshots": Do.SNAPSHOTS,
    "edit": Do.EDIT,
}
"""Pages of a server besides its first, and what whoever opens one does."""


@router.get("/servers/{server}", operation_id="page_server")
async def page(
    request: Request, caller: Viewing, server: ServerId, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """`done`: what was pressed before."""
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    view, rights = await web.core.servers.lookup.get_with_rights(actor, server)
    shown, marks = await shown_as(request, view, rights), marks_of(request)
    in_use = await web.core.servers.lookup.in_use(view)
    return render(
        request,
        "server.html",
        caller,
        card=shown,
        places=places(view, rights, worlds=web.core.worlds is not None),
        here="",
        said=marks.say("page.done", what=say(marks.language, f"button.{done}")) if done in ANSWERS else "",
        details=lines(marks, answer_text.details(view, marks.language, marks, in_use)),
        may=[say(marks.language, f"button.{do}") for do in _TOLD if rights.may(do)],
        others=_others(rights, marks),
    )


@router.get("/servers/{server}/card", operation_id="page_card")
async def show_card(request: Request, caller: Viewing, server: ServerId) -> Response:
    """The card alone, as it is now."""
    actor = await actor_for(web_of(request), caller, server)
    view, rights = await web_of(request).core.servers.lookup.get_with_rights(actor, server)
    return _card(request, caller, await shown_as(request, view, rights))


@router.post("/servers/{server}/resume", operation_id="page_resume")
async def resume(request: Request, caller: Sent, server: ServerId, accepts: Annotated[str, Form()] = "") -> Response:
    power, actor = web_of(request).core.servers.power, await actor_for(web_of(request), caller, server)
    return await _pressed(request, caller, actor, "resume", power.resume(actor, server, accepts=accepts or None))


@router.post("/servers/{server}/pause", operation_id="page_pause")
async def pause(request: Request, caller: Sent, server: ServerId) -> Response:
    power, actor = web_of(request).core.servers.power, await actor_for(web_of(request), caller, server)
    return await _pressed(request, caller, actor, "pause", power.pause(actor, server))


@router.post("/servers/{server}/restart", operation_id="page_restart")
async def restart(request: Request, caller: Sent, server: ServerId, accepts: Annotated[str, Form()] = "") -> Response:
    power, actor = web_of(request).core.servers.power, await actor_for(web_of(request), caller, server)
    return await _pressed(request, caller, actor, "restart", power.restart(actor, server, accepts=accepts or None))


@router.post("/servers/{server}/keep", operation_id="page_keep")
async def keep(request: Request, caller: Sent, server: ServerId) -> Response:
    power, actor = web_of(request).core.servers.power, await actor_for(web_of(request), caller, server)
    return await _pressed(request, caller, actor, "keep", power.keep(actor, server))


@router.post("/servers/{server}/undo", operation_id="page_undo")
async def undo(request: Request, caller: Sent, server: ServerId) -> Response:
    removal, actor = web_of(request).core.servers.removal, await actor_for(web_of(request), caller, server)
    return await _pressed(request, caller, actor, "undo", removal.undo(actor, server))


async def shown_as(request: Request, view: ServerView, rights: Rights) -> Card:
    marks = marks_of(request, await web_of(request).core.servers.lookup.names(view.guild, people_in([view])))
    return card(marks, view, rights)


def places(view: ServerView, rights: Rights, *, worlds: bool) -> list[str]:
    """Which pages of this server are there for this reader, in order; the first has no name."""
    if view.desired is Desired.DELETED:
        return [""]
    there = [place for place, do in PLACES.items() if rights.may(do)]
    return ["", *(place for place in there if worlds or place != "snapshots")]


async def licence(request: Request, caller: Caller, wrong: LicenceNeeded) -> Response:
    """The question that comes before what was pressed; the answer presses it again."""
    await know(request, caller)
    if is_fragment(request):  # a question is a page of its own
        where = f"/servers/{wrong.server}/licence?then={wrong.then or 'resume'}"
        return Response(status_code=204, headers={"HX-Redirect": where, "Cache-Control": "no-store"})
    return render(request, "licence.html", caller, 409, wrong=wrong, values=wrong.values)


@router.get("/servers/{server}/licence", operation_id="page_licence")
async def licence_page(
    request: Request, caller: Viewing, server: ServerId, then: Annotated[str, Query(max_length=20)] = "resume"
) -> Response:
    """The licence of a server's game, to be accepted with what was pressed."""
    view = await web_of(request).core.servers.lookup.get(await actor_for(web_of(request), caller, server), server)
    game = view.game
    if game is None or game.licence is None:
        return RedirectResponse(f"/servers/{server}", 303)
    values = {"game": game.name, "licence": game.licence.name}
    wrong = LicenceNeeded(
        **values,
        url=game.licence.url,
        mark=game.licence.mark,
        guild=view.guild,
        server=view.id,
        then=then if then == "restart" else "resume",
    )
    return render(request, "licence.html", caller, wrong=wrong, values=values)


def _others(rights: Rights, marks: HtmlMarks) -> list[Markup]:
    """What this reader may not do, and who may."""
    found: dict[Who, list[str]] = {}
    for do in _TOLD:
        if not rights.may(do):
            found.setdefault(rights.who(do), []).append(say(marks.language, f"button.{do}"))
    return [
        marks.html(
            say(marks.language, "more.others", what=", ".join(what), who=named(who, marks.language, marks.typed))
        )
        for who, what in found.items()
    ]


@router.post("/servers/{server}/licence", operation_id="page_go_on", dependencies=[patient(MINUTES)])
async def go_on(
    request: Request,
    caller: Sent,
    server: ServerId,
    question: Annotated[str, Form(max_length=40)],
) -> Response:
    """What a licence held up goes on."""
    actor = await actor_for(web_of(request), caller, server)
    await web_of(request).core.going_on.go_on(actor, server, question)
    return RedirectResponse(f"/servers/{server}", 303)


_TOLD = (Do.RESUME, Do.JOIN, Do.PAUSE, Do.EDIT, Do.CONSOLE, Do.SNAPSHOTS, Do.SHARE, Do.DELETE)


async def _pressed(request: Request, caller: Caller, actor: Actor, verb: str, doing: Awaitable[ServerView]) -> Response:
    """The card as it is afterwards, for a script; else the server's page, which says the same."""
    try:
        view = await doing
    except LicenceNeeded as wrong:
        return await licence(request, caller, wrong)
    if not is_fragment(request):
        return RedirectResponse(f"/servers/{view.id}?done={verb}", 303)
    await know(request, caller)
    view, rights = await web_of(request).core.servers.lookup.get_with_rights(actor, view.id)
    shown = await shown_as(request, view, rights)
    return _card(request, caller, shown, answer(marks_of(request), verb, view))


def _card(request: Request, caller: Caller, card: Card, said: Markup | str = "") -> Response:
    """`?whole` asks for what the card has on its own page."""
    whole = "whole" in request.query_params
    return render(request, "card_part.html", caller, card=card, said=said, whole=whole)
