"""Asking games who plays."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from core.games.query.agent import KINDS, AgentQuery
from core.games.query.http import HttpQuery
from core.games.query.port import Query


def make_queries(session: aiohttp.ClientSession) -> Mapping[str, Query]:
    """One adapter for each `query.kind` that can be asked."""
    agent = AgentQuery(session)
    return {"http": HttpQuery(session)} | dict.fromkeys(KINDS, agent)
