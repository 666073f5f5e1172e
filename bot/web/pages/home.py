"""`/`: what this is, or the servers of whoever is signed in."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from bot.web import pace
from bot.web.callers import Caller, actors_of, signed_in
from bot.web.context import Web, web_of
from bot.web.pages.cards import Card, card, people_in
from bot.web.pages.marks import HtmlMarks
from bot.web.pages.render import know, marks_of, render
from core.guilds.access import Actor

router = APIRouter(include_in_schema=False)


@router.get("/", operation_id="page_home")
async def home(request: Request) -> Response:
    web, caller = web_of(request), await signed_in(request)
    if caller is None:
        return render(request, "welcome.html")
    pace.take(request, web, caller.user)
    await know(request, caller)
    return render(request, "home.html", caller, guilds=await _guilds(web, caller, marks_of(request)))


async def _guilds(web: Web, caller: Caller, marks: HtmlMarks) -> list[tuple[Actor, list[Card]]]:
    """The servers of each guild of theirs, those that they own first."""
    found = []
    for actor in await actors_of(web, caller):
        servers = await web.core.servers.lookup.list_with_rights(actor, mine=False)
        names = await web.core.servers.lookup.names(actor.guild, people_in(view for view, _ in servers))
        marks.names |= names
        cards = [card(marks, view, rights) for view, rights in servers]
        cards.sort(key=lambda each: each.view.owner != caller.user)
        found.append((actor, cards))
    return found
