"""Asking a provider: JSON over HTTP, bounded in size and time, and never sent on to another address."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import structlog

from core.errors import TryAgain

log = structlog.get_logger()

MOST = 512 * 1024
WITHIN = aiohttp.ClientTimeout(total=8, connect=4)


async def ask(
    method: str,
    url: str,
    *,
    data: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    basic: tuple[str, str] | None = None,
) -> tuple[int, Any]:
    """Status and JSON; None in place of the second where it is none. TryAgain where nobody answers, or with too much.
    Neither what is sent nor what comes back stands in the log."""
    accept = {"Accept": "application/json", **(headers or {})}
    if basic is not None:
        accept["Authorization"] = aiohttp.encode_basic_auth(*basic)
    try:
        async with (
            aiohttp.ClientSession(timeout=WITHIN) as http,
            http.request(method, url, data=data, headers=accept, allow_redirects=False) as got,
        ):
            body = await got.content.read(MOST + 1)
            while len(body) <= MOST and (more := await got.content.read(MOST + 1)):
                body += more
            status = got.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as wrong:
        log.warning("provider away", host=_host(url), why=type(wrong).__name__)
        raise TryAgain("signin.away") from None
    if len(body) > MOST or status >= 500 or status == 429:
        log.warning("provider away", host=_host(url), why="too much" if len(body) > MOST else status)
        raise TryAgain("signin.away")
    try:
        return status, json.loads(body)
    except (ValueError, RecursionError):
        return status, None


def _host(url: str) -> str:
    return url.split("/")[2] if url.count("/") >= 2 else ""
