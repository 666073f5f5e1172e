"""Games that tell their players over HTTP, in JSON or as metrics; the catalogue names the places in it."""

from __future__ import annotations

import aiohttp
from aiohttp import hdrs

from core.authority import authority
from core.games.form.reached import Query as Rule
from core.games.protocols.answer import NoAnswer
from core.games.protocols.http import unverified
from core.games.protocols.status import LARGEST, read
from core.games.query.direct import question, told
from core.games.query.port import Endpoint, Players, Query
from core.words import Unknown

TIMEOUT = aiohttp.ClientTimeout(total=3)


class HttpQuery(Query):
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._tls = unverified()

    async def players(self, endpoint: Endpoint, rule: Rule, *, token: str = "") -> Players:
        url = f"{'https' if rule.https else 'http'}://{authority(endpoint.host, endpoint.port)}{rule.path}"
        auth = aiohttp.BasicAuth(rule.user, rule.password, "utf-8") if rule.user or rule.password else None
        tls = self._tls if rule.https else True
        asked = self._session.get(url, timeout=TIMEOUT, allow_redirects=False, auth=auth, ssl=tls)
        try:
            async with asked as answer:
                if answer.status != 200:
                    return Players(Unknown(f"answered {answer.status}"))
                body = await fetch(answer, LARGEST)
            return told(read(rule.kind, body, question(rule)))
        except NoAnswer as why:
            return Players(Unknown(str(why)))
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as wrong:
            return Players(Unknown(type(wrong).__name__))


async def fetch(answer: aiohttp.ClientResponse, largest: int) -> bytes:
    """All of it. Raises `NoAnswer` where it is more than `largest` bytes."""
    if 0 <= (answer.content_length or -1) <= largest and hdrs.CONTENT_ENCODING not in answer.headers:
        return await answer.content.read()  # as long as it says, and no longer
    body = bytearray()
    while len(body) <= largest and (more := await answer.content.read(largest + 1 - len(body))):
        body += more
    if len(body) > largest:
        raise NoAnswer("the answer is too large")
    return bytes(body)
