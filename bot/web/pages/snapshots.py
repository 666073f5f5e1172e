"""A world's snapshots: the list, a new one, and back to one of them, which is asked about first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from bot.web.api.servers import ServerId
from bot.web.callers import actor_for
from bot.web.context import web_of
from bot.web.pages.forms import Sent
from bot.web.pages.render import Viewing, marks_of, render
from bot.web.pages.servers import licence, places
from bot.web.patience import MINUTES, patient
from core.errors import LicenceNeeded, NotFound
from core.guilds.access import Do
from core.servers.world_text import remark
from core.servers.worlds import Worlds
from core.words import Phase
from core.worlds.listing import Snapshot

router = APIRouter(include_in_schema=False)

Name = Annotated[str, Form(max_length=80)]
_DONE = ("snapshot", "restored", "undo")


@router.get("/servers/{server}/snapshots", operation_id="page_snapshots")
async def snapshots(
    request: Request, caller: Viewing, server: ServerId, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    web, worlds = web_of(request), _worlds(request)
    actor = await actor_for(web, caller, server)
    view, found = await worlds.snapshots(actor, server)
    _, rights = await web.core.servers.lookup.get_with_rights(actor, server)
    return render(
        request,
        "snapshots.html",
        caller,
        view=view,
        places=places(view, rights, worlds=True),
        found=[(each, _remark(request, each)) for each in found],
        may_save=rights.may(Do.SNAPSHOT) and view.phase is Phase.RUNNING,
        may_restore=rights.may(Do.RESTORE),
        said=marks_of(request).say(f"page.snapshots.{done}") if done in _DONE else "",
    )


@router.post("/servers/{server}/snapshots", operation_id="page_snapshot", dependencies=[patient(MINUTES)])
async def snapshot(request: Request, caller: Sent, server: ServerId, note: Annotated[str, Form()] = "") -> Response:
    worlds = _worlds(request)
    await worlds.snapshot(await actor_for(web_of(request), caller, server), server, note)
    return RedirectResponse(f"/servers/{server}/snapshots?done=snapshot", 303)


@router.get("/servers/{server}/snapshots/{name}", operation_id="page_restore_ask")
async def ask(request: Request, caller: Viewing, server: ServerId, name: str) -> Response:
    """What going back to one means, before it is done."""
    worlds = _worlds(request)
    view, found = await worlds.snapshots(await actor_for(web_of(request), caller, server), server, Do.RESTORE)
    chosen = next((each for each in found if each.name == name), None)
    if chosen is None:
        raise NotFound("world.no_snapshot", name=view.name)
    return render(request, "restore.html", caller, view=view, chosen=chosen, remark=_remark(request, chosen))


@router.post("/servers/{server}/restore", operation_id="page_restore", dependencies=[patient(MINUTES)])
async def restore(
    request: Request, caller: Sent, server: ServerId, snapshot: Name, accepts: Annotated[str, Form()] = ""
) -> Response:
    worlds, actor = _worlds(request), await actor_for(web_of(request), caller, server)
    try:
        await worlds.restore(actor, server, snapshot, accepts=accepts or None)
    except LicenceNeeded as wrong:
        return await licence(request, caller, wrong)
    return RedirectResponse(f"/servers/{server}/snapshots?done=restored", 303)


@router.post("/servers/{server}/restore/undo", operation_id="page_restore_undo", dependencies=[patient(MINUTES)])
async def undo(request: Request, caller: Sent, server: ServerId) -> Response:
    worlds, actor = _worlds(request), await actor_for(web_of(request), caller, server)
    try:
        await worlds.undo(actor, server)
    except LicenceNeeded as wrong:
        return await licence(request, caller, wrong)
    return RedirectResponse(f"/servers/{server}/snapshots?done=undo", 303)


def _worlds(request: Request) -> Worlds:
    """NotFound where worlds are kept nowhere."""
    worlds = web_of(request).core.worlds
    if worlds is None:
        raise NotFound("web.not_found")
    return worlds


def _remark(request: Request, each: Snapshot) -> Markup:
    marks = marks_of(request)
    return Markup(" · ").join(marks.html(part) for part in remark(each, marks.language, marks))
