"""Servers: listed, shown, made, edited, deleted."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import Field

from bot.web.api.cursors import USUAL, Cursor, Limit, part
from bot.web.api.models import Body, Model, Page, Server, Snowflake, Typed
from bot.web.callers import Called, actor_for, actor_in, actors_of
from bot.web.context import Web, web_of
from bot.web.keys import IdempotencyKey, at_most_once
from bot.web.problems import PreconditionNeeded
from core.errors import ChangedMeanwhile
from core.guilds.access import Actor, Do
from core.servers import names
from core.servers.edit import Shown
from core.servers.views import ServerView

router = APIRouter(prefix="/servers", tags=["servers"])

ServerId = Annotated[
    str, Path(pattern=r"^[a-z][a-z2-7]{11}$", description="The server's id.", examples=["abcdefghijkl"])
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=100,
        description="The `ETag` of what was read before, or `*` for whatever it is by now.",
        examples=["*"],
    ),
]


class Wanted(Body):
    """A server to be made."""

    guild: Snowflake
    game: Annotated[Typed, Field(examples=["meadow"])]
    """Its id, or its name."""
    name: Annotated[Typed, Field(examples=["Pond"])]
    size: Annotated[Typed, Field(examples=["small"])] | None = None
    """null: the smallest that is offered."""
    description: Typed = ""
    channel: Snowflake | None = None
    """Where its card and messages go, where the guild has not chosen a channel for these. null: where others' are."""


class Settings(Model):
    """What people set of a server, and what its next start takes. Of a secret, null is shown."""

    name: str
    description: str
    settings: dict[str, str | None]


class Edit(Body):
    """Only what is given changes. `settings` by their ids; the game's entry in the catalogue has them."""

    name: Typed | None = None
    description: Typed | None = None
    settings: Annotated[dict[Typed, Typed], Field(max_length=200, examples=[{"season": "winter"}])] | None = None


class Sized(Body):
    size: Annotated[Typed, Field(examples=["medium"])]


class IdleRule(Body):
    """Only what is given changes."""

    minutes: Annotated[int, Field(ge=0, le=1440, examples=[30])] | None = None
    """That it is empty before it pauses; 0: never for being empty."""
    warn: Annotated[int, Field(ge=0, le=60)] | None = None
    """Minutes before that in which the channel is warned."""
    vote: bool | None = None
    """Whether the warning asks if it shall stay open."""
    watches_voice: (
        Annotated[Literal[False], Field(description="false: no voice channel keeps it on any more.")] | None
    ) = None


class Named(Body):
    name: Annotated[Typed, Field(examples=["Pond"])]
    """Its present name, so that nobody deletes what was renamed meanwhile."""


class Clone(Body):
    name: Annotated[Typed, Field(examples=["Brook"])]
    snapshot: Typed | None = None
    """null: as it is now."""
    channel: Snowflake | None = None


@router.get("", operation_id="list_servers")
async def list_servers(
    request: Request,
    caller: Called,
    guild: Annotated[Snowflake | None, Query(description="Only this guild's.")] = None,
    mine: Annotated[bool, Query(description="Only those that the caller owns.")] = False,
    deleted: Annotated[bool, Query(description="Those that are deleted, and that the caller may bring back.")] = False,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[Server]:
    """All servers that the caller may see, by guild and name."""
    web = web_of(request)
    actors = await actors_of(web, caller) if guild is None else [await actor_in(web, caller, int(guild))]
    views: list[ServerView] = []
    for actor in actors:
        lookup = web.core.servers.lookup
        views += await lookup.deleted(actor) if deleted else await lookup.list(actor, mine=mine)
    found, rest = part(views, lambda view: (view.guild, names.key(view.name), view.id), cursor, limit, int, str, str)
    return Page(items=[Server.of(view) for view in found], next=rest)


@router.post("", operation_id="create_server", status_code=201, response_model=Server)
async def create_server(
    request: Request, response: Response, caller: Called, body: Wanted, key: IdempotencyKey = None
) -> Response | Server:
    """Make a server, and start it. A game whose licence nobody accepted yet asks for that first: then the answer is 409
    with a `licence`, whose `question` goes to `POST /licences`."""
    web, guild = web_of(request), int(body.guild)
    actor = await actor_in(web, caller, guild)

    async def make() -> Server:
        view = await web.core.servers.creation.create(
            actor,
            channel=await web.core.guilds.place(actor, int(body.channel) if body.channel else None),
            game=body.game,
            name=body.name,
            size=body.size,
            description=body.description,
        )
        return Server.of(view)

    async def again(server: str) -> Server:
        return Server.of(await web.core.servers.lookup.get(actor, server))

    return created(response, await at_most_once(request, caller, key, body, make, again))


def created(response: Response, made: object) -> Response | Server:
    """An answer that was kept is given as it was."""
    if isinstance(made, str):
        made = Server.model_validate_json(made)
    assert isinstance(made, Server)
    response.headers["Location"] = f"/api/v1/servers/{made.id}"
    return made


@router.get("/{server}", operation_id="get_server")
async def get_server(request: Request, response: Response, caller: Called, server: ServerId) -> Server:
    """A server as it is now."""
    web = web_of(request)
    view = await web.core.servers.lookup.get(await actor_for(web, caller, server), server)
    response.headers["ETag"] = f'"{view.version}"'
    return Server.of(view)


@router.delete("/{server}", operation_id="delete_server", status_code=202)
async def delete_server(
    request: Request,
    caller: Called,
    server: ServerId,
    name: Annotated[Typed, Query(max_length=100, description="Its present name.", examples=["Pond"])],
) -> Server:
    """It can be brought back until `purge_at`."""
    web = web_of(request)
    return Server.of(await web.core.servers.removal.delete(await actor_for(web, caller, server), server, name))


@router.post("/{server}/undo", operation_id="undo_delete", status_code=202)
async def undo_delete(request: Request, caller: Called, server: ServerId) -> Server:
    """Bring a deleted server back. It is paused then."""
    web = web_of(request)
    return Server.of(await web.core.servers.removal.undo(await actor_for(web, caller, server), server))


@router.post("/{server}/purge", operation_id="purge_server", status_code=202)
async def purge_server(request: Request, caller: Called, server: ServerId, body: Named) -> Server:
    """Let go of a deleted server for good, with its world."""
    web = web_of(request)
    return Server.of(await web.core.servers.removal.purge(await actor_for(web, caller, server), server, body.name))


@router.get("/{server}/settings", operation_id="get_settings")
async def get_settings(request: Request, response: Response, caller: Called, server: ServerId) -> Settings:
    """What people set of it, for those who may change it."""
    web = web_of(request)
    view = await _editable(web, await actor_for(web, caller, server), server)
    response.headers["ETag"] = _tag(view)
    return _settings(view)


@router.patch("/{server}/settings", operation_id="edit_server")
async def edit_server(
    request: Request, response: Response, caller: Called, server: ServerId, body: Edit, match: IfMatch = None
) -> Settings:
    """Change its name, description or settings. A game that runs takes them at its next start.

    `If-Match` has the ETag of what was read: where somebody changed it since, nothing is changed."""
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    before = await _editable(web, actor, server)
    if match is None:
        raise PreconditionNeeded
    words = {"name": body.name, "description": body.description}
    changes = {key: value for key, value in words.items() if value is not None} | (body.settings or {})
    shown = None
    if match.strip() != "*":
        found = re.fullmatch(r'"([0-9a-f]{16})"', match.strip())
        if found is None:
            raise ChangedMeanwhile("edit.meanwhile", name=before.name)
        shown = Shown(tuple(before.editable), found[1])
    view = await web.core.servers.editing.edit(actor, server, changes, shown=shown)
    response.headers["ETag"] = _tag(view)
    return _settings(view)


@router.put("/{server}/size", operation_id="resize_server")
async def resize_server(request: Request, caller: Called, server: ServerId, body: Sized) -> Server:
    """How much CPU, memory and disk it has from its next start on."""
    web = web_of(request)
    return Server.of(await web.core.servers.editing.resize(await actor_for(web, caller, server), server, body.size))


@router.patch("/{server}/idle", operation_id="set_idle")
async def set_idle(request: Request, caller: Called, server: ServerId, body: IdleRule) -> Server:
    """When it pauses for being empty."""
    web = web_of(request)
    actor, editing = await actor_for(web, caller, server), web.core.servers.editing
    if body.watches_voice is False:
        await editing.stop_watching(actor, server)
    return Server.of(
        await editing.set_idle(actor, server, minutes=body.minutes, warn=body.warn, voice=None, vote=body.vote)
    )


async def _editable(web: Web, actor: Actor, server: str) -> ServerView:
    return await web.core.servers.lookup.get(actor, server, Do.EDIT)


def _tag(view: ServerView) -> str:
    """Of what people set: who plays changes nothing of it."""
    return f'"{Shown.of(view.editable, view.editable).mark}"'


def _settings(view: ServerView) -> Settings:
    secret = {each.id for each in view.game.settings if each.type == "secret"} if view.game else set()
    shown = {key: None if key in secret else value for key, value in view.settings.items()}
    return Settings(name=view.name, description=view.description, settings=shown)
