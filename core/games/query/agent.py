"""Games that the agent beside them asks: ports that are closed to the network, and what needs a secret."""

from __future__ import annotations

import json

import aiohttp

from core.authority import authority
from core.games.form.reached import Query as Rule
from core.games.protocols.answer import NoAnswer
from core.games.protocols.status import LARGEST, read_json
from core.games.query.direct import LONGEST_WHY, told
from core.games.query.http import TIMEOUT, fetch
from core.games.query.port import Endpoint, Players, Query
from core.words import Unknown

AGENT = "agent"
"""The adapter's key among those of the kinds."""
_ANSWER = {"online": "online", "max": "max", "names": "names"}


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
                body = await fetch(answer, LARGEST)
            said = json.loads(body)
            if isinstance(said, dict) and "unknown" in said:
                return Players(Unknown(str(said["unknown"])[:LONGEST_WHY]))
            return told(read_json(body, _ANSWER))
        except NoAnswer as why:
            return Players(Unknown(str(why)))
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError, RecursionError) as wrong:
            return Players(Unknown(type(wrong).__name__))
