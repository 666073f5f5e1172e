"""The sweep: ask every running server who plays, remember it, decide, act. APScheduler calls `run` at intervals.

It needs no memory of its own: all is in the rows, so a restart of the bot changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import trace
from core.data.tables import GuildRow, NoticeRow, ServerRow
from core.errors import ClusterError
from core.games.query.log import LogQuery
from core.games.query.port import Players, Query
from core.idle.evidence import players
from core.idle.rules import Decision, Do, combine, decide, remember, stale_after
from core.notices import outbox
from core.notices.events import record
from core.servers.desk import Desk
from core.servers.power import recall, stamp, stop
from core.words import Because, Desired, Empty, EventKind, Evidence, NoticeKind, Occupied, Phase, PodPhase, Unknown

log = structlog.get_logger()
AT_ONCE = 64
BATCH = 50  # rows to a transaction, in which other writers wait: milliseconds
UNKNOWN_NOTICE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a game said, and when it was asked."""

    at: datetime
    players: Players


class Sweep:
    def __init__(
        self,
        desk: Desk,
        queries: Mapping[str, Query],
        *,
        every: timedelta,
        in_voice: Callable[[int], int | None] = lambda _channel: None,
        logs: LogQuery | None = None,
        protect: Callable[[Collection[str]], Awaitable[None]] | None = None,
    ) -> None:
        """`logs` knows who plays games that tell it nowhere else. `in_voice` counts the people in a voice channel; None
        where that is not known. `protect` is told after each pass where somebody plays."""
        self._desk = desk
        self._in_voice = in_voice
        self._logs = logs
        self._protect = protect
        self._playing: set[str] = set()
        self._running = asyncio.Lock()
        self._queries = queries
        self._stale = stale_after(every)
        self.ended_at: datetime | None = None
        """When the last pass over all servers ended; none does while the cluster is away."""

    async def drain(self) -> None:
        """Wait for the pass that runs now; none begins after it."""
        await self._running.acquire()

    async def run(self) -> None:
        """One pass over all running servers. While the cluster is away nothing is known, so all hold."""
        if not self._running.locked():
            async with self._running:
                await self._pass()

    async def _pass(self) -> None:
        if self._desk.live.stale_since is not None:
            return
        async with self._desk.database.session() as session:
            query = select(ServerRow.id, ServerRow.game).where(
                ServerRow.desired == Desired.RUNNING, ServerRow.phase == Phase.RUNNING
            )
            games = dict(list(await session.exec(query)))
        answers, self._playing = await self._ask_all(games), set()
        servers = list(answers)
        for start in range(0, len(servers), BATCH):
            for server in await self._remember_all(servers[start : start + BATCH], answers):
                await self._last_look(server, games[server])
        if self._protect is not None:
            try:
                await self._protect(self._playing)
            except ClusterError as wrong:
                log.warning("players not protected from maintenance", detail=wrong.detail)
        self.ended_at = self._desk.now()

    async def _ask_all(self, games: Mapping[str, str]) -> dict[str, Answer]:
        """AT_ONCE at a time: a game that does not answer holds up nobody but itself."""
        answers: dict[str, Answer] = {}
        left = iter(games.items())

        async def ask() -> None:
            for server, game in left:
                answers[server] = await self._ask(server, game)

        await asyncio.gather(*(ask() for _ in range(min(AT_ONCE, len(games)))))
        return answers

    async def _remember_all(self, batch: list[str], answers: Mapping[str, Answer]) -> list[str]:
        """`_remember`; if a batch fails, each row by itself, so that one server never holds up another."""
        try:
            return await self._remember(batch, answers)
        except Exception:
            if len(batch) == 1:
                log.exception("sweep failed", server=batch[0])
                return []
            return [due for server in batch for due in await self._remember_all([server], answers)]

    async def _ask(self, server: str, game: str) -> Answer:
        at = self._desk.now()
        try:
            return Answer(at, await self._query(server, game))
        except Exception as wrong:
            log.exception("query failed", server=server)
            return Answer(at, Players(Unknown(type(wrong).__name__)))

    async def _query(self, server: str, game_id: str) -> Players:
        game, seen = self._desk.catalogue.get(game_id), self._desk.live.of(server)
        if game is None or seen.pod is not PodPhase.READY:
            return Players(Unknown("not ready"))
        if game.query.kind == "log" and self._logs is not None:
            return await self._logs.players(server, seen, game.query)
        query = self._queries.get(game.query.kind)
        by_agent = query is not None and query.by_agent
        endpoint = seen.endpoints.get("agent" if by_agent else game.query.port)
        if query is None or endpoint is None:
            return Players(Unknown("this game tells nobody who plays"))
        token = self._desk.secret("agent", server) if by_agent else ""
        return await query.players(endpoint, game.query, token=token)

    async def _remember(self, batch: list[str], answers: Mapping[str, Answer]) -> list[str]:
        """Write a batch in one transaction; the servers whose pause is due."""
        due, changed = [], []
        async with self._desk.database.begin() as session:
            query = select(ServerRow).where(col(ServerRow.id).in_(batch)).with_for_update()
            found = list(await session.exec(query))
            guilds = await self._guilds(session, {row.guild for row in found})
            for row in found:
                if row.desired != Desired.RUNNING or row.phase != Phase.RUNNING:
                    continue
                trace.begin()
                before = (row.players_online, tuple(row.players), row.empty_since, row.warned_at, row.unknown_since)
                decision = self._take(row, answers[row.id], guilds.get(row.guild))
                await self._act(session, row, decision, guilds.get(row.guild))
                if row.players_online:
                    self._playing.add(row.id)
                if decision.do is Do.PAUSE:
                    due.append(row.id)
                after = (row.players_online, tuple(row.players), row.empty_since, row.warned_at, row.unknown_since)
                if before != after:
                    row.changed_at = self._desk.now()
                    changed.append(row.id)
                session.add(row)
        for server in changed:
            self._desk.changes.tell(server)
        return due

    async def _guilds(self, session: AsyncSession, ids: set[int]) -> dict[int, GuildRow]:
        return {row.id: row for row in await session.exec(select(GuildRow).where(col(GuildRow.id).in_(ids)))}

    def _take(self, row: ServerRow, answered: Answer, guild: GuildRow | None) -> Decision:
        now, answer = self._desk.now(), answered.players
        evidence = self._with_voice(row, answer.evidence)
        memory = remember(self._desk.memory(row), evidence, answered.at, self._stale)
        row.empty_since, row.known_at, row.unknown_since = memory.empty_since, memory.known_at, memory.unknown_since
        seen = players(answer.evidence)
        if seen is not None:
            if seen.names:
                row.last_players = list(seen.names)
            row.players, row.players_online = list(seen.names), seen.online
            row.players_max = answer.max or row.players_max
        return decide(self._desk.policy(row, guild), memory, self._desk.facts(row), now, self._stale)

    def _with_voice(self, row: ServerRow, evidence: Evidence) -> Evidence:
        if not row.idle_voice:
            return evidence
        count = self._in_voice(row.idle_voice)
        if count is None and isinstance(evidence, Empty):
            return Unknown("nobody can tell who is in the voice channel")
        return combine(evidence, voice=Occupied(online=count)) if count else evidence

    async def _act(self, session: AsyncSession, row: ServerRow, decision: Decision, guild: GuildRow | None) -> None:
        now = self._desk.now()
        if decision.recall:
            news: dict[str, object] = {"state": "ended"}
            if row.players_online:
                news = {"state": "joined", "names": list(row.players)}
            await recall(session, row, now, news)
            record(session, EventKind.RECALLED, at=now, guild=row.guild, server=row.id, data=news)
        elif decision.do is Do.WARN:
            row.warned_at, row.warning_delivered_at, row.warning_dead = now, None, False
            row.episode += 1
            data = {
                "state": "warned",
                "last_players": list(row.last_players),
                "empty_since": stamp(row.empty_since) if row.empty_since else None,
                "pause_at": stamp(decision.pause_at) if decision.pause_at else None,
            }
            await outbox.say(session, row, NoticeKind.IDLE, data, now)
            record(session, EventKind.WARNED, at=now, guild=row.guild, server=row.id, data=data)
        if row.unknown_since is not None and now - row.unknown_since >= UNKNOWN_NOTICE:
            days = (now - row.unknown_since) // UNKNOWN_NOTICE
            number = int(row.unknown_since.timestamp()) // 86400 + days
            data = {"since": stamp(row.unknown_since)}
            if not await self._said(session, row.id, number):
                await outbox.say(session, row, NoticeKind.UNKNOWN, data, now, episode=number)

    async def _said(self, session: AsyncSession, server: str, number: int) -> bool:
        query = select(NoticeRow.id).where(
            NoticeRow.server == server, NoticeRow.kind == NoticeKind.UNKNOWN, NoticeRow.episode == number
        )
        return (await session.exec(query)).first() is not None

    async def _last_look(self, server: str, game: str) -> None:
        """Ask once more, right before the pause: whoever joined in the last second is not paused away."""
        answer = await self._ask(server, game)
        async with self._desk.database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is None or row.desired != Desired.RUNNING or row.phase != Phase.RUNNING:
                return
            guild = await session.get(GuildRow, row.guild)
            trace.begin()
            decision = self._take(row, answer, guild)
            if decision.do is Do.PAUSE and not isinstance(answer.players.evidence, Unknown):
                await stop(self._desk, session, row, because=Because.IDLE, by=None)
                log.info("paused", server=server, because="idle")
            else:
                await self._act(session, row, decision, guild)
            row.changed_at = self._desk.now()
            session.add(row)
        self._desk.changes.tell(server)
