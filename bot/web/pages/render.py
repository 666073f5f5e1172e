"""Pages from templates: `templates/*.html`, in the reader's language and time zone, everything typed shown as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from bot.web.callers import Caller, caller_of
from bot.web.context import Web, web_of
from bot.web.pages import static
from bot.web.pages.marks import HtmlMarks, bdi, log
from bot.web.problems import language_of
from core.accounts.sessions import form_mark
from core.text import count, duration, number, size
from core.zones import zone_of


async def viewer_of(request: Request) -> Caller:
    """Who looks at this page; their time zone is known from here on. Raises as `caller_of`."""
    caller = await caller_of(request)
    await know(request, caller)
    return caller


async def know(request: Request, caller: Caller) -> None:
    """In which time zone they live."""
    chosen = await web_of(request).core.accounts.zone_of(caller.user)
    request.state.zone = zone_of(chosen) if chosen else None


Viewing = Annotated[Caller, Depends(viewer_of)]


def marks_of(request: Request, names: Mapping[int, str] | None = None) -> HtmlMarks:
    """Those of this page: one for each request."""
    found: HtmlMarks | None = getattr(request.state, "marks", None)
    if found is None:
        zone = getattr(request.state, "zone", None)
        found = request.state.marks = HtmlMarks(language_of(request), _now(request), zone)
    found.names |= names or {}
    return found


def is_fragment(request: Request) -> bool:
    """Only a part of a page is asked for, by htmx."""
    return "hx-request" in request.headers and "hx-boosted" not in request.headers


def render(
    request: Request, template: str, caller: Caller | None = None, status: int = 200, **values: Any
) -> HTMLResponse:
    """`caller`: who is signed in; their forms carry `mark` (`Sent` in forms.py asks for it)."""
    headers = {"Cache-Control": "no-store", "Vary": "HX-Request"}
    return HTMLResponse(text_of(request, template, caller, **values), status, headers)


def text_of(request: Request, template: str, caller: Caller | None = None, **values: Any) -> str:
    language, marks = language_of(request), marks_of(request)
    web = web_of(request)
    return (
        _templates()
        .get_template(template)
        .render(
            t=marks.say,
            n=lambda message, amount, **named: marks.html(count(language, message, amount, **named)),
            bdi=bdi,
            log=log,
            person=marks.person,
            guild_title=partial(_guild_title, web, marks),
            time=marks.time,
            duration=lambda seconds: duration(language, seconds),
            size=lambda amount: size(language, amount),
            number=lambda value: number(language, value),
            static=static.address,
            language=language,
            caller=caller,
            operates=caller is not None and caller.user in web.core.operations.operators,
            mark=form_mark(caller.secret) if caller is not None and caller.secret else "",
            path=request.url.path,
            **values,
        )
    )


def _guild_title(web: Web, marks: HtmlMarks, guild: int | str) -> Markup:
    """Its name, where Discord told it."""
    name = web.guild_name(int(guild))
    return bdi(name) if name else marks.say("page.guild", id=str(guild))


def lines(marks: HtmlMarks, said: Iterable[str]) -> list[Markup]:
    return [marks.html(line) for line in said if line]


def _now(request: Request) -> datetime:
    return web_of(request).core.now().astimezone(UTC)


TEMPLATES = Path(__file__).with_name("templates")


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
