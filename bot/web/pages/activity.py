"""Who played: of a server, or of a whole guild. A chart where there is a script, a picture where there is none, and a
table and words for whoever sees neither."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from markupsafe import Markup

from bot.web.api.models import Snowflake
from bot.web.api.servers import ServerId
from bot.web.callers import actor_for, actor_in
from bot.web.context import web_of
from bot.web.pages.render import Viewing, lines, marks_of, render
from bot.web.pages.servers import places
from core.activity import report_text
from core.activity.chart import svg
from core.activity.report import DEFAULT_DAYS, MOST_DAYS, Report
from core.text import say

router = APIRouter(include_in_schema=False)

SPANS = (1, 7, 30, 90, 365)
"""Days that the page offers."""
MOST_ROWS = 60
"""Of the table: with more steps, those in which somebody played."""

Days = Annotated[int, Query(ge=1, le=MOST_DAYS)]
Guild = Annotated[Snowflake, Path()]


@router.get("/servers/{server}/activity", operation_id="page_activity")
async def of_server(request: Request, caller: Viewing, server: ServerId, days: Days = DEFAULT_DAYS) -> Response:
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    found = await web.core.activity.of_server(actor, server, days)
    view, rights = await web.core.servers.lookup.get_with_rights(actor, server)
    there = places(view, rights, worlds=web.core.worlds is not None)
    return render(
        request,
        "activity.html",
        caller,
        view=view,
        places=there,
        picture=f"/servers/{server}/activity.svg?days={days}",
        **_shown(request, found),
    )


@router.get("/servers/{server}/activity.svg", operation_id="page_activity_picture")
async def picture_of_server(request: Request, caller: Viewing, server: ServerId, days: Days = DEFAULT_DAYS) -> Response:
    web = web_of(request)
    return _picture(request, await web.core.activity.of_server(await actor_for(web, caller, server), server, days))


@router.get("/guilds/{guild}/activity", operation_id="page_guild_activity")
async def of_guild(request: Request, caller: Viewing, guild: Guild, days: Days = DEFAULT_DAYS) -> Response:
    web = web_of(request)
    found = await web.core.activity.of_guild(await actor_in(web, caller, int(guild)), days)
    picture = f"/guilds/{guild}/activity.svg?days={days}"
    return render(request, "activity.html", caller, view=None, guild=guild, picture=picture, **_shown(request, found))


@router.get("/guilds/{guild}/activity.svg", operation_id="page_guild_activity_picture")
async def picture_of_guild(request: Request, caller: Viewing, guild: Guild, days: Days = DEFAULT_DAYS) -> Response:
    web = web_of(request)
    return _picture(request, await web.core.activity.of_guild(await actor_in(web, caller, int(guild)), days))


def _shown(request: Request, found: Report) -> dict[str, Any]:
    marks = marks_of(request)
    known = [point for point in found.points if point.average is not None]
    rows = known if len(known) <= MOST_ROWS else [point for point in known if point.high]
    labels = {key: say(marks.language, f"chart.{key}") for key in ("average", "most")}
    return {
        "spans": SPANS,
        "found": found,
        "heading": marks.html(report_text.title(found, marks.language, marks.typed(found.name))),
        "lines": lines(marks, report_text.lines(found, marks.language, marks)),
        "rows": rows[-MOST_ROWS:],
        "points": json.dumps(
            {
                "at": [int(point.at.timestamp()) for point in found.points],
                "average": [None if point.average is None else round(point.average, 2) for point in found.points],
                "most": [point.high if point.average is not None else None for point in found.points],
                "labels": labels,
                "zone": str(found.zone),
            }
        ),
    }


def _picture(request: Request, found: Report) -> Response:
    """Nothing in it was typed by people; it is for Discord's dark theme, and stands for itself on any."""
    drawing = svg(found, marks_of(request).language)
    return Response(Markup(drawing), media_type="image/svg+xml", headers={"Cache-Control": "private, max-age=60"})
