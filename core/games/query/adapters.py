"""One adapter for each `query.kind` that can be asked."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from core.games.protocols.ask import HTTP, KINDS
from core.games.query.agent import AGENT, AgentQuery
from core.games.query.direct import DirectQuery
from core.games.query.http import HttpQuery
from core.games.query.port import Query


def make_queries(session: aiohttp.ClientSession) -> Mapping[str, Query]:
    """By kind, and by AGENT for games that the agent beside them asks."""
    own = dict[str, Query].fromkeys(KINDS, DirectQuery()) | dict.fromkeys(HTTP, HttpQuery(session))
    return own | {AGENT: AgentQuery(session)}
