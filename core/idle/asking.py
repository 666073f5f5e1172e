"""Asking the games who plays: many at a time, evenly, and who has been silent more seldom (`pace.py`)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from core.games.query.agent import AGENT
from core.games.query.log import LogQuery
from core.games.query.port import Players, Query
from core.idle.pace import Pace
from core.servers.parts import ServerParts
from core.words import PodPhase, Unknown

log = structlog.get_logger()
AT_ONCE = 64
APART = 0.005
"""Seconds between two questions, or less where there are too many servers for that."""
TOGETHER = 0.5  # seconds that a first answer waits for others, to be written with them
EARLY = 0.05  # seconds: what comes earlier than that waits


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What a game said, and when it was asked."""

    at: datetime
    players: Players


@dataclass(frozen=True, slots=True)
class Asked:
    """A running server. Of a `warned` one an old answer does not do."""

    game: str
    warned: bool


Answers = asyncio.Queue[tuple[str, QueryResult] | None]
"""By server, in the order in which they come; None after the last."""


class Asking:
    def __init__(
        self, parts: ServerParts, queries: Mapping[str, Query], *, every: timedelta, logs: LogQuery | None
    ) -> None:
        """`every`: all servers are asked so often."""
        self._catalogue = parts.catalogue
        self._observed = parts.observed
        self._passwords = parts.passwords
        self._now = parts.now
        self._queries = queries
        self._every = every
        self._logs = logs
        self._pace = Pace(every)

    def keep(self, servers: set[str]) -> None:
        """The others run no more."""
        self._pace.keep(servers)

    async def ask_all(self, servers: Mapping[str, Asked], heard: Answers) -> None:
        """AT_ONCE games at a time, so a game that does not answer does not hold up the others, and spread over a part
        of the time until the next pass. At the end, None."""
        clock = asyncio.get_running_loop().time
        began, apart = clock(), min(APART, self._every.total_seconds() / 2 / max(1, len(servers)))
        left = enumerate(servers.items())

        async def ask() -> None:
            for place, (server, asked) in left:
                if (early := began + place // AT_ONCE * AT_ONCE * apart - clock()) > EARLY:  # many wake the loop once
                    await asyncio.sleep(early)
                heard.put_nowait((server, await self.ask(server, asked.game, always=asked.warned)))

        try:
            await asyncio.gather(*(ask() for _ in range(min(AT_ONCE, len(servers)))))
        finally:
            heard.put_nowait(None)

    async def ask(self, server: str, game: str, *, always: bool = True) -> QueryResult:
        """`always`: also where it has been silent for long."""
        at = self._now()
        if not always and (held := self._pace.held(server)) is not None:
            return QueryResult(at, held)
        try:
            return QueryResult(at, await self._query(server, game))
        except Exception as wrong:
            log.exception("query failed", server=server)
            return QueryResult(at, Players(Unknown(type(wrong).__name__)))

    async def _query(self, server: str, game_id: str) -> Players:
        game, seen = self._catalogue.get(game_id), self._observed.of(server)
        if game is None or seen.pod is not PodPhase.READY or seen.away is not None:
            self._pace.forget(server)
            return Players(Unknown("not ready" if seen.away is None else "its node does not answer"))
        if game.query.kind == "log" and self._logs is not None:
            return await self._logs.players(server, seen, game.query)
        query = self._queries.get(AGENT if game.query.kind != "none" and game.asked_by_agent else game.query.kind)
        by_agent = query is not None and query.by_agent
        endpoint = seen.endpoints.get("agent" if by_agent else game.query.port)
        if query is None or endpoint is None:
            return Players(Unknown("this game tells nobody who plays"))
        token = self._passwords.of("agent", server) if by_agent else ""
        players = await query.players(endpoint, game.query, token=token)
        self._pace.heard(server, players)
        return players


async def some(heard: Answers, most: int) -> list[tuple[str, QueryResult]]:
    """Up to `most` of those that come within a moment; none when all have come. What is taken after the end is put
    back."""
    found: list[tuple[str, QueryResult]] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None) as patience:
            while len(found) < most:
                one = await heard.get()
                if one is None:
                    heard.put_nowait(None)
                    break
                if not found:
                    patience.reschedule(asyncio.get_running_loop().time() + TOGETHER)
                found.append(one)
    return found
