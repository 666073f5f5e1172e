"""Games that the agent beside them asks: ports that are closed to the network, and protocols that are not HTTP."""

from __future__ import annotations

import json

import aiohttp

from core.authority import authority
from core.games.catalogue import Query as Rule
from core.games.query.http import LARGEST, TIMEOUT, read
from core.games.query.port import Endpoint, Players, Query
from core.words import Unknown

KINDS = ("minecraft", "a2s", "console")
_ANSWER = Rule(kind="http", online="online", max="max", names="names")


class AgentQuery(Query):
    by_agent = True

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def players(self, endpoint: Endpoint, rule: Rule, *, token: str = "") -> Players:
        """`endpoint` and `token` are the agent's."""
        url = f"http://{authority(endpoint.host, endpoint.port)}/v1/players"
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with self._session.get(url, headers=headers, timeout=TIMEOUT, allow_redirects=False) as answer:
                said = json.loads(await answer.content.read(LARGEST))
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError, RecursionError) as wrong:
            return Players(Unknown(type(wrong).__name__))
        if not isinstance(said, dict) or "unknown" in said:
            return Players(Unknown(str(said.get("unknown"))[:200] if isinstance(said, dict) else "nonsense"))
        return read(said, _ANSWER)
