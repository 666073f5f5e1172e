"""How fast one may ask: each person by the rule of `core.guilds.pace`; who fails to prove who they are, by address."""

from __future__ import annotations

import time

from fastapi import Request

from bot.web.context import Web


def take(request: Request, web: Web, user: int) -> None:
    """LimitReached where they ask too fast. The answer tells how much is left."""
    now = time.monotonic()
    try:
        web.pace.take(user, now)
    finally:
        left, wait = web.pace.left(user, now)
        request.state.pace = (web.pace.most, left, wait)


def failed(request: Request, web: Web) -> None:
    """LimitReached where this address failed too often."""
    address = request.client.host if request.client else ""
    web.strangers.take(hash(address), time.monotonic())


def headers(state: object) -> dict[str, str]:
    """draft-ietf-httpapi-ratelimit-headers-06, which programs know best: the later ones name the fields otherwise."""
    if not isinstance(state, tuple):
        return {}
    most, left, wait = state
    return {"RateLimit-Limit": str(most), "RateLimit-Remaining": str(left), "RateLimit-Reset": str(wait)}
