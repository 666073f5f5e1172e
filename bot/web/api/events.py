"""Events as they happen, and servers as they change, as streams of server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Collection
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request

from bot.web.api.models import Server, Snowflake
from bot.web.api.servers import ServerId
from bot.web.callers import Called, Caller, actor_for, actor_in, actors_of, still_caller_of
from bot.web.context import Web, web_of
from bot.web.problems import ScopeNeeded, SignInNeeded
from bot.web.streams import BEAT, EventStream, beat, end, frame
from core.errors import BadInput, NotFound, Refusal, TryAgain
from core.feed.live import Shown, Watcher
from core.feed.payload import KINDS
from core.feed.reader import Closed, Follower, Told, TooSlow, Wanted
from core.guilds.access import Actor, Do, Owned, Rules, judge
from core.words import EventKind, Unknown

router = APIRouter(tags=["events"])

RECHECK = 60.0
"""Seconds after which a stream asks again whether its token or session still holds."""

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events. The last one, `end`, says why the stream ends.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get("/events", operation_id="stream_events", response_class=EventStream, status_code=200, responses=_STREAM)
async def stream_events(
    request: Request,
    caller: Called,
    guild: Annotated[Snowflake | None, Query(description="Only this guild's.")] = None,
    server: Annotated[str | None, Query(pattern=r"^[a-z][a-z2-7]{11}$", description="Only this server's.")] = None,
    kind: Annotated[list[EventKind] | None, Query(description="Only events of these kinds.")] = None,
    last_event_id: Annotated[
        str | None, Header(pattern=r"^\d{1,18}$", description="Begin after this event; else with the next one.")
    ] = None,
) -> EventStream:
    """Events of all servers and guilds that the caller may see, as they happen. The event's name is its kind; what
    its data is, the webhooks' documentation says, for they are the same."""
    web = web_of(request)
    if strange := sorted(set(kind or ()) - KINDS):
        raise BadInput("web.kinds", kinds=", ".join(strange))
    if server is not None:
        actors = [await actor_for(web, caller, server)]
    elif guild is not None:
        actors = [await actor_in(web, caller, int(guild))]
    else:
        actors = await _somewhere(web, caller)
    wanted = Wanted(frozenset(actor.guild for actor in actors), server, frozenset(kind) if kind else None)
    async with contextlib.AsyncExitStack() as held:
        held.enter_context(web.streams.place(caller.user))
        last = None if last_event_id is None else int(last_event_id)
        with _closed():
            follower = await held.enter_async_context(web.core.feed.follow(wanted, last))
        one = server is not None or guild is not None
        return EventStream(_ended(_events(_Stream(request, caller, one=one), follower)), held.pop_all())


@router.get(
    "/servers/{server}/live", operation_id="live_server", response_class=EventStream, status_code=200, responses=_STREAM
)
async def live_server(request: Request, caller: Called, server: ServerId) -> EventStream:
    """One server as it is, and again whenever it changes: events `server`, whose data is as of `get_server`."""
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    return await _live(request, caller, [actor], server)


@router.get("/live", operation_id="live_servers", response_class=EventStream, status_code=200, responses=_STREAM)
async def live_servers(
    request: Request,
    caller: Called,
    guild: Annotated[Snowflake | None, Query(description="Only this guild's.")] = None,
) -> EventStream:
    """All servers that the caller may see, and each again whenever it changes: events `server`, whose data is as of
    `get_server`. One that was deleted comes once more, with that phase."""
    web = web_of(request)
    actors = await _somewhere(web, caller) if guild is None else [await actor_in(web, caller, int(guild))]
    return await _live(request, caller, actors, None)


async def _somewhere(web: Web, caller: Caller) -> list[Actor]:
    """As `actors_of`. NotFound for who is in no guild here: there are only so many streams, and anybody can sign in."""
    if actors := await actors_of(web, caller):
        return actors
    for guild in await web.core.accounts.guilds_of(caller.user, caller.guilds):
        if isinstance(await web.core.members.of(guild, caller.user), Unknown):
            raise TryAgain("guild.unknown")
    raise NotFound("web.no_guild")


async def _live(request: Request, caller: Caller, actors: list[Actor], server: str | None) -> EventStream:
    web = web_of(request)
    async with contextlib.AsyncExitStack() as held:
        held.enter_context(web.streams.place(caller.user))
        with _closed():  # watched before it is read, so that nothing is missed between
            watched = web.core.live.watch(frozenset(actor.guild for actor in actors), server)
            watcher = held.enter_context(watched)
        lookup = web.core.servers.lookup
        if server is not None:
            views = [await lookup.get(actor, server) for actor in actors]
        else:
            views = [view for actor in actors for view in await lookup.list(actor, mine=False)]
        first = [Shown(view) for view in views]
        stream = _Stream(request, caller, one=server is not None or len(actors) == 1)
        return EventStream(_ended(_servers(stream, watcher, first)), held.pop_all())


class _Stream:
    """Whose stream it is, asked again and again. `one`: it is about one guild, and ends with the rights there."""

    def __init__(self, request: Request, caller: Caller, *, one: bool) -> None:
        self.web: Web = web_of(request)
        self._request = request
        self._caller = caller
        self._one = one
        self._clock = asyncio.get_running_loop().time
        self._checked = self._sent = self._clock()

    @property
    def silent_for(self) -> float:
        """Seconds that are left before it has to say something."""
        return max(0.05, BEAT - (self._clock() - self._sent))

    @property
    def due(self) -> bool:
        return self._clock() - self._sent >= BEAT

    def said(self) -> None:
        self._sent = self._clock()

    async def still(self) -> None:
        """_Over where the token or session does not hold any more."""
        if self._clock() - self._checked < RECHECK:
            return
        self._checked = self._clock()
        try:
            await still_caller_of(self._request)
        except (SignInNeeded, ScopeNeeded):
            raise _Over("rights") from None
        except Refusal:
            pass  # the database is away: that is no answer

    async def actors(self, guilds: Collection[int]) -> dict[int, Actor]:
        """As whom they act now (core.guilds.members); without those where they are no member any more. _Over where
        that ends the stream, or nobody knows."""
        found = {}
        for guild in guilds:
            try:
                found[guild] = await self.web.core.members.actor(guild, self._caller.user, self._caller.name)
            except NotFound:
                if self._one:
                    raise _Over("rights") from None
            except TryAgain:
                raise _Over("unknown") from None
        return found


class _Over(Exception):
    """The stream ends, and says why."""


async def _events(stream: _Stream, follower: Follower) -> AsyncIterator[bytes]:
    yield beat(follower.at)
    while True:
        told: list[Told] = await follower.next(stream.silent_for)
        await stream.still()
        actors = await stream.actors({each.guild for each in told})
        for each in told:
            if (actor := actors.get(each.guild)) is not None and each.may_see(actor):
                yield frame(each.kind, json.dumps(each.payload, ensure_ascii=False), each.id)
                stream.said()
        if stream.due:
            yield beat(follower.at)
            stream.said()


async def _servers(stream: _Stream, watcher: Watcher, first: list[Shown]) -> AsyncIterator[bytes]:
    yield beat()
    shown = first
    while True:
        await stream.still()
        actors = await stream.actors({each.view.guild for each in shown})
        for each in shown:
            view, actor = each.view, actors.get(each.view.guild)
            if actor is None or judge(actor, Do.SEE, Rules(), Owned(view.guild, view.owner)) is not None:
                continue
            each.text = each.text or Server.of(view).model_dump_json()
            yield frame("server", each.text)
            stream.said()
        if stream.due:
            yield beat()
            stream.said()
        shown = await watcher.next(stream.silent_for)


async def _ended(frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """With a last event that says why."""
    try:
        async for each in frames:
            yield each
    except Closed:
        yield end("stopping")
    except TooSlow:
        yield end("slow")
    except _Over as over:
        yield end(str(over))
    except TryAgain:
        yield end("unknown")


@contextlib.contextmanager
def _closed() -> Any:
    try:
        yield
    except Closed:
        raise TryAgain("web.stopping") from None
