"""What is refused or goes wrong, as RFC 9457 problems: the sentence that Discord shows, in the caller's language."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from bot.web.words import plain, said, shown
from core import once
from core.bugs import note
from core.errors import (
    BadInput,
    ChangedMeanwhile,
    LicenceNeeded,
    LimitReached,
    NotAllowed,
    NotFound,
    Refusal,
    TryAgain,
)
from core.text import say

log = structlog.get_logger()
MEDIA = "application/problem+json"


class SignInNeeded(Refusal):
    """Nobody proved who they are, or what they sent does not hold any more."""

    def __init__(self, message: str = "web.sign_in") -> None:
        super().__init__(message)


class ScopeNeeded(Refusal):
    """The token does not reach so far."""

    def __init__(self, scope: str) -> None:
        super().__init__("web.scope", scope=scope)
        self.scope = scope


Pages = Callable[[Request, int, str], Awaitable[Response | None]]
"""Makes the page of a problem; None: whoever asked wants none. An app has it as `state.problem_pages`."""


class PreconditionNeeded(Refusal):
    """What was read before has to be said, so that nobody overwrites what somebody else changed since."""

    def __init__(self) -> None:
        super().__init__("web.if_match")


class Field(BaseModel):
    """One that cannot be taken, and why."""

    field: str
    why: str


class LicenceAsked(BaseModel):
    """Of a game, which has to be accepted first: with `question` where it has one, else with `mark` and `then`."""

    game: str
    name: str
    url: str
    mark: str
    question: str | None
    then: str | None
    server: str | None


class Problem(BaseModel):
    """RFC 9457. `type` is what programs may rely on, `detail` the sentence for people, in the caller's language."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    """The request's id, for whoever runs the bot."""
    fields: list[Field] | None = None
    licence: LicenceAsked | None = None


_STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (SignInNeeded, 401),
    (ScopeNeeded, 403),
    (PreconditionNeeded, 428),
    (NotFound, 404),
    (NotAllowed, 403),
    (BadInput, 422),
    (ChangedMeanwhile, 412),
    (TryAgain, 503),
    (LimitReached, 409),
    (LicenceNeeded, 409),
)


_BY_MESSAGE = {"pace.wait": 429, "web.forged": 403, "schedule.gone": 404, "web.slow": 504}


def status_of(wrong: Refusal) -> int:
    """Refusals that are none of these say that the server is not in a state for it."""
    if wrong.message in _BY_MESSAGE:
        return _BY_MESSAGE[wrong.message]
    return next((status for kind, status in _STATUS if isinstance(wrong, kind)), 409)


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(once.Repeated, _repeated)
    app.add_exception_handler(Exception, _bug)


async def problem(
    request: Request, status: int, kind: str, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """`kind`: the refusal's message id; programs may rely on it. A person in a browser gets a page that says it."""
    page: Pages | None = getattr(request.app.state, "problem_pages", None)
    shown = await page(request, status, detail) if page is not None else None
    if shown is not None:
        shown.headers.update(headers or {})
        return shown
    body = {
        "type": f"urn:dormouse:{kind}",
        "title": _title(status),
        "status": status,
        "detail": detail,
        "instance": getattr(request.state, "id", ""),
        **more,
    }
    return JSONResponse(body, status, {"Cache-Control": "no-store", **(headers or {})}, MEDIA)


def language_of(request: Request) -> str:
    found: str = getattr(request.state, "language", "en")
    return found


async def _refused(request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, Refusal)
    status, headers, more = status_of(wrong), dict[str, str](), dict[str, Any]()
    request.state.refused = wrong.message
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="dormouse"'
    if isinstance(wrong, ScopeNeeded):
        headers["WWW-Authenticate"] = f'Bearer realm="dormouse", error="insufficient_scope", scope="{wrong.scope}"'
    headers |= retry_after(wrong)
    if isinstance(wrong, LicenceNeeded):
        more = {"licence": _licence(wrong).model_dump()}
    return await problem(request, status, wrong.message, said(wrong, language_of(request)), headers, **more)


def retry_after(wrong: Refusal) -> dict[str, str]:
    """As a header, where waiting helps."""
    match status_of(wrong):
        case 429:
            return {"Retry-After": str(max(1, math.ceil(wrong.values["wait"].total_seconds())))}
        case 503:
            return {"Retry-After": "5"}
        case _:
            return {}


def problem_of(request: Request, wrong: BaseException | None) -> Problem:
    """For an answer that has a problem inside it."""
    language, number = language_of(request), str(getattr(request.state, "id", ""))
    if not isinstance(wrong, Refusal):
        if wrong is not None:
            log.error("bug", code=number, exc_info=wrong)
        text = plain(say(language, "bug", code=number))
        return Problem(type="urn:dormouse:bug", title=_title(500), status=500, detail=text, instance=number)
    status = status_of(wrong)
    return Problem(
        type=f"urn:dormouse:{wrong.message}",
        title=_title(status),
        status=status,
        detail=said(wrong, language),
        instance=number,
        licence=_licence(wrong) if isinstance(wrong, LicenceNeeded) else None,
    )


def _licence(wrong: LicenceNeeded) -> LicenceAsked:
    return LicenceAsked(
        game=wrong.values["game"],
        name=wrong.values["licence"],
        url=wrong.url,
        mark=wrong.mark,
        question=wrong.question or None,
        then=wrong.then or None,
        server=wrong.server or None,
    )


async def _invalid(request: Request, wrong: Exception) -> Response:
    """Which field, and why."""
    assert isinstance(wrong, RequestValidationError)
    language = language_of(request)
    fields = [
        {"field": shown(".".join(map(str, each["loc"][1:])) or str(each["loc"][0]))[:200], "why": _why(each, language)}
        for each in wrong.errors()[:MOST_FIELDS]
    ]
    request.state.refused = "web.invalid"
    named = "; ".join(f"{each['field']}: {each['why']}" for each in fields)
    return await problem(request, 422, "web.invalid", plain(say(language, "web.invalid", fields=named)), fields=fields)


def _why(each: dict[str, Any], language: str) -> str:
    """In the caller's language, where the mistake is one that people make; else as pydantic says it."""
    known = next((message for kind, message in _WHY if each["type"].startswith(kind)), None)
    if known is None:
        return str(each["msg"])
    about = each.get("ctx") or {}
    return say(
        language,
        f"web.field.{known}",
        least=next((about[key] for key in ("ge", "gt", "min_length") if key in about), ""),
        most=next((about[key] for key in ("le", "lt", "max_length") if key in about), ""),
        choices=about.get("expected", ""),
    )


_WHY = (
    ("missing", "missing"),
    ("extra_forbidden", "unknown"),
    ("string_too_short", "short"),
    ("string_too_long", "long"),
    ("too_short", "few"),
    ("too_long", "many"),
    ("greater_than", "low"),
    ("less_than", "high"),
    ("int_", "number"),
    ("float_", "number"),
    ("bool_", "yes_no"),
    ("string_type", "text"),
    ("string_pattern", "form"),
    ("enum", "choice"),
    ("literal_error", "choice"),
    ("json_invalid", "json"),
)
"""By the beginning of pydantic's types of mistakes."""
MOST_FIELDS = 20


async def _http(request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, HTTPException)
    kind = {404: "web.not_found", 405: "web.method", 413: "web.too_large"}.get(wrong.status_code, "web.http")
    request.state.refused = kind
    return await problem(request, wrong.status_code, kind, say(language_of(request), kind), dict(wrong.headers or {}))


async def _repeated(request: Request, _: Exception) -> Response:
    request.state.refused = "web.repeated"
    return await problem(request, 409, "web.repeated", say(language_of(request), "web.repeated"))


async def _bug(request: Request, wrong: Exception) -> Response:
    code = note(wrong, route=request.scope.get("path"))
    return await problem(request, 500, "bug", plain(say(language_of(request), "bug", code=code)))


def _title(status: int) -> str:
    return HTTPStatus(status).phrase
