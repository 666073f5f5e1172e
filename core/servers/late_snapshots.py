"""Takes later the snapshots that could not be taken, because the store was away or refused.

A pause does not wait for the store: the volume stays. But until the world's last state is on the store too, there is
only one copy of it. Of a game that runs the agent tries again by itself, but for a key that the store does not take
any more: there the cluster gives it another (`Cluster.snapshot`).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlmodel import col, func, or_, select

from core.children import ChildFailed
from core.cluster.port import Cluster
from core.data.database import Database
from core.data.tables import EventRow, ServerRow
from core.errors import ClusterError
from core.notices.alarms import Alarms
from core.notices.kinds.alarms import UnsavedAlarm
from core.servers.world_fold import WorldFold
from core.words import Alarm, Desired, EventKind, Phase, Problem
from core.worlds.failures import refusal_of
from core.worlds.shelf import Shelf
from core.worlds.turns import Turns

log = structlog.get_logger()
EVERY = timedelta(minutes=10)
_STORE = (Problem.STORE_AWAY, Problem.STORE_REFUSED)
_TOLD = (*_STORE, Problem.DISK_FULL, Problem.WORLD_DAMAGED)
"""What whoever runs the bot is told of; anything else passes, or is told where it happens."""
IN_A_ROW = 3
"""Servers: when the store let so many down, and served none, the next one would fare no better. Rounds: when it was
away in so many, that does not pass by itself."""


@dataclass(frozen=True, slots=True)
class _Unsaved:
    id: str
    guild: int
    at_rest: bool


class LateSnapshots:
    """`shelf`: None where there is no store."""

    def __init__(
        self, database: Database, cluster: Cluster, world: WorldFold, alarms: Alarms, shelf: Shelf | None, turns: Turns
    ) -> None:
        self._database = database
        self._cluster = cluster
        self._world = world
        self._alarms = alarms
        self._shelf = shelf
        self._turns = turns
        self._rounds_away = 0

    async def run(self) -> None:
        """One of a guild's servers after the other; what fails is tried again the next time. A failure of the whole
        store ends the round."""
        unsaved = await self._unsaved()
        await self._end_alarms({each.id for each in unsaved})
        guilds: defaultdict[int, list[_Unsaved]] = defaultdict(list)
        for each in unsaved:
            guilds[each.guild].append(each)
        round_ = _Round()
        tasks = [asyncio.create_task(self._save_all(servers, round_)) for servers in guilds.values()]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._tell_of_store(round_)

    async def _save_all(self, servers: list[_Unsaved], round_: _Round) -> None:
        for server in servers:
            async with self._turns.of(server.guild, patient=True):
                if round_.store_is_out is None:
                    await self._save(server, round_)

    async def _save(self, server: _Unsaved, round_: _Round) -> None:
        try:
            saved = await self._cluster.snapshot(server.id, full=server.at_rest)
        except ClusterError as wrong:
            log.warning("still not saved", server=server.id, problem=wrong.problem, detail=wrong.detail)
            await self._world.not_saved(server.id, wrong.problem)
            round_.failed(wrong)
            if wrong.problem in _STORE:
                round_.store_is_out = round_.store_is_out or round_.serves_nobody or await self._why_out()
            if wrong.problem in _TOLD and round_.store_is_out is None:
                await self._alarms.begin(UnsavedAlarm(server.id, server.guild, why=wrong.detail))
            return
        round_.served()
        log.info("late snapshot", server=server.id, snapshot=saved.name)
        await self._alarms.end(Alarm.UNSAVED, server.id)

    async def _why_out(self) -> ClusterError | None:
        """Why the store does not even serve the bot itself; None: it does."""
        if self._shelf is None:
            return None
        try:
            await self._shelf.ask(lambda store: next(iter(store.list("about/")), None))
        except ChildFailed as wrong:
            return refusal_of(wrong.kind, wrong.detail)
        return None

    async def _tell_of_store(self, round_: _Round) -> None:
        out = round_.store_is_out
        self._rounds_away = self._rounds_away + 1 if out is not None else 0
        if out is None:
            await self._alarms.end(Alarm.UNSAVED)
        elif out.problem != Problem.STORE_AWAY or self._rounds_away >= IN_A_ROW:
            await self._alarms.begin(UnsavedAlarm(why=out.detail))

    async def _end_alarms(self, unsaved: set[str]) -> None:
        for alarm in await self._alarms.open(Alarm.UNSAVED):
            if alarm.about and alarm.about not in unsaved:
                await self._alarms.end(Alarm.UNSAVED, alarm.about)

    async def _unsaved(self) -> list[_Unsaved]:
        """Paused servers whose volume has no snapshot from after the pause, and running ones whose agent the store
        refuses."""
        last = (
            select(func.max(EventRow.id))
            .where(EventRow.server == col(ServerRow.id), EventRow.kind == EventKind.PAUSED)
            .correlate(ServerRow)  # events stand in the query around it too, and are others there
            .scalar_subquery()
        )
        after = or_(col(ServerRow.saved_at).is_(None), col(EventRow.at) > col(ServerRow.saved_at))
        paused = (
            select(ServerRow.id, ServerRow.guild)
            .join(EventRow, col(EventRow.server) == col(ServerRow.id))
            .where(
                ServerRow.phase == Phase.PAUSED,
                ServerRow.desired == Desired.PAUSED,
                col(ServerRow.bound) == col(ServerRow.volume),
                col(EventRow.id) == last,
                after,
            )
            .distinct()
        )
        running = select(ServerRow.id, ServerRow.guild).where(
            ServerRow.phase == Phase.RUNNING,
            ServerRow.desired == Desired.RUNNING,
            ServerRow.unsaved_why == Problem.STORE_REFUSED,
        )
        if not self._world.keeps_worlds:
            return []
        async with self._database.session() as session:
            found = [_Unsaved(*row, at_rest=True) for row in await session.exec(paused)]
            return found + [_Unsaved(*row, at_rest=False) for row in await session.exec(running)]


@dataclass(slots=True)
class _Round:
    """How it went so far. `store_is_out`: why no other server would fare better."""

    store_is_out: ClusterError | None = None
    _in_a_row: int = 0
    _last: ClusterError | None = None
    _served_any: bool = False

    def failed(self, wrong: ClusterError) -> None:
        self._in_a_row, self._last = self._in_a_row + (wrong.problem in _STORE), wrong

    def served(self) -> None:
        self._served_any, self._in_a_row = True, 0

    @property
    def serves_nobody(self) -> ClusterError | None:
        return self._last if self._in_a_row >= IN_A_ROW and not self._served_any else None
