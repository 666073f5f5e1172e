"""How fast one may ask: each person by the rule of `core.guilds.pace`; by address, who fails to prove who they are, and
what is open to everybody and costs something."""

from __future__ import annotations

import ipaddress
import time

from fastapi import Request

from bot.web import rights
from bot.web.context import Web, web_of


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
    web.strangers.take(_from(request), time.monotonic())


async def take_open(request: Request) -> None:
    """LimitReached where this address asks too much of what is open to everybody."""
    if rights.of(request.scope["route"].operation_id) is rights.OPEN:
        web_of(request).open.take(_from(request), time.monotonic())


def _from(request: Request) -> int:
    """One for each address; of IPv6 for each network of 64 bits, in which somebody has any number of them."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return hash(host)
    return hash(address if address.version == 4 else int(address) >> 64)


def headers(state: object) -> dict[str, str]:
    """draft-ietf-httpapi-ratelimit-headers-06, which programs know best: the later ones name the fields otherwise."""
    if not isinstance(state, tuple):
        return {}
    most, left, wait = state
    return {"RateLimit-Limit": str(most), "RateLimit-Remaining": str(left), "RateLimit-Reset": str(wait)}
