"""A browser in which somebody signed in changes something only for pages of ours: what other sites make it send is
refused, by what the browser says of itself (W3C Fetch Metadata; `Origin` of RFC 6454 where it does not)."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from bot.web.callers import COOKIE
from core.errors import NotAllowed

_READS = ("GET", "HEAD", "OPTIONS")


async def from_here(request: Request) -> None:
    if request.method in _READS or COOKIE not in request.cookies or "authorization" in request.headers:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    elsewhere = site not in (None, "same-origin", "none")
    if site is None and origin is not None:
        elsewhere = urlsplit(origin).netloc != request.headers.get("host")
    if elsewhere:
        raise NotAllowed("web.forged")
