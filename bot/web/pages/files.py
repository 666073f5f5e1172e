"""The files of a server's world: browsed, viewed, edited from the version one started from, sent, renamed, deleted.

What is fetched comes from the API's route, which streams it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from bot.web.api.servers import ServerId
from bot.web.callers import Caller, actor_for
from bot.web.context import web_of
from bot.web.guard import LARGE
from bot.web.pages.forms import Sent, sent_ahead
from bot.web.pages.render import Viewing, know, marks_of, render
from bot.web.pages.servers import places
from bot.web.patience import AN_HOUR, MINUTES, patient
from bot.web.problems import language_of, status_of
from bot.web.words import said
from core.errors import BadInput, Bytes, ChangedMeanwhile
from core.guilds.access import Actor, Do

router = APIRouter(include_in_schema=False)

_LONGEST = 2048
_PART = 1024 * 1024
MOST_FORM = 256 * 1024 * 1024
"""Bytes of a form with a file, which is kept on this disk until it is whole. The API takes more: it streams."""
Path = Annotated[str, Query(max_length=_LONGEST)]
Typed = Annotated[str, Form(max_length=_LONGEST)]
_DONE = ("saved", "sent", "made", "renamed", "deleted")


@dataclass(frozen=True, slots=True)
class Crumb:
    name: str
    path: str


@router.get("/servers/{server}/files", operation_id="page_files", dependencies=[patient(MINUTES)])
async def browse(
    request: Request,
    caller: Viewing,
    server: ServerId,
    path: Path = "",
    cursor: Annotated[str, Query(max_length=_LONGEST)] = "",
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    folder = await web.core.files.list(actor, server, path, cursor)
    view, rights = await web.core.servers.lookup.get_with_rights(actor, server)
    return render(
        request,
        "files.html",
        caller,
        view=view,
        places=places(view, rights, worlds=web.core.worlds is not None),
        folder=folder,
        crumbs=crumbs(path),
        under=f"{path}/" if path else "",
        writes=folder.changeable and rights.may(Do.FILES_WRITE),
        said=marks_of(request).say(f"page.files.{done}") if done in _DONE else "",
    )


@router.get("/servers/{server}/files/view", operation_id="page_file", dependencies=[patient(MINUTES)])
async def view(request: Request, caller: Viewing, server: ServerId, path: Path) -> Response:
    actor = await actor_for(web_of(request), caller, server)
    return await _file(request, caller, actor, server, path)


@router.post("/servers/{server}/files/view", operation_id="page_file_save", dependencies=[patient(MINUTES)])
async def save(
    request: Request,
    caller: Sent,
    server: ServerId,
    path: Typed,
    text: Annotated[str, Form()] = "",
    version: Annotated[str, Form(max_length=100)] = "",
    ends: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """What was typed stays in the form where somebody else was faster."""
    actor = await actor_for(web_of(request), caller, server)
    try:
        await web_of(request).core.files.write(actor, server, path, with_ends(text, ends), version)
    except ChangedMeanwhile as wrong:
        await know(request, caller)
        request.state.refused = wrong.message
        return await _file(request, caller, actor, server, path, wrong=wrong, typed=text)
    return _back(server, path.rpartition("/")[0], "saved")


@router.post("/servers/{server}/files/send", operation_id="page_file_send", dependencies=[patient(AN_HOUR)])
async def send(request: Request, server: ServerId) -> Response:
    """A form with a file, which may be large: who sends it, and whether they may, is known before it is read."""
    web, caller = web_of(request), await sent_ahead(request)
    actor = await actor_for(web, caller, server)
    await web.core.servers.lookup.get(actor, server, Do.FILES_WRITE)
    told = request.headers.get("content-length", "")
    if not (told.isascii() and told.isdigit() and len(told) < 12 and int(told) <= MOST_FORM):
        raise BadInput("files.large", most=Bytes(MOST_FORM))
    with web.uploads.place(caller.user):
        setattr(request.state, LARGE, True)
        form = await request.form()
        file, path = form.get("file"), str(form.get("path") or "")
        if not isinstance(file, UploadFile) or not file.filename:
            raise BadInput("page.files.none")

        async def parts() -> AsyncIterator[bytes]:
            while data := await file.read(_PART):
                yield data

        name = file.filename.replace("\\", "/").rpartition("/")[2]
        replaces = None if form.get("replace") else ""
        await web.core.files.upload(actor, server, f"{path}/{name}" if path else name, parts(), replaces)
    return _back(server, path, "sent")


@router.post("/servers/{server}/files/folder", operation_id="page_folder_make", dependencies=[patient(MINUTES)])
async def make_folder(request: Request, caller: Sent, server: ServerId, name: Typed, path: Typed = "") -> Response:
    actor = await actor_for(web_of(request), caller, server)
    await web_of(request).core.files.make_folder(actor, server, f"{path}/{name}" if path else name)
    return _back(server, path, "made")


@router.get("/servers/{server}/files/change", operation_id="page_file_ask")
async def ask(request: Request, caller: Viewing, server: ServerId, path: Path, folder: bool = False) -> Response:
    """To rename or delete one."""
    actor = await actor_for(web_of(request), caller, server)
    view = await web_of(request).core.servers.lookup.get(actor, server, Do.FILES_WRITE)
    return render(request, "file_change.html", caller, view=view, file=path, folder=folder, crumbs=crumbs(path))


@router.post("/servers/{server}/files/rename", operation_id="page_file_rename", dependencies=[patient(MINUTES)])
async def rename(request: Request, caller: Sent, server: ServerId, path: Typed, to: Typed) -> Response:
    actor = await actor_for(web_of(request), caller, server)
    await web_of(request).core.files.rename(actor, server, path, to)
    return _back(server, to.rpartition("/")[0], "renamed")


@router.post("/servers/{server}/files/delete", operation_id="page_file_delete", dependencies=[patient(MINUTES)])
async def delete(
    request: Request, caller: Sent, server: ServerId, path: Typed, whole: Annotated[bool, Form()] = False
) -> Response:
    actor = await actor_for(web_of(request), caller, server)
    await web_of(request).core.files.delete(actor, server, path, recursive=whole)
    return _back(server, path.rpartition("/")[0], "deleted")


def ends_of(text: str) -> str:
    """How most of its lines end: `crlf` or `lf`."""
    return "crlf" if 2 * text.count("\r\n") > text.count("\n") else "lf"


def with_ends(typed: str, ends: str) -> str:
    """A browser sends each line with CRLF, as the HTML standard has it, however it ended in the file."""
    plain = typed.replace("\r\n", "\n")
    return plain.replace("\n", "\r\n") if ends == "crlf" else plain


def crumbs(path: str) -> list[Crumb]:
    parts = [part for part in path.split("/") if part]
    return [Crumb(part, "/".join(parts[: place + 1])) for place, part in enumerate(parts)]


async def _file(
    request: Request,
    caller: Caller,
    actor: Actor,
    server: str,
    path: str,
    *,
    wrong: ChangedMeanwhile | None = None,
    typed: str | None = None,
) -> Response:
    web = web_of(request)
    file = await web.core.files.read(actor, server, path)
    view, rights = await web.core.servers.lookup.get_with_rights(actor, server)
    return render(
        request,
        "file.html",
        caller,
        200 if wrong is None else status_of(wrong),
        view=view,
        places=places(view, rights, worlds=web.core.worlds is not None),
        file=file,
        text=file.text if typed is None else typed,
        ends=ends_of(file.text or ""),
        crumbs=crumbs(path),
        content=f"/api/v1/servers/{server}/files/content?path={quote(path, safe='')}",
        writes=rights.may(Do.FILES_WRITE),
        wrong=said(wrong, language_of(request)) if wrong else "",
    )


def _back(server: str, path: str, done: str) -> Response:
    return RedirectResponse(f"/servers/{server}/files?path={quote(path, safe='')}&done={done}", 303)
