"""Who played, how much, and when: as figures and as a picture."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from bot.web.api.guilds import GuildId
from bot.web.api.models import Body, Model, Typed
from bot.web.api.servers import ServerId
from bot.web.callers import Called, actor_for, actor_in
from bot.web.context import web_of
from bot.web.problems import language_of
from core.activity.chart import svg
from core.activity.picture import Pictures
from core.activity.report import DEFAULT_DAYS, MOST_DAYS, Report
from core.errors import TryAgain

router = APIRouter(tags=["activity"])
_pictures = Pictures()

Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="So far back.")]
Format = Annotated[Literal["svg", "png"], Query(alias="format", description="Of the picture.")]
_PICTURES = {"image/svg+xml": {"schema": {"type": "string"}}, "image/png": {"schema": {"type": "string"}}}


class Point(Model):
    at: datetime
    average: float | None
    """Players on average until the next point; null: nothing is known of it."""
    high: int


class Longest(Model):
    seconds: float
    player: str
    """Empty: somebody was on so long, maybe several after each other."""
    exact: bool
    """False: it may have been longer."""


class NotSeen(Model):
    player: str
    last: datetime


class ServerHours(Model):
    name: str
    played: float


class Figures(Model):
    """Times in seconds."""

    since: datetime
    until: datetime
    time_zone: str
    played: float
    """Of all players together."""
    high: int
    """The most at once, on one server."""
    points: list[Point]
    hours: list[float]
    """Players on average in each hour of the day."""
    ran: float
    slept: float
    """Paused by itself, until somebody wanted something else."""
    memory_not_used: int
    """MiB times seconds that it would have held meanwhile."""
    pauses: int
    pauses_by_itself: int
    cpu: int
    """Millicores: the most that a game used; 0: nobody knows."""
    memory: int
    """MiB, likewise."""
    longest: Longest | None
    not_seen: list[NotSeen]
    """Players who were there before and not for 30 days."""
    servers: list[ServerHours]
    """Of a guild: where most was played."""

    @classmethod
    def of(cls, found: Report) -> Figures:
        longest = found.longest
        return cls(
            since=found.since,
            until=found.until,
            time_zone=str(found.zone),
            played=found.played.total_seconds(),
            high=found.high,
            points=[Point(at=each.at, average=each.average, high=each.high) for each in found.points],
            hours=list(found.hours),
            ran=found.saved.ran.total_seconds(),
            slept=found.saved.slept.total_seconds(),
            memory_not_used=found.saved.not_used,
            pauses=found.saved.pauses,
            pauses_by_itself=found.saved.pauses_by_itself,
            cpu=found.cpu,
            memory=found.memory,
            longest=Longest(seconds=longest.lasted.total_seconds(), player=longest.name, exact=longest.exact)
            if longest
            else None,
            not_seen=[NotSeen(player=each.name, last=each.last) for each in found.not_seen],
            servers=[ServerHours(name=each.name, played=each.played.total_seconds()) for each in found.servers],
        )


class Player(Body):
    player: Typed
    """By the name that the game told."""


@router.get("/servers/{server}/activity", operation_id="get_server_activity")
async def get_server_activity(request: Request, caller: Called, server: ServerId, days: Days = DEFAULT_DAYS) -> Figures:
    """How it was played on."""
    web = web_of(request)
    return Figures.of(await web.core.activity.of_server(await actor_for(web, caller, server), server, days))


@router.get(
    "/servers/{server}/activity/chart",
    operation_id="get_server_chart",
    response_class=Response,
    responses={200: {"description": "The picture.", "content": _PICTURES}},
)
async def get_server_chart(
    request: Request, caller: Called, server: ServerId, days: Days = DEFAULT_DAYS, kind: Format = "svg"
) -> Response:
    """The same as a picture."""
    web = web_of(request)
    found = await web.core.activity.of_server(await actor_for(web, caller, server), server, days)
    return await _picture(found, kind, language_of(request))


@router.post("/servers/{server}/activity/forget", operation_id="forget_player", status_code=204)
async def forget_player(request: Request, caller: Called, server: ServerId, body: Player) -> None:
    """No time of this server names that player any more."""
    web = web_of(request)
    await web.core.activity.forget(await actor_for(web, caller, server), server, body.player)


@router.get("/guilds/{guild}/activity", operation_id="get_guild_activity")
async def get_guild_activity(request: Request, caller: Called, guild: GuildId, days: Days = DEFAULT_DAYS) -> Figures:
    """Of all its servers together."""
    web = web_of(request)
    return Figures.of(await web.core.activity.of_guild(await actor_in(web, caller, int(guild)), days))


@router.get(
    "/guilds/{guild}/activity/chart",
    operation_id="get_guild_chart",
    response_class=Response,
    responses={200: {"description": "The picture.", "content": _PICTURES}},
)
async def get_guild_chart(
    request: Request, caller: Called, guild: GuildId, days: Days = DEFAULT_DAYS, kind: Format = "svg"
) -> Response:
    """The same as a picture."""
    web = web_of(request)
    found = await web.core.activity.of_guild(await actor_in(web, caller, int(guild)), days)
    return await _picture(found, kind, language_of(request))


async def _picture(found: Report, kind: str, language: str) -> Response:
    headers = {"Cache-Control": "private, max-age=60"}
    if kind == "svg":
        return Response(svg(found, language), media_type="image/svg+xml", headers=headers)
    drawn = await _pictures.draw(found, language)
    if drawn is None:
        raise TryAgain("web.no_picture")
    return Response(drawn, media_type="image/png", headers=headers)
