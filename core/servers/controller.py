"""The loop: fold what is observed into the row, plan, and carry the plan out. Level-triggered and idempotent.

One server's trouble never delays another's: each has its own place in the queue and its own growing, jittered retry;
at most `workers` are worked on at once, and one server never twice at the same time.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import trace
from core.cluster.port import Changed, Cluster, Listed, News, Observed, Stale
from core.data.tables import EventRow, PortRow, ServerRow
from core.errors import ClusterAway, ClusterError
from core.notices import outbox
from core.notices.events import record
from core.servers.crashes import Crashes, count
from core.servers.desk import Desk
from core.servers.lifecycle import AWAY_AFTER, Folded, Wanted, fold
from core.servers.plan import Action, Apply, DeletePod, Give, Remove, plan, wake_at
from core.servers.power import stop
from core.words import Because, Desired, EventKind, NoticeKind, Phase, PodPhase, Problem

log = structlog.get_logger()
LONGEST_RETRY = 300.0
LET_END = 10.0  # seconds that work under way has when the controller stops
LOG_KEPT = 4096  # bytes of the crashed run's log that stay with the event


@dataclass(frozen=True, slots=True)
class _Look:
    """One pure look at a row: what it should say, and what to do."""

    wanted: Wanted
    seen: Observed
    folded: Folded
    crashes: Crashes
    crashed: int
    actions: tuple[Action, ...]
    dirty: bool


class Controller:
    """`run` until cancelled. `wake` may be called from anywhere in the loop's thread."""

    def __init__(self, desk: Desk, cluster: Cluster, *, workers: int = 16) -> None:
        self._desk = desk
        self._cluster = cluster
        self._slots = asyncio.Semaphore(workers)
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._busy: set[str] = set()
        self._woken = asyncio.Event()
        self._failures: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self, server: str, delay: float = 0.0) -> None:
        """Look at this server after `delay` seconds, or earlier if that is due already."""
        if not server:
            return
        at = asyncio.get_running_loop().time() + delay
        if at < self._due.get(server, float("inf")):
            self._due[server] = at
            heapq.heappush(self._heap, (at, server))
            self._woken.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(), name="watch")
            group.create_task(self._dispatch(), name="dispatch")

    async def _watch(self) -> None:
        pause = 1.0
        while True:
            try:
                async for news in self._cluster.watch():
                    pause = 1.0
                    await self._take(news)
            except ClusterError as away:
                log.warning("cluster away", detail=away.detail)
            except Exception:
                log.exception("watch ended")
            await self._take(Stale("the watch ended"))
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 2, 30.0)

    async def _take(self, news: News) -> None:
        live = self._desk.live
        match news:
            case Listed(observed):
                live.observed = {seen.server: seen for seen in observed}
                live.stale_since = None
                for server in await self._followed() | set(live.observed):
                    self.wake(server)
            case Changed(observed):
                live.observed[observed.server] = observed
                self.wake(observed.server)
            case Stale():
                if live.stale_since is None:
                    live.stale_since = self._desk.now()
                    for server in await self._followed():
                        self.wake(server, AWAY_AFTER.total_seconds() + random.uniform(0, 5))

    async def _followed(self) -> set[str]:
        async with self._desk.database.session() as session:
            return set(await session.exec(select(ServerRow.id).where(col(ServerRow.phase) != Phase.DELETED)))

    async def _dispatch(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                self._woken.clear()
                while self._heap and self._heap[0][0] <= loop.time():
                    at, server = heapq.heappop(self._heap)
                    if self._due.get(server) != at:
                        continue  # woken earlier by another entry
                    del self._due[server]
                    if server in self._busy:
                        self.wake(server, 0.05)
                        continue
                    await self._slots.acquire()
                    self._busy.add(server)
                    task = asyncio.create_task(self._work(server), name=f"work {server}")
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                wait = self._heap[0][0] - loop.time() if self._heap else None
                try:
                    async with asyncio.timeout(None if wait is None else max(wait, 0)):
                        await self._woken.wait()
                except TimeoutError:
                    pass
        finally:
            # Work under way is short and ends by itself; cutting it off could leave a transaction open.
            await asyncio.wait_for(asyncio.gather(*self._tasks, return_exceptions=True), LET_END)

    async def _work(self, server: str) -> None:
        try:
            await self.reconcile(server)
            self._failures.pop(server, None)
        except ClusterAway as away:
            await self._take(Stale(away.detail))
            self.wake(server, self._delay(server))
        except ClusterError as refused:
            log.warning("cluster refused", server=server, detail=refused.detail)
            self.wake(server, self._delay(server))
            await self._problem(server, refused)
        except Exception:
            log.exception("reconcile failed", server=server)
            self.wake(server, self._delay(server))
        finally:
            self._busy.discard(server)
            self._slots.release()

    def _delay(self, server: str) -> float:
        failures = self._failures[server] = self._failures.get(server, 0) + 1
        return float(min(2.0 ** min(failures - 1, 9), LONGEST_RETRY) * random.uniform(0.5, 1.5))

    async def reconcile(self, server: str) -> None:
        """One look and what follows from it. Safe to repeat at any time, and after dying on any line."""
        async with self._desk.database.session() as session:
            row = await session.get(ServerRow, server)
            if row is None or row.phase == Phase.DELETED:
                return
            ports = await self._ports(session, server)
            look = self._look(row, ports)
            if look.dirty or look.actions:
                await self._continue_trace(session, server)
        crash_log = await self._crash_log(server) if look.crashed else ""
        if look.dirty or any(isinstance(action, Give) for action in look.actions):
            async with self._desk.database.begin() as session:
                row = await session.get(ServerRow, server, with_for_update=True)
                if row is None:
                    return
                look = self._look(row, ports)
                await self._write(session, row, look, crash_log)
            self._desk.changes.tell(server)
            if any(isinstance(action, Give) for action in look.actions):
                self.wake(server)
                return
        for action in look.actions:
            await self._do(row, ports, action)
        if (at := self._next_look(look)) is not None:
            self.wake(server, max(0.0, (at - self._desk.now()).total_seconds()) + 0.01)

    async def _ports(self, session: AsyncSession, server: str) -> list[PortRow]:
        return list(await session.exec(select(PortRow).where(PortRow.server == server)))

    async def _continue_trace(self, session: AsyncSession, server: str) -> None:
        latest = select(EventRow.trace).where(EventRow.server == server).order_by(col(EventRow.id).desc()).limit(1)
        trace.begin((await session.exec(latest)).first())

    def _look(self, row: ServerRow, ports: list[PortRow]) -> _Look:
        now, live = self._desk.now(), self._desk.live
        wanted, seen = self._desk.wanted(row, ports), live.of(row.id)
        memory = Crashes(row.crash_uid, row.crash_seen, row.crash_count, row.crash_ever_ready)
        fresh = live.stale_since is None
        current = fresh and seen.run == row.run
        crashes, crashed = (
            count(memory, seen, now, healthy_after=self._desk.host.healthy_after) if current else (memory, 0)
        )
        folded = fold(wanted, seen, now, stale_since=live.stale_since)
        too_many = crashes.too_many and row.desired == Desired.RUNNING
        actions = plan(wanted, seen, now, too_many_crashes=too_many) if fresh else ()
        became_ready = folded.phase is Phase.RUNNING and seen.ready_since not in (None, row.ready_at)
        dirty = (
            folded.phase != row.phase
            or (folded.problem or None) != (Problem(row.problem) if row.problem else None)
            or crashes != memory
            or became_ready
        )
        return _Look(wanted, seen, folded, crashes, crashed, actions, dirty)

    async def _crash_log(self, server: str) -> str:
        """Fetched before the pod goes; what cannot be had is left out."""
        try:
            text = await self._cluster.logs(server, lines=40, previous=True)
        except ClusterError:
            return ""
        return text.encode()[-LOG_KEPT:].decode(errors="ignore")

    async def _write(self, session: AsyncSession, row: ServerRow, look: _Look, crash_log: str) -> None:
        now, seen = self._desk.now(), look.seen
        row.crash_uid, row.crash_seen = look.crashes.uid, look.crashes.seen
        row.crash_count, row.crash_ever_ready = look.crashes.count, look.crashes.ever_ready
        problem = look.folded.problem
        if (problem or None) != (Problem(row.problem) if row.problem else None):
            row.problem, row.problem_since = problem, now if problem else None
            row.problem_detail = seen.detail if problem else ""
            self._record(session, row, EventKind.PROBLEM, {"problem": problem, "detail": seen.detail[:500]})
        if look.crashed:
            row.crash_log = crash_log
            await self._tell_crash(session, row, look)
        if look.folded.phase != row.phase:
            before, row.phase, row.phase_since = row.phase, look.folded.phase, now
            self._record(session, row, EventKind.PHASE, {"from": before, "to": row.phase})
        if row.phase == Phase.RUNNING and seen.ready_since is not None and seen.ready_since != row.ready_at:
            first, row.ready_at, row.start_by = row.ready_at is None, seen.ready_since, None
            if first:
                await self._tell_ready(session, row)
        if row.phase == Phase.DELETED:
            for port in await self._ports(session, row.id):
                await session.delete(port)
            self._record(session, row, EventKind.PURGED, {})
        for action in look.actions:
            if isinstance(action, Give):
                await self._give_up(session, row, action.because, look)
        row.changed_at = now
        session.add(row)

    def _record(self, session: AsyncSession, row: ServerRow, kind: EventKind, data: dict[str, Any]) -> None:
        record(
            session, kind, at=self._desk.now(), guild=row.guild, server=row.id, data=data, usage=self._desk.usage(row)
        )

    async def _tell_ready(self, session: AsyncSession, row: ServerRow) -> None:
        now = self._desk.now()
        took = round((now - row.started_at).total_seconds(), 1) if row.started_at else None
        data = {"took": took, "by": row.by}
        await outbox.say(session, row, NoticeKind.READY, data, now, episode=row.run)

    async def _tell_crash(self, session: AsyncSession, row: ServerRow, look: _Look) -> None:
        last = look.seen.last_exit
        data = {
            "code": last.code if last else None,
            "reason": last.reason if last else "",
            "count": look.crashes.count,
            "log": row.crash_log[-1500:],
        }
        self._record(session, row, EventKind.CRASHED, data)
        await outbox.say(session, row, NoticeKind.CRASHED, data, self._desk.now(), episode=row.run)

    async def _give_up(self, session: AsyncSession, row: ServerRow, because: Because, look: _Look) -> None:
        now = self._desk.now()
        problem, step = look.folded.problem, look.seen.step
        await stop(self._desk, session, row, because=because, by=None)
        if because is Because.CRASHES:
            await outbox.say(session, row, NoticeKind.CRASHED, {"gave_up": True}, now, episode=row.run)
        else:
            data = {"problem": problem, "detail_step": step, "log": row.crash_log[-1500:]}
            await outbox.say(session, row, NoticeKind.START_FAILED, data, now, episode=row.run)

    async def _problem(self, server: str, refused: ClusterError) -> None:
        if self._failures.get(server, 0) < 2:
            return  # the first refusal is often one of timing
        async with self._desk.database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is None or row.problem is not None or row.phase == Phase.DELETED:
                return
            row.problem = refused.problem or Problem.CANNOT_APPLY
            row.problem_since = row.changed_at = self._desk.now()
            row.problem_detail = refused.detail[:500]
            session.add(row)
        self._desk.changes.tell(server)

    async def _do(self, row: ServerRow, ports: list[PortRow], action: Action) -> None:
        match action:
            case Apply(replicas):
                spec = self._desk.spec(row, ports, replicas=replicas, trace=trace.current())
                if spec is None:
                    raise ClusterError(f"the game {row.game} is not in the catalogue")
                await self._cluster.ensure(spec)
            case DeletePod(uid):
                await self._cluster.delete_pod(row.id, uid)
            case Remove():
                await self._cluster.remove(row.id)

    def _next_look(self, look: _Look) -> datetime | None:
        moments = [at for at in (wake_at(look.wanted, self._desk.now()),) if at is not None]
        if look.crashes.count and look.seen.pod is PodPhase.READY and look.seen.ready_since is not None:
            moments.append(look.seen.ready_since + self._desk.host.healthy_after)
        return min((at for at in moments if at > self._desk.now() - timedelta(seconds=1)), default=None)
