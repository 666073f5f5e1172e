"""Games that tell their players as JSON over HTTP; the catalogue names the places in it as dotted paths."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from core.authority import authority
from core.games.catalogue import Query as Rule
from core.games.query.port import Endpoint, Players, Query
from core.words import Empty, Occupied, Unknown

TIMEOUT = aiohttp.ClientTimeout(total=3)
LARGEST = 256 * 1024  # bytes of an answer; the game is members' code
MOST_NAMES = 200
MOST_PLAYERS = 100_000  # beyond that it is nonsense, and no number for a database


class HttpQuery(Query):
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def players(self, endpoint: Endpoint, rule: Rule, *, token: str = "") -> Players:
        url = f"http://{authority(endpoint.host, endpoint.port)}{rule.path}"
        try:
            async with self._session.get(url, timeout=TIMEOUT, allow_redirects=False) as answer:
                if answer.status != 200:
                    return Players(Unknown(f"answered {answer.status}"))
                body = await answer.content.read(LARGEST + 1)
                while len(body) <= LARGEST and (more := await answer.content.read(LARGEST + 1 - len(body))):
                    body += more
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as wrong:
            return Players(Unknown(type(wrong).__name__))
        if len(body) > LARGEST:
            return Players(Unknown("the answer is too large"))
        try:
            return read(json.loads(body), rule)
        except (ValueError, RecursionError):
            return Players(Unknown("the answer is not JSON"))


def read(answer: Any, rule: Rule) -> Players:
    """Pure: the players in an answer; Unknown where the number is missing or no number."""
    online = _at(answer, rule.online)
    if not isinstance(online, int) or isinstance(online, bool) or not 0 <= online <= MOST_PLAYERS:
        return Players(Unknown("the answer does not say how many play"))
    most = _at(answer, rule.max)
    names = _at(answer, rule.names) if rule.names else None
    known = tuple(name for name in names[:MOST_NAMES] if isinstance(name, str)) if isinstance(names, list) else ()
    most = most if isinstance(most, int) and not isinstance(most, bool) and 0 < most <= MOST_PLAYERS else 0
    return Players(Occupied(known, online) if online else Empty(), most)


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value
