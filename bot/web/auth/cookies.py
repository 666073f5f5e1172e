"""The two cookies: of a session, and of a browser in which a sign-in is on its way. `__Host-`: this host alone sets and
gets them, over https (browsers take loopback for as good)."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from bot.web.callers import COOKIE
from core.accounts.flows import LASTS
from core.accounts.sessions import LONGEST

FLOW = "__Host-dormouse-flow"


def signed_in(response: Response, secret: str) -> None:
    _set(response, COOKIE, secret, int(LONGEST.total_seconds()))


def signed_out(response: Response) -> None:
    _end(response, COOKIE)


def on_its_way(response: Response, browser: str) -> None:
    _set(response, FLOW, browser, int(LASTS.total_seconds()))


def arrived(response: Response) -> None:
    _end(response, FLOW)


def browser_of(request: Request) -> str:
    """Empty where no sign-in began in this browser."""
    return request.cookies.get(FLOW, "")


def _set(response: Response, name: str, value: str, seconds: int) -> None:
    # Lax, not Strict: who comes back from a provider comes from another site.
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")


def _end(response: Response, name: str) -> None:
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
