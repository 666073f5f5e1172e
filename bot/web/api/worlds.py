"""A server's world: its snapshots, going back, bringing in, taking away. Long work is a job."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from bot.web.api.cursors import USUAL, Cursor, Limit, part
from bot.web.api.models import Body, Model, Page, Server, Typed
from bot.web.api.servers import Clone, ServerId
from bot.web.callers import Called, Caller, actor_for
from bot.web.context import Web, web_of
from bot.web.jobs import Job
from bot.web.keys import IdempotencyKey, at_most_once
from bot.web.problems import Problem, problem_of
from core.errors import NotFound, Refusal
from core.guilds.access import Do
from core.servers.going_on import WentOn
from core.servers.views import ServerView
from core.servers.worlds import Download, TakenIn, Worlds
from core.worlds.listing import Snapshot

router = APIRouter(tags=["worlds"])


class SnapshotShown(Model):
    """A point in time that one can go back to. Sizes in bytes."""

    name: str
    at: datetime
    size: int
    files: int
    new_bytes: int
    note: str
    complete: bool
    """False: something of the folder is missing in it."""

    @classmethod
    def of(cls, each: Snapshot) -> SnapshotShown:
        return cls(
            name=each.name,
            at=each.at,
            size=each.size,
            files=each.files,
            new_bytes=each.new_bytes,
            note=each.note,
            complete=not each.gaps.files,
        )


class Archive(Model):
    """A world in one file."""

    name: str
    size: int
    snapshot: str
    url: str
    until: datetime | None
    """Until when the address works. null: as long as the job is kept, with the same token."""


class Brought(Model):
    """What became of what was brought in."""

    taken: list[str]
    left: list[str]
    more: int
    """So many were left out besides."""


class JobShown(Model):
    """Long work. Ask for it until `state` is not `running` any more; it is kept for an hour after that."""

    id: str
    do: str
    state: Literal["running", "done", "refused"]
    began_at: datetime
    ended_at: datetime | None
    server: Server | None = None
    snapshot: str | None = None
    archive: Archive | None = None
    brought: Brought | None = None
    problem: Problem | None = None
    """Of one that was refused."""


class Note(Body):
    note: Typed = ""
    """One with a note is kept until somebody drops it."""


class Back(Body):
    snapshot: Annotated[Typed, Field(examples=["newest"])] | None = None
    """Its name. null: the newest that was taken while the server did not crash."""


class Chosen(Body):
    snapshot: Typed | None = None
    """Its name; null: as it is now."""


class Bring(Body):
    url: Annotated[Typed, Field(max_length=1000, examples=["https://example.org/pond.zip"])]
    """Of an archive, for everybody to read."""
    into: Literal["world", "plugins"] = "world"


class Goes(Body):
    question: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", examples=["0123456789abcdef"])]


SERVER = "/servers/{server}"


def worlds_of(web: Web) -> Worlds:
    if web.core.worlds is None:
        raise Refusal("world.nowhere")
    return web.core.worlds


@router.get(f"{SERVER}/snapshots", operation_id="list_snapshots")
async def list_snapshots(
    request: Request, caller: Called, server: ServerId, cursor: Cursor = None, limit: Limit = USUAL
) -> Page[SnapshotShown]:
    """Newest first."""
    web = web_of(request)
    _, known = await worlds_of(web).snapshots(await actor_for(web, caller, server), server)
    found, rest = part(known, lambda each: (-each.at.timestamp(), each.name), cursor, limit, float, str)
    return Page(items=[SnapshotShown.of(each) for each in found], next=rest)


@router.post(f"{SERVER}/snapshots", operation_id="take_snapshot", response_model=JobShown)
async def take_snapshot(request: Request, caller: Called, server: ServerId, body: Note) -> Response:
    """Take one now, of a running or a paused server."""
    web = web_of(request)
    actor, worlds = await actor_for(web, caller, server), worlds_of(web)
    return await _job(request, caller, server, worlds.snapshot(actor, server, body.note))


@router.post(f"{SERVER}/restore", operation_id="restore_world", response_model=JobShown)
async def restore_world(request: Request, caller: Called, server: ServerId, body: Back) -> Response:
    """Go back to a snapshot. One of the world as it is now is taken first."""
    web = web_of(request)
    actor, worlds = await actor_for(web, caller, server), worlds_of(web)
    to = body.snapshot
    work = worlds.restore_good(actor, server) if to is None else worlds.restore(actor, server, to)
    return await _job(request, caller, server, work)


@router.post(f"{SERVER}/restore/undo", operation_id="undo_restore", response_model=JobShown)
async def undo_restore(request: Request, caller: Called, server: ServerId) -> Response:
    """Take the last restore or import back."""
    web = web_of(request)
    actor, worlds = await actor_for(web, caller, server), worlds_of(web)
    return await _job(request, caller, server, worlds.undo(actor, server))


@router.post(f"{SERVER}/download", operation_id="download_world", response_model=JobShown)
async def download_world(request: Request, caller: Called, server: ServerId, body: Chosen) -> Response:
    """Make one archive of a snapshot; the job says where it is."""
    web = web_of(request)
    actor, worlds = await actor_for(web, caller, server), worlds_of(web)
    return await _job(request, caller, server, worlds.download(actor, server, body.snapshot))


@router.post(f"{SERVER}/import", operation_id="import_world", response_model=JobShown)
async def import_world(request: Request, caller: Called, server: ServerId, body: Bring) -> Response:
    """Replace the world, or add plugins, by an archive at an address. Undoing a restore takes it back."""
    web = web_of(request)
    actor, worlds = await actor_for(web, caller, server), worlds_of(web)
    work = worlds.bring_in(actor, server, file=None, url=body.url, into=body.into)
    return await _job(request, caller, server, work)


@router.post(f"{SERVER}/go-on", operation_id="go_on", response_model=JobShown)
async def go_on(request: Request, caller: Called, server: ServerId, body: Goes) -> Response:
    """Accept the licence that a restore or an import asked for, and get on with it."""
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    return await _job(request, caller, server, web.core.going_on.go_on(actor, server, body.question))


@router.post(f"{SERVER}/archive", operation_id="archive_server", status_code=202)
async def archive_server(request: Request, caller: Called, server: ServerId) -> Server:
    """Pause it and keep its world on the store alone. Resume brings it back."""
    web = web_of(request)
    return Server.of(await worlds_of(web).archive(await actor_for(web, caller, server), server))


@router.post(f"{SERVER}/clone", operation_id="clone_server", response_model=JobShown)
async def clone_server(
    request: Request, caller: Called, server: ServerId, body: Clone, key: IdempotencyKey = None
) -> Response:
    """Make another server whose world begins as this one's was."""
    web = web_of(request)
    actor, worlds = await actor_for(web, caller, server), worlds_of(web)
    channel = await web.core.guilds.place(actor, int(body.channel) if body.channel else None)

    async def make() -> Server:
        return Server.of(await worlds.clone(actor, server, channel=channel, name=body.name, snapshot=body.snapshot))

    async def again(made: str) -> Server:
        return Server.of(await web.core.servers.lookup.get(actor, made))

    return await _job(request, caller, server, at_most_once(request, caller, key, body, make, again))


JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="The job's id.", examples=["0123456789abcdef"])]


@router.get("/jobs/{job}", operation_id="get_job")
async def get_job(request: Request, caller: Called, job: JobId) -> JobShown:
    """How far long work is that the caller began."""
    web = web_of(request)
    found = web.jobs.get(caller.user, job)
    await actor_for(web, caller, found.server)  # who left its guild is told nothing more
    return _shown(request, found)


@router.get("/jobs/{job}/archive", operation_id="get_job_archive", response_class=Response)
async def get_job_archive(request: Request, caller: Called, job: JobId) -> Response:
    """The archive that a download made, where it is small."""
    web = web_of(request)
    found = web.jobs.get(caller.user, job)
    made = found.task.result() if found.task.done() and not _failed(found) else None
    if not isinstance(made, Download) or not made.data:
        raise NotFound("web.no_job")
    await web.core.servers.lookup.get(await actor_for(web, caller, found.server), found.server, Do.DOWNLOAD)
    named = {"Content-Disposition": f'attachment; filename="{made.name}"', "Cache-Control": "private, no-store"}
    return Response(made.data, media_type="application/zip", headers=named)


async def _job(request: Request, caller: Caller, server: str, work: Coroutine[Any, Any, Any]) -> Response:
    """200 with the result where it is soon there, else 202: it goes on, whether or not anybody waits."""
    web, do = web_of(request), request.scope["route"].operation_id
    job = web.jobs.begin(caller.user, do, server, work)
    done = await web.jobs.soon(job)
    if done and (wrong := job.task.exception()) is not None:
        raise wrong
    shown = _shown(request, job)
    headers = {"Location": f"/api/v1/jobs/{job.id}", "Cache-Control": "no-store"}
    return Response(shown.model_dump_json(), 200 if done else 202, headers, "application/json")


def _failed(job: Job) -> bool:
    return job.task.cancelled() or job.task.exception() is not None


def _shown(request: Request, job: Job) -> JobShown:
    state, made = "running", dict[str, Any]()
    if job.task.done():
        state = "refused" if _failed(job) else "done"
        made = {"problem": problem_of(request, job.task.exception())} if _failed(job) else _made(job)
    return JobShown.model_validate(
        {"id": job.id, "do": job.do, "state": state, "began_at": job.began_at, "ended_at": job.ended_at, **made}
    )


def _made(job: Job) -> dict[str, Any]:
    match job.task.result():
        case Server() as server:
            return {"server": server}
        case str() as kept:
            return {"server": Server.model_validate_json(kept)}
        case ServerView() as view:
            return {"server": Server.of(view)}
        case (ServerView() as view, receipt):
            return {"server": Server.of(view), "snapshot": receipt.name}
        case TakenIn() as done:
            return {"server": Server.of(done.view), "brought": _brought(done)}
        case WentOn() as went:
            brought = _brought(went.taken_in) if went.taken_in else None
            return {"server": Server.of(went.server), "brought": brought}
        case Download() as made:
            url = made.link or f"/api/v1/jobs/{job.id}/archive"
            return {
                "archive": Archive(
                    name=made.name, size=made.size, snapshot=made.snapshot.name, url=url, until=made.until
                )
            }
        case other:
            raise TypeError(type(other).__name__)


def _brought(done: TakenIn) -> Brought:
    return Brought(taken=list(done.taken), left=list(done.left), more=done.more)
