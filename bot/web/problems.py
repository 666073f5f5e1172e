"""What is refused or goes wrong, as RFC 9457 problems: the sentence that Discord shows, in the caller's language."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from bot.web.words import said
from core import once
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
_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class SignInNeeded(Refusal):
    """Nobody proved who they are, or what they sent does not hold any more."""

    def __init__(self, message: str = "web.sign_in") -> None:
        super().__init__(message)


class ScopeNeeded(Refusal):
    """The token does not reach so far."""

    def __init__(self, scope: str) -> None:
        super().__init__("web.scope", scope=scope)
        self.scope = scope


Pages = Callable[[Request, int, str], Response | None]
"""Makes the page of a problem; None: whoever asked wants none. An app has it as `state.problem_pages`."""

_STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (SignInNeeded, 401),
    (ScopeNeeded, 403),
    (NotFound, 404),
    (NotAllowed, 403),
    (BadInput, 422),
    (ChangedMeanwhile, 412),
    (TryAgain, 503),
    (LimitReached, 409),
    (LicenceNeeded, 409),
)


def status_of(wrong: Refusal) -> int:
    """Refusals that are none of these say that the server is not in a state for it."""
    if wrong.message == "pace.wait":
        return 429
    if wrong.message == "web.forged":
        return 403
    return next((status for kind, status in _STATUS if isinstance(wrong, kind)), 409)


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(once.Repeated, _repeated)
    app.add_exception_handler(Exception, _bug)


def problem(
    request: Request, status: int, kind: str, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """`kind`: the refusal's message id; programs may rely on it. A person in a browser gets a page that says it."""
    page: Pages | None = getattr(request.app.state, "problem_pages", None)
    shown = page(request, status, detail) if page is not None else None
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
    if status == 429:
        headers["Retry-After"] = str(math.ceil(wrong.values["wait"].total_seconds()))
    if status == 503:
        headers["Retry-After"] = "5"
    if isinstance(wrong, LicenceNeeded):
        more = {"licence": {"game": wrong.values["game"], "name": wrong.values["licence"], "url": wrong.url}}
        more["licence"] |= {"mark": wrong.mark, "question": wrong.question or None}
    return problem(request, status, wrong.message, said(wrong, language_of(request)), headers, **more)


async def _invalid(request: Request, wrong: Exception) -> Response:
    """Which field, and why."""
    assert isinstance(wrong, RequestValidationError)
    fields = [
        {"field": ".".join(str(part) for part in each["loc"][1:]) or str(each["loc"][0]), "why": each["msg"]}
        for each in wrong.errors()
    ]
    request.state.refused = "web.invalid"
    named = ", ".join(each["field"] for each in fields)
    return problem(request, 422, "web.invalid", say(language_of(request), "web.invalid", fields=named), fields=fields)


async def _http(request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, HTTPException)
    kind = {404: "web.not_found", 405: "web.method", 413: "web.too_large"}.get(wrong.status_code, "web.http")
    request.state.refused = kind
    return problem(request, wrong.status_code, kind, say(language_of(request), kind), dict(wrong.headers or {}))


async def _repeated(request: Request, _: Exception) -> Response:
    request.state.refused = "web.repeated"
    return problem(request, 409, "web.repeated", say(language_of(request), "web.repeated"))


async def _bug(request: Request, wrong: Exception) -> Response:
    code = "".join(secrets.choice(_CODE) for _ in range(4))
    log.error("bug", code=code, exc_info=wrong, route=request.scope.get("path"))
    return problem(request, 500, "bug", say(language_of(request), "bug", code=code).replace("**", ""))


def _title(status: int) -> str:
    return HTTPStatus(status).phrase
