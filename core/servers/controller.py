"""The loop: fold what is observed into the row, plan, and carry the plan out. Level-triggered and idempotent.

One server's trouble never delays another's: each has its own place in the queue and its own growing, jittered retry;
at most `workers` are worked on at once, and one server never twice at the same time.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import trace
from core.clock import happened, is_ahead
from core.cluster.port import Changed, Cluster, Listed, News, Observed, Stale
from core.data.tables import EventRow, GuildRow, PortRow, ServerRow
from core.errors import ClusterError
from core.lane import Lane
from core.notices import outbox
from core.notices.kinds.events import Crashed, Paused, PhaseChanged, ProblemChanged, Purged
from core.notices.kinds.notices import ReadyNotice
from core.servers import played
from core.servers.crashes import Crashes, count, ended_by_itself
from core.servers.lifecycle import AWAY_AFTER, Folded, Wanted, fold
from core.servers.parts import ServerParts
from core.servers.plan import (
    Action,
    Apply,
    Archive,
    DeletePod,
    GiveUp,
    MovePorts,
    Release,
    Remove,
    ReplaceLostVolume,
    Seal,
    plan,
    wake_at,
)
from core.servers.ports import Pool, counts_on, move
from core.servers.redaction import black_out, readable
from core.servers.rows import RowContext
from core.servers.settled import is_settled, settle
from core.servers.transitions import start_within
from core.servers.world_fold import WorldFold
from core.words import Because, Desired, Lack, Phase, PodPhase, Problem
from core.worlds.turns import Turns

log = structlog.get_logger()
LOG_KEPT = 4096  # bytes of the crashed run's log that stay with the server
LOG_TOLD = 1500  # characters of it that go into an event and a notice
MOST_MOVES = 3  # of one start: where that does not help, the ports are not what is wrong
NO_PORT_AGAIN = 10.0  # seconds between looks for a free port where there is none
JOBS = 2  # worlds whose seal begins at once; how many are sealed, their turns say
PAGE = 100  # servers that are looked at in one go: the event loop is held for milliseconds only
_PAGE = (
    select(ServerRow, GuildRow)
    .outerjoin(GuildRow, col(GuildRow.id) == ServerRow.guild)
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
        decisions = GiveUp | Archive | ReplaceLostVolume | MovePorts
        return any(isinstance(action, decisions) for action in self.actions) or self.releases

    @property
    def moves(self) -> tuple[str, ...]:
        """Names of the ports that are to be exchanged for others."""
        return next((action.ports for action in self.actions if isinstance(action, MovePorts)), ())

    def stays(self) -> _Look:
        """The same, where there is no other port."""
        return replace(self, actions=tuple(action for action in self.actions if not isinstance(action, MovePorts)))

    @property
    def fails_to_start(self) -> bool:
        return GiveUp(Because.START_FAILED) in self.actions

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

    def __init__(
        self, parts: ServerParts, cluster: Cluster, world: WorldFold, turns: Turns, *, workers: int = 16
    ) -> None:
        self._database = parts.database
        self._changes = parts.changes
        self._rules = parts.rules
        self._rows = parts.rows
        self._views = parts.views
        self._projections = parts.projections
        self._transitions = parts.transitions
        self._events = parts.events
        self._observed = parts.observed
        self._now = parts.now
        self._cluster = cluster
        self._pool = Pool(parts.rules.ports)
        self._lane = Lane(self._work, at_once=workers, failed=self._failed)
        self._refused: dict[str, ClusterError] = {}  # what the cluster last said no to, until it does it
        self._world = world
        self._turns = turns
        self._jobs = Lane(self._job, at_once=JOBS, failed=self._job_failed)
        self._jobs_refused: dict[str, ClusterError] = {}
        self._looking = False
        self.work = Work(self._lane)

    @property
    def waiting(self) -> int:
        """Servers that are to be looked at, now or later."""
        return len(self._lane)

    @property
    def busy(self) -> bool:
        """Whether more servers changed than are looked at at once."""
        return self._lane.full

    def wake(self, server: str) -> None:
        """Look at this server now: somebody asked for something, or the cluster reported something."""
        if server:
            self._lane.touch(server, force=True)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.watch(), name="watch")
            group.create_task(self.act(), name="act")

    async def act(self) -> None:
        """Carry out what is wanted. One process at a time does this; two at once for a moment do no harm."""
        if self._observed.stale_since is None and not self._looking:
            # Taken over from another process: who knows where it stopped?
            await self._look_at_all()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._jobs.run(), name="jobs")
            group.create_task(self._lane.run(), name="lane")

    async def watch(self) -> None:
        """Keep what the cluster reports. Every process does this, because every process shows it."""
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
        match news:
            case Listed(observed):
                if self._observed.stale_since is not None:
                    away = (self._now() - self._observed.stale_since).total_seconds()
                    log.info("cluster seen", servers=len(observed), unseen_for=round(away, 1))
                self._observed.listed(observed)
                await self._look_at_all()
            case Changed(observed):
                if self._observed.changed(observed, self._now()):
                    self._changes.tell(observed.server, by=self)
                self.wake(observed.server)
            case Stale(why):
                if self._observed.stale_since is None:
                    log.warning("cluster not seen", why=why)
                    self._observed.stale_since = self._now()
                    for server in await self._followed():
                        self._lane.touch(server, AWAY_AFTER.total_seconds() + random.uniform(0, 5))

    async def _followed(self) -> set[str]:
        async with self._database.session() as session:
            return set(await session.exec(select(ServerRow.id).where(col(ServerRow.phase) != Phase.DELETED)))

    async def _look_at_all(self) -> None:
        """Wake every server that needs something done, and every server whose look fails.

        A page of rows may be old when its servers are looked at: a row that changed since has woken its server.
        """
        self._looking, after = True, ""
        try:
            while rows := await self._page(after):
                for row, context in rows:
                    self._look_at(row, context)
                after = rows[-1][0].id
        finally:
            self._looking = False

    def _look_at(self, row: ServerRow, context: RowContext) -> None:
        try:
            look = self._look(row, context)
        except Exception:
            self.wake(row.id)  # there it fails by itself, and the failure is logged
            return
        if look.dirty or look.actions or row.id in self._refused:
            self.wake(row.id)
        elif (seconds := self._seconds_until_next(look)) is not None:
            self._lane.touch(row.id, seconds)

    async def _page(self, after: str) -> list[tuple[ServerRow, RowContext]]:
        """The next servers by id, with what a look needs besides."""
        wanted = {"after": after}
        async with self._database.session() as session:
            rows = list(await session.exec(_PAGE, params=wanted))
            if not rows:
                return []
            ports: dict[str, list[PortRow]] = {}
            for port in await session.exec(_PAGE_PORTS, params=wanted | {"last": rows[-1][0].id}):
                ports.setdefault(port.server, []).append(port)
        return [(row, RowContext(ports.get(row.id, []), guild, "")) for row, guild in rows]

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
        """Look at one server and act on what is seen. Returns the seconds after which to look again, or None.

        Safe to repeat at any time, and after dying on any line.
        """
        async with self._database.session() as session:
            row = await self._rows.load(session, server)
            if row is None or row.phase == Phase.DELETED:
                return None
            context = await self._rows.context(session, row)
            look = self._look(row, context)
            if look.dirty or look.actions:
                await self._continue_trace(session, server)
        ports = await self._other_ports(row, look, context)
        stuck = ports is not None and len(ports) < len(look.moves)
        if stuck:
            look = look.stays()
        if look.dirty or look.decides:
            try:
                saved = await self._save(server, await self._last_words(server, look), ports)
            except IntegrityError:
                if not ports:
                    raise
                return 0.0  # another server took one of these ports in this moment
            if saved is None:
                return None
            row, context, new = saved
            if new is None or new.decides:
                return 0.0  # first the decision stands, then the next look acts on it
            look = new
        for action in look.actions:
            await self._do(row, context, action)
        if self._refused.pop(server, None) is not None:
            return 0.0  # it was done after all: that is no problem any more
        again = self._seconds_until_next(look)
        return min(NO_PORT_AGAIN, again or NO_PORT_AGAIN) if stuck else again

    async def _save(
        self, server: str, crash_log: str | None, ports: list[int] | None
    ) -> tuple[ServerRow, RowContext, _Look | None] | None:
        """Look again while the row is locked, and write what the look says. None: the server is gone.

        The look is None where nothing was written, because it needs a `crash_log`, or other `ports` in place of those
        that something else uses, and that was not fetched yet. Where these ports are too few, it keeps its own."""
        async with self._database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is None:
                return None
            context = await self._rows.context(session, row)
            look = self._look(row, context)
            if (look.needs_words and crash_log is None) or (look.moves and ports is None):
                return row, context, None
            if len(ports or ()) < len(look.moves):
                look = look.stays()
            await self._write(session, row, look, crash_log or "", ports or [])
        self._changes.tell(server, by=self)
        return row, context, look

    async def _ports(self, session: AsyncSession, server: str) -> list[PortRow]:
        return list(await session.exec(select(PortRow).where(PortRow.server == server)))

    async def _other_ports(self, row: ServerRow, look: _Look, context: RowContext) -> list[int] | None:
        """Ports of the pool in place of those that something else uses; fewer where there are no more, or where the
        game's have to stand in a row. None: no other ones are needed."""
        if not look.moves:
            return None
        if (game := self._projections.game(row)) is not None and counts_on(game):
            return []
        async with self._database.session() as session:
            if await self._pool.moves_of(session, look.seen.server) >= MOST_MOVES:
                return []
            free = await self._pool.free(session)
        found = await self._cluster.listenable(free, len(look.moves))
        if len(found) < len(look.moves) and look.dirty:
            taken = sorted(port.port for port in context.ports if port.name in look.moves)
            log.error("no port for a server: something else uses its own", server=look.seen.server, ports=taken)
        return found

    async def _continue_trace(self, session: AsyncSession, server: str) -> None:
        latest = select(EventRow.trace).where(EventRow.server == server).order_by(col(EventRow.id).desc()).limit(1)
        trace.begin((await session.exec(latest)).first())

    def _look(self, row: ServerRow, context: RowContext) -> _Look:
        now = self._now()
        stale_since = self._observed.unseen_since(now)
        wanted, seen = self._projections.wanted(row, context), self._seen(row, now)
        memory = Crashes(row.crash_uid, row.crash_seen, row.crash_count, row.crash_ever_ready)
        fresh = stale_since is None
        current = fresh and seen.run == row.run
        crashes, crashed = count(memory, seen, now, healthy_after=self._rules.healthy_after) if current else (memory, 0)
        refused = self._refused.get(row.id) or self._jobs_refused.get(row.id)
        said = Problem(refused.problem or Problem.CANNOT_APPLY) if refused else None
        folded = fold(wanted, seen, now, stale_since=stale_since, refused=said)
        too_many = crashes.too_many and row.desired == Desired.RUNNING
        game = self._projections.game(row)
        ended = (
            current and game is not None and game.exit_zero == "pause" and seen.restarts > 0 and ended_by_itself(seen)
        )
        taken = self._taken(row, context, seen, refused)
        actions = plan(wanted, seen, now, too_many_crashes=too_many, ended_itself=ended, taken=taken) if fresh else ()
        became_ready = folded.phase is Phase.RUNNING and seen.ready_since not in (None, row.ready_at)
        dirty = (
            folded.phase != row.phase
            or (folded.problem or None) != (Problem(row.problem) if row.problem else None)
            or crashes != memory
            or became_ready
            or not is_settled(row, now)
            or (fresh and self._world.has_news(row, seen))
        )
        return _Look(wanted, seen, folded, crashes, crashed, actions, dirty)

    def _seen(self, row: ServerRow, now: datetime) -> Observed:
        """What is observed. A cluster whose clock is ahead of ours says that a game is ready since a time to come: that
        counts from when it was noted."""
        seen = self._observed.of(row.id)
        if seen.ready_since is None or not is_ahead(seen.ready_since, now):
            return seen
        noted = row.ready_at if row.phase == Phase.RUNNING and row.ready_at is not None else now
        return replace(seen, ready_since=happened(noted, now))

    def _taken(
        self, row: ServerRow, context: RowContext, seen: Observed, refused: ClusterError | None
    ) -> tuple[str, ...]:
        """Which of the ports that it has now something else uses, by name."""
        if refused is not None and refused.taken:
            return refused.taken
        if seen.run != row.run:
            return ()
        return tuple(port.name for port in context.ports) if seen.lacks is Lack.PORT else seen.taken

    async def _last_words(self, server: str, look: _Look) -> str | None:
        """The log of a crash, or of a start that is given up; None for other looks. It is fetched before the pod goes,
        and is empty where the cluster does not give it."""
        if not look.needs_words:
            return None
        try:
            text = await self._cluster.logs(server, lines=40, previous=look.crashed > 0)
        except ClusterError:
            return ""
        return readable(text).encode(errors="replace")[-LOG_KEPT:].decode(errors="ignore")

    async def _write(
        self, session: AsyncSession, row: ServerRow, look: _Look, crash_log: str, ports: list[int]
    ) -> None:
        now, seen = self._now(), look.seen
        settle(row, now)
        row.crash_uid, row.crash_seen = look.crashes.uid, look.crashes.seen
        row.crash_count, row.crash_ever_ready = look.crashes.count, look.crashes.ever_ready
        problem = None if look.moves else look.folded.problem
        if (problem or None) != (Problem(row.problem) if row.problem else None):
            row.problem, row.problem_since = problem, now if problem else None
            refused = self._refused.get(row.id) or self._jobs_refused.get(row.id)
            detail = readable(seen.detail or (refused.detail if refused else ""))[:500]
            row.problem_detail = detail if problem else ""
            if problem is None:
                log.info("problem is over", server=row.id)
            else:
                log.warning("problem", server=row.id, problem=problem, detail=detail)
            node, since = (seen.away.node, seen.away.since) if seen.away else ("", None)
            await self._events.tell(session, row, ProblemChanged(problem, detail, node, since))
        crash_log = black_out(crash_log, self._projections.secrets(row)) if crash_log else ""
        if look.crashed:
            row.crash_log = crash_log
            trouble = self._views.trouble(row, problem)
            await self._events.tell(session, row, Crashed(trouble, row.crash_log[-LOG_TOLD:]))
        elif look.fails_to_start and crash_log:
            row.crash_log = crash_log
        if look.folded.phase != row.phase:
            before, row.phase, row.phase_since = Phase(row.phase), look.folded.phase, now
            if before is Phase.RUNNING and row.desired == Desired.RUNNING and row.start_by is None:
                # A game that was up has as much time to come up again as at a start.
                row.start_by = now + start_within(self._projections.game(row))
            if row.phase == Phase.ARCHIVED:
                row.bound = 0  # the volume is released
            await self._events.tell(session, row, PhaseChanged(before, look.folded.phase))
        if row.phase == Phase.RUNNING and seen.ready_since is not None and seen.ready_since != row.ready_at:
            first, row.ready_at, row.start_by = row.ready_at is None, seen.ready_since, None
            if first:
                await self._tell_ready(session, row)
        if row.phase == Phase.DELETED:
            for port in await self._ports(session, row.id):
                await session.delete(port)
            await played.forget(session, row.id)
            await self._events.tell(session, row, Purged())
        if self._observed.stale_since is None:
            await self._world.fold(session, row, seen)
        for action in look.actions:
            match action:
                case GiveUp(because):
                    await self._give_up(session, row, because, look)
                case Archive():
                    await self._world.archive(session, row)
                case ReplaceLostVolume():
                    await self._world.replace_lost(session, row)
                case MovePorts(names):
                    await self._move_ports(session, row, look, names, ports)
        if look.releases:
            row.purge_at = None  # committed before anything is removed: from here on nothing brings it back
        row.changed_at = now
        session.add(row)

    async def _tell_ready(self, session: AsyncSession, row: ServerRow) -> None:
        now = self._now()
        took = round((now - row.started_at).total_seconds(), 1) if row.started_at else None
        await outbox.say(session, row, ReadyNotice(took), now, episode=row.run)

    async def _give_up(self, session: AsyncSession, row: ServerRow, because: Because, look: _Look) -> None:
        event = Paused(because)
        if because in (Because.CRASHES, Because.START_FAILED):
            # It is written down, because the pod that tells it now is about to go.
            trouble = self._views.trouble(row, look.folded.problem)
            event = Paused(because, trouble=trouble, log=row.crash_log[-LOG_TOLD:])
        await self._transitions.stop(session, row, event)

    async def _move_ports(
        self, session: AsyncSession, row: ServerRow, look: _Look, names: tuple[str, ...], ports: list[int]
    ) -> None:
        """A pod that has not come up with the old ones is replaced. Members are told where it is now."""
        game = self._projections.game(row)
        public = {port.name for port in game.ports if port.public} if game else set()
        held = [port for port in await self._ports(session, row.id) if port.name in public]
        moved = move([port for port in held if port.name in names], ports)
        self._refused.pop(row.id, None)
        if look.seen.pod is not PodPhase.READY:
            row.run += 1
        await self._events.tell(session, row, moved)
        log.warning("ports moved", server=row.id, names=moved.ports, taken=moved.before, now=moved.after)

    async def _do(self, row: ServerRow, context: RowContext, action: Action) -> None:
        match action:
            case Apply(replicas):
                spec = self._projections.spec(row, context, replicas=replicas, trace=trace.current())
                if spec is None and not replicas and not self._observed.of(row.id).replicas:
                    return  # only its address would be given back
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
        if (row := await self._to_seal(server)) is not None:
            self._jobs.leave(server)
            async with self._turns.of(row.guild, patient=True):
                if (row := await self._to_seal(server)) is not None:  # it may have been resumed meanwhile
                    sealed = await self._cluster.seal(server, row.volume)
                    await self._world.sealed(server, row.volume, row.run, sealed)
        self._jobs_refused.pop(server, None)
        self.wake(server)

    async def _to_seal(self, server: str) -> ServerRow | None:
        """None where its volume is not to be sealed now."""
        async with self._database.session() as session:
            row = await self._rows.load(session, server)
            if row is None:
                return None
            look = self._look(row, await self._rows.context(session, row))
        return row if Seal(row.volume) in look.actions else None

    def _job_failed(self, server: str, wrong: Exception, times: int) -> None:
        self.work.failures += 1
        refused = wrong if isinstance(wrong, ClusterError) else ClusterError(type(wrong).__name__)
        self._jobs_refused[server] = refused
        log.warning("not sealed", server=server, detail=refused.detail, times=times)
        self.wake(server)

    def _seconds_until_next(self, look: _Look) -> float | None:
        """Until a look may say something else although nothing happened."""
        now = self._now()
        moments = [at for at in (wake_at(look.wanted, now),) if at is not None]
        if (unseen := self._observed.unseen_since(now)) is not None:
            moments.append(unseen + AWAY_AFTER)
        if look.crashes.count and look.seen.pod is PodPhase.READY and look.seen.ready_since is not None:
            moments.append(look.seen.ready_since + self._rules.healthy_after)
        at = min((at for at in moments if at > now - timedelta(seconds=1)), default=None)
        return None if at is None else max(0.0, (at - now).total_seconds()) + 0.01
