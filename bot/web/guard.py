"""Around every request: an id and a trace, a limit of its body, headers for browsers, one log line without secrets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web import pace
from bot.web.context import Served
from bot.web.words import accepted, plain
from core import trace
from core.text import say

log = structlog.get_logger()

MOST_BODY = 1024 * 1024
"""Bytes of a request, where the route does not take more (`LARGE`)."""
LONGEST = 30.0
"""Seconds within which an answer has to begin, where the route does not say otherwise (`PATIENT`)."""
PATIENT = "dormouse_patient"
"""Among a scope's state: called with so many seconds from now on, None for as long as it takes."""
LARGE = "dormouse_large"
"""Among a scope's state: this route counts the bytes of its body itself."""

CSP = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


class Guard:
    """`secure`: people reach the face by https, and shall go on to. `served` is told of each request: its route, its
    status, and the seconds until the answer began; it must not raise."""

    def __init__(self, app: ASGIApp, *, secure: bool = False, served: Served = lambda *_: None) -> None:
        self._app = app
        self._served = served
        self._headers = _HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, number = time.perf_counter(), trace.begin()
        headers = Headers(scope=scope)
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["id"], state["language"] = number, accepted(headers.get("accept-language", ""))
        status, answered, answered_after, limit = 0, False, 0.0, asyncio.timeout(LONGEST)

        def patient(seconds: float | None) -> None:
            if limit.expired():
                return  # what is sent now says so
            limit.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)

        state[PATIENT] = patient

        async def answer(message: Message) -> None:
            nonlocal status, answered, answered_after
            if message["type"] == "http.response.start":
                status, answered = message["status"], True
                answered_after = time.perf_counter() - began
                patient(None)  # what is sent may be long
                added = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    added.setdefault(name, value)
                for name, value in pace.headers(state.get("pace")).items():
                    added[name] = value
                added["X-Request-Id"] = number
            await send(message)

        try:
            async with limit:
                await self._app(scope, _counted(receive, state), answer)
        except asyncio.CancelledError:
            status = status or 499  # nobody waits for the answer any more
            raise
        except TimeoutError:
            state["refused"] = "web.slow"
            if not answered:
                log.warning("slow", route=_route(scope))
                await _refuse(answer, 504, "web.slow", state["language"], number)
        except Exception:
            if not answered:  # what a route raises was answered and logged (problems.py)
                log.exception("bug", route=_route(scope))
                await _refuse(answer, 500, "bug", state["language"], number)
        finally:
            self._served(_route(scope), status, answered_after)
            log.info(
                "request",
                method=scope["method"],
                route=_route(scope),
                status=status,
                seconds=round(time.perf_counter() - began, 4),
                user=state.get("user"),
                refused=state.get("refused"),
            )


def _route(scope: Scope) -> str:
    """By its operation id: what stands in a path or behind it may be a secret."""
    return getattr(scope.get("route"), "operation_id", None) or "none"


def _counted(receive: Receive, state: MutableMapping[str, Any]) -> Receive:
    came = 0

    async def next_part() -> Message:
        nonlocal came
        message = await receive()
        if message["type"] == "http.request":
            came += len(message.get("body", b""))
            if came > MOST_BODY and not state.get(LARGE):
                raise HTTPException(413)  # as problems.py says it
        return message

    return next_part


async def _refuse(send: Send, status: int, kind: str, language: str, number: str) -> None:
    text, title = plain(say(language, kind, code=number)), HTTPStatus(status).phrase
    body = {"type": f"urn:dormouse:{kind}", "title": title, "status": status, "detail": text, "instance": number}
    data = json.dumps(body).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(data)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
