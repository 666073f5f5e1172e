"""Pages from templates: `templates/*.html`, in the reader's language, everything that people typed shown as text."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from bot.web.callers import Caller
from bot.web.problems import language_of
from core.accounts.sessions import form_mark
from core.text import count, duration, say, size


def render(
    request: Request, template: str, caller: Caller | None = None, status: int = 200, **values: Any
) -> HTMLResponse:
    """`caller`: who is signed in; their forms carry `mark` (`checked` in forms.py asks for it)."""
    language = language_of(request)
    mark = form_mark(caller.secret) if caller is not None and caller.secret else ""

    def t(message: str, **named: Any) -> str:
        return say(language, message, **named)

    text = (
        _templates()
        .get_template(template)
        .render(
            t=t,
            n=lambda message, number, **named: count(language, message, number, **named),
            duration=lambda seconds: duration(language, seconds),
            size=lambda amount: size(language, amount),
            language=language,
            caller=caller,
            mark=mark,
            path=request.url.path,
            **values,
        )
    )
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("bot.web.pages"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
