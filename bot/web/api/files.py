"""The files of a server's world: browsed, read, written, uploaded, downloaded."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from bot.web.api.models import Model
from bot.web.api.servers import ServerId
from bot.web.callers import Called, actor_for
from bot.web.context import web_of
from bot.web.guard import LARGE
from bot.web.patience import AN_HOUR, MINUTES, patient
from bot.web.streams import taken
from core.errors import BadInput, Refusal, TryAgain
from core.servers.files import Folder, Listed, Opened, TextFile, Written

log = structlog.get_logger()
router = APIRouter(prefix="/servers/{server}/files", tags=["files"])

_LONGEST = 2048
Path = Annotated[str, Query(max_length=_LONGEST, description="In the world's folder, with / between names.")]
Match = Annotated[str | None, Header(description="The ETag of what one started from; * for whatever is there.")]
NoneMatch = Annotated[str | None, Header(description="* for a file that is not there yet.")]
_BYTES: dict[str, Any] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class ListedFile(Model):
    name: str
    kind: Literal["file", "folder", "link", "other"]
    """A link is never followed."""
    size: int
    """Bytes; 0 for what is no file."""
    modified: datetime
    usable: bool
    """False: its name is no text in UTF-8, and nobody can ask for it."""

    @classmethod
    def of(cls, entry: Listed) -> ListedFile:
        return cls.model_validate(
            {name: getattr(entry, name) for name in ("name", "kind", "size", "modified", "usable")}
        )


class FilesPage(Model):
    path: str
    items: list[ListedFile]
    next: str | None = None
    """What `cursor` takes for the rest; null: there is none."""
    cut: bool = False
    """There is more in it than anybody is shown."""
    changeable: bool
    """False: the world is archived, and its files can only be read."""

    @classmethod
    def of(cls, folder: Folder) -> FilesPage:
        return cls(
            path=folder.path,
            items=[ListedFile.of(each) for each in folder.entries],
            next=folder.next,
            cut=folder.cut,
            changeable=folder.changeable,
        )


class Text(Model):
    path: str
    text: str | None
    """null: it is large, or no text in UTF-8."""
    large: bool
    size: int
    modified: datetime
    version: str
    """Also the ETag."""

    @classmethod
    def of(cls, file: TextFile) -> Text:
        return cls(
            path=file.path,
            text=file.text,
            large=file.large,
            size=file.size,
            modified=file.modified,
            version=file.version,
        )


class NewText(Model):
    text: str


class Changed(Model):
    path: str
    size: int | None = None
    version: str | None = None
    """Also the ETag."""
    saved: str | None
    """The snapshot that takes this change back, with the changes shortly before it; null: worlds are kept nowhere."""

    @classmethod
    def of(cls, written: Written) -> Changed:
        return cls(path=written.path, size=written.size, version=written.version, saved=written.saved)


class NewFolder(Model):
    path: str = Field(max_length=_LONGEST)


class Renaming(Model):
    path: str = Field(max_length=_LONGEST)
    to: str = Field(max_length=_LONGEST)


@router.get("", operation_id="list_files", dependencies=[patient(MINUTES)])
async def list_files(
    request: Request,
    caller: Called,
    server: ServerId,
    path: Path = "",
    cursor: Annotated[str, Query(max_length=_LONGEST, description="`next` of the page before.")] = "",
) -> FilesPage:
    """What is in a folder of the world; without a path, in the world's own."""
    web = web_of(request)
    return FilesPage.of(await web.core.files.list(await actor_for(web, caller, server), server, path, cursor))


@router.delete("", operation_id="delete_file", dependencies=[patient(MINUTES)])
async def delete_file(
    request: Request,
    caller: Called,
    server: ServerId,
    path: Path,
    recursive: Annotated[bool, Query(description="A folder with all that is in it.")] = False,
    if_match: Match = None,
) -> Changed:
    """A folder only where it is empty, or with all that is in it."""
    web = web_of(request)
    version = None if if_match is None else _version(if_match, None)
    actor = await actor_for(web, caller, server)
    saved = await web.core.files.delete(actor, server, path, recursive=recursive, version=version)
    return Changed(path=path, saved=saved)


@router.get("/text", operation_id="read_file", dependencies=[patient(MINUTES)])
async def read_file(request: Request, response: Response, caller: Called, server: ServerId, path: Path) -> Text:
    """A file as text, at most 512 KiB."""
    web = web_of(request)
    file = await web.core.files.read(await actor_for(web, caller, server), server, path)
    response.headers["ETag"] = f'"{file.version}"'
    return Text.of(file)


@router.put("/text", operation_id="write_file", dependencies=[patient(MINUTES)])
async def write_file(
    request: Request,
    response: Response,
    caller: Called,
    server: ServerId,
    path: Path,
    body: NewText,
    if_match: Match = None,
    if_none_match: NoneMatch = None,
) -> Changed:
    """Write a text, at most 512 KiB. 412 where somebody changed it since."""
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    written = await web.core.files.write(actor, server, path, body.text, _version(if_match, if_none_match))
    response.headers["ETag"] = f'"{written.version}"'
    return Changed.of(written)


@router.get(
    "/content",
    operation_id="download_file",
    dependencies=[patient(MINUTES)],
    response_class=StreamingResponse,
    responses={
        200: {"content": _BYTES, "description": "The file."},
        206: {"content": _BYTES, "description": "The range that was asked for."},
        416: {"description": "Nothing of the file is in the range."},
    },
)
async def download_file(
    request: Request,
    caller: Called,
    server: ServerId,
    path: Path,
    range: Annotated[str | None, Header(description="One part: bytes=FIRST-LAST.")] = None,
    if_range: Annotated[str | None, Header(description="Only of the file with this ETag; else all of it.")] = None,
) -> Response:
    """A file as it is, or one range of it."""
    web = web_of(request)
    file = await web.core.files.open(await actor_for(web, caller, server), server, path)
    etag = f'"{file.version}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    span = None if range is None or if_range not in (None, etag) else _span(range, file.size)
    if span == (0, 0):
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{file.size}"})
    start, stop = span or (0, file.size)
    headers["Content-Length"] = str(stop - start)
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    with contextlib.ExitStack() as held:
        held.enter_context(web.downloads.place(caller.user))
        return _Sent(_content(file, start, stop), 206 if span else 200, headers, held.pop_all())


@router.put(
    "/content",
    operation_id="upload_file",
    dependencies=[patient(AN_HOUR)],
    openapi_extra={"requestBody": {"required": True, "content": _BYTES}},
)
async def upload_file(
    request: Request,
    response: Response,
    caller: Called,
    server: ServerId,
    path: Path,
    if_match: Match = None,
    if_none_match: NoneMatch = None,
) -> Changed:
    """Put a file there, sent as it is. It takes its place once all of it has come."""
    setattr(request.state, LARGE, True)
    web = web_of(request)
    version = _version(if_match, if_none_match)
    actor = await actor_for(web, caller, server)
    try:
        written = await web.core.files.upload(actor, server, path, request.stream(), version)
    except ClientDisconnect:
        raise TryAgain("files.slow") from None  # which nobody reads
    response.headers["ETag"] = f'"{written.version}"'
    return Changed.of(written)


@router.post("/folders", operation_id="make_folder", status_code=201, dependencies=[patient(MINUTES)])
async def make_folder(request: Request, caller: Called, server: ServerId, body: NewFolder) -> Changed:
    """The folder that it lies in has to be there."""
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    return Changed(path=body.path, saved=await web.core.files.make_folder(actor, server, body.path))


@router.post("/rename", operation_id="rename_file", dependencies=[patient(MINUTES)])
async def rename_file(request: Request, caller: Called, server: ServerId, body: Renaming) -> Changed:
    """Rename or move a file or a folder. Nothing is replaced."""
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    return Changed(path=body.to, saved=await web.core.files.rename(actor, server, body.path, body.to))


def _version(if_match: str | None, if_none_match: str | None) -> str | None:
    """As core.servers.files.Files.write takes it (RFC 9110, 13.1)."""
    if if_none_match == "*" and if_match is None:
        return ""
    if if_match == "*" and if_none_match is None:
        return None
    quoted = re.fullmatch(r'"([0-9a-f-]{1,80})"', if_match or "")
    if quoted is None or if_none_match is not None:
        raise BadInput("files.version")
    return quoted[1]


def _span(wanted: str, size: int) -> tuple[int, int] | None:
    """From where, and up to where; (0, 0): nothing of the file is in it; None: it is no single range (RFC 9110, 14)."""
    found = _RANGE.fullmatch(wanted.replace(" ", ""))
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    return (start, stop) if start < stop else (0, 0)


class _Sent(StreamingResponse):
    """A file, for as long as somebody takes what is sent. `held` is left when that ends, however it does."""

    media_type = "application/octet-stream"

    def __init__(
        self, content: AsyncIterator[bytes], status: int, headers: dict[str, str], held: contextlib.ExitStack
    ) -> None:
        super().__init__(content, status, headers)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        with contextlib.suppress(TimeoutError):
            await super().stream_response(taken(send))


async def _content(file: Opened, start: int, stop: int) -> AsyncIterator[bytes]:
    try:
        async for part in file.parts(start, stop):
            yield part
    except Refusal as wrong:
        log.info("download broke off", why=wrong.message)
        raise ConnectionError(wrong.message) from wrong  # whoever reads gets less than was said, and knows it
