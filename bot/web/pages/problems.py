"""What is refused, as a page: the sentence, and the way on. Who is not signed in is led there."""

from __future__ import annotations

import contextlib
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from bot.web.callers import Caller, signed_in
from bot.web.pages.render import is_fragment, render
from bot.web.problems import language_of

SIGN_IN = "/auth/sign-in"


def wants_page(request: Request) -> bool:
    """A browser shows the answer to a person; what is under `/api` is for programs, whoever asks."""
    if request.url.path.startswith("/api/"):
        return False
    return "hx-request" in request.headers or "text/html" in request.headers.get("accept", "")


def sign_in(path: str) -> str:
    """`path`: where they go on afterwards."""
    return f"{SIGN_IN}?then={quote(path, safe='')}"


async def page(request: Request, status: int, detail: str) -> Response | None:
    """None where a program asks. `detail` is plain text already."""
    if not wants_page(request):
        return None
    if status == 401:
        return _to_sign_in(request)
    template = "problem_part.html" if is_fragment(request) else "problem.html"
    asked = getattr(request.state, "id", "")
    language = language_of(request)
    reader = await reader_of(request)
    request.state.language = language  # in which the sentence was made, before it was known who reads it
    return render(request, template, reader, status, detail=detail, asked=asked)


async def reader_of(request: Request) -> Caller | None:
    """Whoever is signed in; nobody where that is not known just now: a problem's page has no problem of its own."""
    with contextlib.suppress(Exception):
        return await signed_in(request)
    return None


def _to_sign_in(request: Request) -> Response:
    if "hx-request" in request.headers:  # a part of a page leads the whole page there
        shown = request.headers.get("hx-current-url", "")
        path = "/" + shown.split("/", 3)[3] if shown.count("/") >= 3 else "/"
        return Response(status_code=204, headers={"HX-Redirect": sign_in(path), "Cache-Control": "no-store"})
    path = request.url.path if request.method in ("GET", "HEAD") else "/"
    return RedirectResponse(sign_in(path), 303, {"Cache-Control": "no-store"})
