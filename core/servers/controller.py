"""The loop: fold what is observed into the row, plan, and carry the plan out. Level-triggered and idempotent.

One server's trouble never delays another's: each has its own place in the queue and its own growing, jittered retry;
at most `workers` are worked on at once, and one server never twice at the same time.
"""

from __future__ import annotations

import asyncio
import random
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import trace
from core.cluster.port import Changed, Cluster, Listed, News, Observed, Stale
from core.data.tables import EventRow, PortRow, ServerRow
from core.errors import ClusterError
from core.lane import Lane
from core.notices import outbox
from core.notices.events import record
from core.servers.crashes import Crashes, count, ended_by_itself
from core.servers.create import START_WITHIN, start_within
from core.servers.desk import Desk
from core.servers.lifecycle import AWAY_AFTER, Folded, Wanted, fold
from core.servers.plan import Action, Apply, Archive, DeletePod, Give, Lost, Release, Remove, Seal, plan, wake_at
from core.servers.power import recall, stop
from core.servers.saved import Saves
from core.words import Because, Desired, EventKind, NoticeKind, Phase, PodPhase, Problem

log = structlog.get_logger()
LOG_KEPT = 4096  # bytes of the crashed run's log that stay with the event
JOBS = 2  # worlds that are sealed at once: each takes a core
PAGE = 100  # servers that are looked at in one go: the event loop is held for milliseconds only
_PAGE = (
    select(ServerRow)
    .where(col(ServerRow.phase) != Phase.DELETED, col(ServerRow.id) > bindparam("after"))
    .order_by(col(ServerRow.id))
    .limit(PAGE)
)
_PAGE_PORTS = select(PortRow).where(col(PortRow.server) > bindparam("after"), col(PortRow.server) <= bindparam("last"))


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

    @property
    def decides(self) -> bool:
        """Whether an action changes what is desired or may still be undone: that is committed before any effect."""
        return any(isinstance(action, Give | Archive | Lost) for action in self.actions) or self.releases

    @property
    def fails_to_start(self) -> bool:
        return Give(Because.START_FAILED) in self.actions

    @property
    def needs_words(self) -> bool:
        """Whether people are shown what the game said last."""
        return bool(self.crashed) or self.fails_to_start

    @property
    def releases(self) -> bool:
        return self.wanted.purge_at is not None and any(isinstance(action, Remove) for action in self.actions)


@dataclass(slots=True)
class Work:
    """What the controller did since it started."""

    lane: Lane
    passes: int = 0
    failures: int = 0

    @property
    def turned_at(self) -> float | None:
        """The event loop's time of the last turn."""
        return self.lane.turned_at


class Controller:
    """`watch` and `act` until cancelled. `wake` may be called from anywhere in the loop's thread."""

    def __init__(self, desk: Desk, cluster: Cluster, *, workers: int = 16) -> None:
        self._desk = desk
        self._cluster = cluster
        self._lane = Lane(self._work, at_once=workers, failed=self._failed)
        self._refused: dict[str, ClusterError] = {}  # what the cluster last said no to, until it does it
        self._saves = Saves(desk)
        self._jobs = Lane(self._job, at_once=JOBS, failed=self._job_failed)
        self._jobs_refused: dict[str, ClusterError] = {}
        self._looking = False
        self.work = Work(self._lane)

    @property
    def waiting(self) -> int:
        """Servers that are to be looked at, now or later."""
        return len(self._lane)

    def wake(self, server: str) -> None:
        """Look at this server now: somebody asked for something, or something was seen."""
        if server:
            self._lane.touch(server, force=True)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.watch(), name="watch")
            group.create_task(self.act(), name="act")

    async def act(self) -> None:
        """Carry out what is wanted. One process does at a time, though two that do for a moment do no harm."""
        if self._desk.live.stale_since is None and not self._looking:
            # Taken over from another process: who knows where it stopped?
            await self._look_at_all()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._jobs.run(), name="jobs")
            group.create_task(self._lane.run(), name="lane")

    async def watch(self) -> None:
        """Keep what the cluster reports: in every process, for what it shows."""
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
            try:
                await self._take(Stale("the watch ended"))
            except Exception:
                log.exception("database away")
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 2, 30.0)

    async def _take(self, news: News) -> None:
        live = self._desk.live
        match news:
            case Listed(observed):
                if live.stale_since is not None:
                    away = (self._desk.now() - live.stale_since).total_seconds()
                    log.info("cluster seen", servers=len(observed), unseen_for=round(away, 1))
                live.list(observed)
                live.stale_since = None
                await self._look_at_all()
            case Changed(observed):
                if live.change(observed, self._desk.now()):
                    self._desk.changes.tell(observed.server, by=self)
                self.wake(observed.server)
            case Stale(why):
                if live.stale_since is None:
                    log.warning("cluster not seen", why=why)
                    live.stale_since = self._desk.now()
                    for server in await self._followed():
                        self._lane.touch(server, AWAY_AFTER.total_seconds() + random.uniform(0, 5))

    async def _followed(self) -> set[str]:
        async with self._desk.database.session() as session:
            return set(await session.exec(select(ServerRow.id).where(col(ServerRow.phase) != Phase.DELETED)))

    async def _look_at_all(self) -> None:
        """Wake the servers where something is to be done, and those that cannot even be looked at.

        Whatever changes meanwhile wakes its server by itself, so a page may be old when it is looked at.
        """
        self._looking, after = True, ""
        try:
            while rows := await self._page(after):
                for row, ports in rows:
                    self._look_at(row, ports)
                after = rows[-1][0].id
        finally:
            self._looking = False

    def _look_at(self, row: ServerRow, ports: list[PortRow]) -> None:
        try:
            look = self._look(row, ports)
        except Exception:
            self.wake(row.id)  # it fails there again, by itself, and is told of
            return
        if look.dirty or look.actions or row.id in self._refused:
            self.wake(row.id)
        elif (seconds := self._seconds_until_next(look)) is not None:
            self._lane.touch(row.id, seconds)

    async def _page(self, after: str) -> list[tuple[ServerRow, list[PortRow]]]:
        """The next servers by id, with their ports."""
        wanted = {"after": after}
        async with self._desk.database.session() as session:
            rows = list(await session.exec(_PAGE, params=wanted))
            if not rows:
                return []
            ports: dict[str, list[PortRow]] = {}
            for port in await session.exec(_PAGE_PORTS, params=wanted | {"last": rows[-1].id}):
                ports.setdefault(port.server, []).append(port)
        return [(row, ports.get(row.id, [])) for row in rows]

    async def _work(self, server: str) -> float | None:
        self.work.passes += 1
        try:
            return await self.reconcile(server)
        except ClusterError as refused:
            self._refused[server] = refused
            raise

    def _failed(self, server: str, wrong: Exception, times: int) -> None:
        self.work.failures += 1
        if not isinstance(wrong, ClusterError):
            log.error("reconcile failed", server=server, times=times, exc_info=wrong)
            return
        # Whether the whole cluster is away is for the watch to say; here one server's effect is tried again.
        log.warning("cluster refused", server=server, detail=wrong.detail, times=times)

    async def reconcile(self, server: str) -> float | None:
        """One look and what follows from it; the seconds after which to look again, or None.

        Safe to repeat at any time, and after dying on any line.
        """
        async with self._desk.database.session() as session:
            row = await self._desk.load(session, server)
            if row is None or row.phase == Phase.DELETED:
                return None
            ports = (await self._desk.around(session, row)).ports
            look = self._look(row, ports)
            if look.dirty or look.actions:
                await self._continue_trace(session, server)
        if look.dirty or look.decides:
            saved = await self._save(server, await self._last_words(server, look))
            if saved is None:
                return None
            row, ports, new = saved
            if new is None or new.decides:
                return 0.0  # first the decision stands, then the next look acts on it
            look = new
        for action in look.actions:
            await self._do(row, ports, action)
        if self._refused.pop(server, None) is not None:
            return 0.0  # it was done after all: that is no problem any more
        return self._seconds_until_next(look)

    async def _save(self, server: str, crash_log: str | None) -> tuple[ServerRow, list[PortRow], _Look | None] | None:
        """Look again under the row's lock and write what it says; None where the server is gone. No look where nothing
        was written: it came to need a `crash_log` only now."""
        async with self._desk.database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is None:
                return None
            ports = await self._ports(session, server)
            look = self._look(row, ports)
            if look.needs_words and crash_log is None:
                return row, ports, None
            await self._write(session, row, look, crash_log or "")
        self._desk.changes.tell(server, by=self)
        return row, ports, look

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
        refused = self._refused.get(row.id) or self._jobs_refused.get(row.id)
        said = Problem(refused.problem or Problem.CANNOT_APPLY) if refused else None
        folded = fold(wanted, seen, now, stale_since=live.stale_since, refused=said)
        too_many = crashes.too_many and row.desired == Desired.RUNNING
        game = self._desk.game(row)
        ended = (
            current and game is not None and game.exit_zero == "pause" and seen.restarts > 0 and ended_by_itself(seen)
        )
        actions = plan(wanted, seen, now, too_many_crashes=too_many, ended_itself=ended) if fresh else ()
        became_ready = folded.phase is Phase.RUNNING and seen.ready_since not in (None, row.ready_at)
        dirty = (
            folded.phase != row.phase
            or (folded.problem or None) != (Problem(row.problem) if row.problem else None)
            or crashes != memory
            or became_ready
            or (fresh and self._saves.has_news(row, seen))
        )
        return _Look(wanted, seen, folded, crashes, crashed, actions, dirty)

    async def _last_words(self, server: str, look: _Look) -> str | None:
        """The log of a crash, or of a start that is given up; else None. Fetched before the pod goes; empty where it
        cannot be had."""
        if not look.needs_words:
            return None
        try:
            text = await self._cluster.logs(server, lines=40, previous=look.crashed > 0)
        except ClusterError:
            return ""
        return plain(text).encode(errors="replace")[-LOG_KEPT:].decode(errors="ignore")

    async def _write(self, session: AsyncSession, row: ServerRow, look: _Look, crash_log: str) -> None:
        now, seen = self._desk.now(), look.seen
        row.crash_uid, row.crash_seen = look.crashes.uid, look.crashes.seen
        row.crash_count, row.crash_ever_ready = look.crashes.count, look.crashes.ever_ready
        problem = look.folded.problem
        if (problem or None) != (Problem(row.problem) if row.problem else None):
            row.problem, row.problem_since = problem, now if problem else None
            refused = self._refused.get(row.id) or self._jobs_refused.get(row.id)
            detail = plain(seen.detail or (refused.detail if refused else ""))[:500]
            row.problem_detail = detail if problem else ""
            self._record(session, row, EventKind.PROBLEM, {"problem": problem, "detail": detail})
        if look.crashed:
            row.crash_log = crash_log
            await self._tell_crash(session, row, look)
        elif look.fails_to_start and crash_log:
            row.crash_log = crash_log
        if look.folded.phase != row.phase:
            before, row.phase, row.phase_since = row.phase, look.folded.phase, now
            if before == Phase.RUNNING:
                await self._left_running(session, row)
            self._record(session, row, EventKind.PHASE, {"from": before, "to": row.phase})
        if row.phase == Phase.RUNNING and seen.ready_since is not None and seen.ready_since != row.ready_at:
            first, row.ready_at, row.start_by = row.ready_at is None, seen.ready_since, None
            if first:
                await self._tell_ready(session, row)
        if row.phase == Phase.DELETED:
            for port in await self._ports(session, row.id):
                await session.delete(port)
            self._record(session, row, EventKind.PURGED, {})
            await outbox.say(session, row, NoticeKind.DELETED, {"state": "purged"}, now, only_if_open=True)
        if self._desk.live.stale_since is None:
            await self._saves.fold(session, row, seen)
        for action in look.actions:
            match action:
                case Give(because):
                    await self._give_up(session, row, because, look)
                case Archive():
                    self._saves.archive(session, row)
                case Lost():
                    await self._saves.lost(session, row)
        if look.releases:
            row.purge_at = None  # committed before anything is removed: from here on nothing brings it back
        row.changed_at = now
        session.add(row)

    async def _left_running(self, session: AsyncSession, row: ServerRow) -> None:
        """A game that was up and is not any more has as long to come back as it had to come up."""
        now, game = self._desk.now(), self._desk.game(row)
        await recall(session, row, now, {"state": "ended"})
        if row.desired == Desired.RUNNING and row.start_by is None:
            row.start_by = now + (start_within(game) if game else START_WITHIN)

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
        data = self._trouble(row, look)
        kept = {key: data[key] for key in ("code", "reason", "count", "log")}
        self._record(session, row, EventKind.CRASHED, kept)
        await outbox.say(session, row, NoticeKind.CRASHED, data, self._desk.now(), episode=row.run)

    async def _give_up(self, session: AsyncSession, row: ServerRow, because: Because, look: _Look) -> None:
        now, data = self._desk.now(), self._trouble(row, look)
        await stop(self._desk, session, row, because=because, by=None)
        if because is Because.CRASHES:
            await outbox.say(session, row, NoticeKind.CRASHED, {"gave_up": True}, now, episode=row.run)
        elif because is Because.START_FAILED:
            await outbox.say(session, row, NoticeKind.START_FAILED, data, now, episode=row.run)

    def _trouble(self, row: ServerRow, look: _Look) -> dict[str, Any]:
        """What a notice tells of it; kept, because the pod that says so now is about to go."""
        return self._desk.trouble(row, look.folded.problem).data() | {"log": row.crash_log[-1500:]}

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
            case Release(volume):
                await self._cluster.release_volume(row.id, volume)
            case Seal():
                self._jobs.touch(row.id)

    async def _job(self, server: str) -> None:
        """Seal a volume, if that is still what is wanted."""
        async with self._desk.database.session() as session:
            row = await self._desk.load(session, server)
            if row is None:
                return
            look = self._look(row, (await self._desk.around(session, row)).ports)
        seal = next((action for action in look.actions if isinstance(action, Seal)), None)
        if seal is not None:
            sealed = await self._cluster.seal(server, seal.volume)
            await self._saves.sealed(server, seal.volume, row.run, sealed)
        self._jobs_refused.pop(server, None)
        self.wake(server)

    def _job_failed(self, server: str, wrong: Exception, times: int) -> None:
        self.work.failures += 1
        refused = wrong if isinstance(wrong, ClusterError) else ClusterError(type(wrong).__name__)
        self._jobs_refused[server] = refused
        log.warning("not sealed", server=server, detail=refused.detail, times=times)
        self.wake(server)

    def _seconds_until_next(self, look: _Look) -> float | None:
        """Until time alone may change what a look says."""
        now = self._desk.now()
        moments = [at for at in (wake_at(look.wanted, now),) if at is not None]
        if look.crashes.count and look.seen.pod is PodPhase.READY and look.seen.ready_since is not None:
            moments.append(look.seen.ready_since + self._desk.host.healthy_after)
        at = min((at for at in moments if at > now - timedelta(seconds=1)), default=None)
        return None if at is None else max(0.0, (at - now).total_seconds()) + 0.01


def plain(text: str) -> str:
    """What a game printed, without the controls that no database and no message takes."""
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs"))
