"""What the faces show: a server, or a notice, with everything already decided. Rendering needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from core.authority import authority
from core.cluster.port import RestoreProgress
from core.data.tables import ServerRow
from core.games.form.game import Game
from core.games.form.placeholders import fill
from core.games.form.setting import Size
from core.idle.rules import Hold, due, holds, pauses_after
from core.idle.schedule import Entry, State
from core.notices.kinds.carried import Trouble
from core.notices.kinds.notices import Notice
from core.notices.names import last_lines, named
from core.servers import trouble
from core.servers.host_rules import HostRules
from core.servers.lifecycle import is_the_clusters_turn
from core.servers.observed import ObservedServers
from core.servers.projections import Projections, settings_of_run
from core.servers.rows import RowContext, ServerRows
from core.words import VOICE_GONE, Because, Desired, Phase, Problem, Reason, Step
from core.worlds.gaps import Gaps

SIZE = "/size"
"""Among what is pending; no setting has such an id."""


@dataclass(frozen=True, slots=True)
class IdleView:
    """When a running server pauses by itself. Durations are seconds; `after` 0: never for being empty."""

    after: int  # how long it is empty by then; at least `warn`
    warn: int
    own: bool = False  # set for this server, not by guild or host
    empty_since: datetime | None = None
    pause_at: datetime | None = None
    warned: bool = False  # a warning is open
    keep_until: datetime | None = None
    unknown_since: datetime | None = None
    warning_dead: bool = False  # the last warning could not be delivered anywhere
    voice: int | None = None  # the voice channel that keeps it on while somebody is there
    voice_gone: bool = False  # the one that it watched was deleted
    in_voice: bool = False  # somebody is there now
    voice_online: int = 0  # so many
    reason: Reason = Reason.IDLE  # why it pauses at `pause_at`
    vote: bool = False  # its warning asks whether to keep it open
    vote_until: datetime | None = None
    holds: tuple[Hold, ...] = ()  # all that keeps it on now, best first
    event: str = ""  # the occasion (core.idle.occasions) that holds or comes next; empty: none
    event_from: datetime | None = None  # it wakes the server then
    keep_by: int | None = None  # who promised that; None also where nobody is named
    vote_by: int | None = None
    event_by: int | None = None


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """`own_zone`: set for this server, not by the guild. `woken_until`: somebody who may woke it although it should
    sleep. `restart_by`: a restart is due, put off until then at most."""

    entries: tuple[Entry, ...]
    zone: str
    own_zone: bool
    state: State
    woken_until: datetime | None = None
    restart_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunView:
    """What this run was started with. `settings`: resolved values, secrets included."""

    size: str
    settings: dict[str, str]


@dataclass(frozen=True, slots=True)
class ServerView:
    """One server as it is at `at`. `size` and `settings` are what was chosen; while `run` is not None it runs with
    that, and takes what was chosen at its next start."""

    id: str
    guild: int
    name: str
    description: str
    owner: int
    game: Game | None  # None: the game is no longer in the catalogue
    game_name: str
    size: str
    settings: dict[str, str]  # resolved values; secrets included, so show those with care
    desired: Desired
    because: Because
    by: int | None  # user who asked for `desired`; None: Dormouse itself
    phase: Phase
    phase_since: datetime
    step: Step | None  # what a starting server is busy with
    step_since: datetime | None  # None: not known, as for a while after the bot itself was started
    problem: Problem | None
    problem_since: datetime | None
    address: str | None  # host:port of the first public port; None while it has none
    addresses: dict[str, str]  # by port name, public ports
    url: str | None  # address as a link, where the game has one
    players: tuple[str, ...]  # names; may be empty although players_online is not
    players_online: int
    players_max: int
    players_known: bool  # False: the game does not tell at the moment
    idle: IdleView
    started_at: datetime | None  # when this run was asked for
    start_by: datetime | None  # a start that takes longer is given up; None also while its time does not run
    ready_at: datetime | None
    saved_at: datetime | None
    saved_bytes: int | None
    trouble: Trouble  # while it does not come up, and what was the trouble once that was given up
    crash_log: str
    purge_at: datetime | None  # until when a deleted server can be brought back
    fresh: bool  # False: the cluster is away, what is shown is the last that was known
    channel: int  # where it was created
    at: datetime
    version: int
    saved_gaps: Gaps = field(default_factory=Gaps)  # what the newest snapshot lacks
    unsaved_since: datetime | None = None  # since then the world may have changed, and no later snapshot is known
    unsaved_why: Problem | None = None  # why the last try gave none; None: it is under way, or well
    saved_new: int | None = None  # bytes that the last snapshot added; None: there is no receipt
    volume: int = 1
    good: bool = False  # there is a snapshot of a time without crashes
    can_undo: bool = False  # the last restore can be undone
    progress: RestoreProgress | None = None  # of `step`
    schedule: ScheduleView | None = None
    owner_gone: bool = False  # the owner is no member here any more
    offered_to: int | None = None  # while that offer stands (core.servers.transfers)
    offered_until: datetime | None = None
    taken: tuple[int, ...] = ()  # ports that it had before this start, and that something else uses
    run: RunView | None = None  # None: what was chosen
    names_shown: bool = True  # False: the guild's admins want no player named (core.notices.names)

    @property
    def editable(self) -> dict[str, str]:
        """What people set, by the keys that `Editing.edit` takes."""
        return {"name": self.name, "description": self.description, **self.settings}

    @property
    def size_now(self) -> str:
        return self.run.size if self.run else self.size

    @property
    def settings_now(self) -> dict[str, str]:
        """Those that players meet."""
        return self.run.settings if self.run else self.settings

    @property
    def pending(self) -> tuple[str, ...]:
        """What its next start takes: ids of settings, and before these SIZE."""
        if self.run is None:
            return ()
        changed = [key for key, value in self.settings.items() if self.run.settings.get(key) != value]
        return (*([SIZE] if self.run.size != self.size else []), *changed)

    @property
    def sized(self) -> Size | None:
        """What its size means as it runs; None where the game is not in the catalogue any more."""
        return self.game.sized(self.size_now) if self.game else None


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice to be rendered now: `told` is what was true when it was written, `server` what is true now."""

    number: int  # the component id of the message's container
    guild: int
    language: str
    server: ServerView | None
    told: Notice


class ServerViews:
    """Makes a view of a row and of what the cluster reported last."""

    def __init__(
        self,
        rows: ServerRows,
        projections: Projections,
        observed: ObservedServers,
        rules: HostRules,
        now: Callable[[], datetime],
    ) -> None:
        self._rows = rows
        self._projections = projections
        self._observed = observed
        self._rules = rules
        self._now = now

    async def of(self, session: AsyncSession, row: ServerRow) -> ServerView:
        """Of the row as this transaction leaves it. Call it after the last change."""
        return (await self.all(session, [row]))[0]

    async def all(self, session: AsyncSession, rows: Sequence[ServerRow]) -> list[ServerView]:
        """As `of`, of many at the cost of one."""
        if session.dirty:
            await session.flush()  # they have their versions from here on
        contexts = [await self._rows.context(session, row) for row in rows]
        said = await trouble.said(session, rows)
        told = [said.get(row.id, trouble.NOTHING_SAID) for row in rows]
        return [
            self.make(row, context, each.trouble, taken=each.taken)
            for row, context, each in zip(rows, contexts, told, strict=True)
        ]

    def make(
        self, row: ServerRow, context: RowContext, told: Trouble | None = None, *, taken: tuple[int, ...] = ()
    ) -> ServerView:
        """Pure but for the clock. `told`: of a start that was given up. `taken`: ports that it had before."""
        now, seen = self._now(), self._observed.of(row.id)
        starting, running = row.phase == Phase.STARTING, row.phase == Phase.RUNNING
        game = self._projections.game(row)
        host = seen.address or self._rules.public_host
        public = [port.name for port in game.ports if port.public] if game else []
        given = {port.name: port.port for port in context.ports}
        addresses = {name: authority(host, given[name]) for name in public if host and name in given}
        if seen.by_name and game:
            addresses |= {port.name: host for port in game.ports if port.by_name and port.name in addresses}
        address = next((addresses[name] for name in public if name in addresses), None)
        problem = Problem(row.problem) if row.problem else None
        shown = context.guild is None or context.guild.player_names
        offered = row.offered_until is not None and now < row.offered_until
        return ServerView(
            id=row.id,
            guild=row.guild,
            name=row.name,
            description=row.description,
            owner=row.owner,
            game=game,
            game_name=game.name if game else row.game,
            size=row.size,
            settings=game.values(row.settings) if game else {},
            desired=Desired(row.desired),
            because=Because(row.because),
            by=row.by,
            phase=Phase(row.phase),
            phase_since=row.phase_since,
            step=seen.step if starting else None,
            progress=seen.progress if starting else None,
            step_since=self._step_since(row) if starting else None,
            problem=problem,
            problem_since=row.problem_since,
            address=address,
            addresses=addresses,
            url=fill(game.join.url, {"address": address}) if game and address and game.join.url else None,
            players=named(row.players if running else (), shown=shown),
            players_online=row.players_online if running else 0,
            players_max=row.players_max,
            players_known=running and row.known_at is not None and row.unknown_since is None,
            idle=self._idle(row, context, now, shown=shown),
            schedule=self._schedule(row, context, now),
            started_at=row.started_at,
            start_by=None if starting and is_the_clusters_turn(row.ready_at, seen) else row.start_by,
            ready_at=row.ready_at,
            saved_at=row.saved_at,
            saved_bytes=row.saved_bytes,
            saved_new=row.saved_new if row.saved_name else None,
            saved_gaps=Gaps.of(row.saved_gaps),
            unsaved_since=row.unsaved_since,
            unsaved_why=Problem(row.unsaved_why) if row.unsaved_why else None,
            volume=row.volume,
            good=row.good is not None,
            can_undo=row.undo_to is not None,
            trouble=told or self.trouble(row, problem),
            crash_log=last_lines(row.crash_log, shown=shown),
            purge_at=row.purge_at,
            fresh=self._observed.stale_since is None,
            channel=row.channel,
            at=now,
            version=row.version,
            owner_gone=row.owner_gone_since is not None,
            offered_to=row.offered_to if offered else None,
            offered_until=row.offered_until if offered else None,
            taken=taken,
            names_shown=shown,
            run=self._run(row),
        )

    def _run(self, row: ServerRow) -> RunView | None:
        game = self._projections.game(row)
        if row.desired != Desired.RUNNING or row.run_size is None or game is None:
            return None
        return RunView(row.run_size, game.values(settings_of_run(row)))

    def trouble(self, row: ServerRow, problem: Problem | None) -> Trouble:
        """Why the server is not up now."""
        since = self._step_since(row)
        took = max(0.0, (self._now() - since).total_seconds()) if since else None
        return trouble.seen_now(row, self._observed.of(row.id), self._projections.game(row), problem, took)

    def _idle(self, row: ServerRow, context: RowContext, now: datetime, *, shown: bool) -> IdleView:
        policy = self._projections.policy(row, context.guild)
        facts = self._projections.facts(row, context.guild, now)
        pause = due(policy, self._projections.memory(row), facts, now)
        return IdleView(
            after=int(pauses_after(policy).total_seconds()),
            warn=int(policy.warn.total_seconds()),
            own=row.idle_after is not None or row.idle_warn is not None,
            empty_since=row.empty_since if row.phase == Phase.RUNNING else None,
            pause_at=pause.at if pause else None,
            reason=pause.reason if pause else Reason.IDLE,
            warned=row.warned_at is not None,
            keep_until=row.keep_until,
            unknown_since=row.unknown_since,
            warning_dead=row.warning_dead,
            voice=row.idle_voice or None,
            voice_gone=row.idle_voice == VOICE_GONE,
            in_voice=bool(row.idle_voice) and _stays_on_for_nobody_in_the_game(row),
            voice_online=row.voice_online if row.idle_voice else 0,
            vote=row.idle_vote,
            vote_until=row.vote_until,
            holds=holds(policy, self._projections.memory(row), facts, now),
            event=row.occasion,
            event_from=row.occasion_from,
            keep_by=row.keep_by if shown else None,
            vote_by=row.vote_by if shown else None,
            event_by=row.occasion_by if shown else None,
        )

    def _schedule(self, row: ServerRow, context: RowContext, now: datetime) -> ScheduleView:
        table = self._projections.timetable(row, context.guild)
        return ScheduleView(
            entries=table.entries,
            zone=table.zone,
            own_zone=row.schedule_zone is not None,
            state=table.at(now),
            woken_until=row.awake_until,
            restart_by=row.restart_by,
        )

    def _step_since(self, row: ServerRow) -> datetime | None:
        """None also where the step that was seen belongs to an earlier run."""
        since = self._observed.steps.get(row.id)
        return since if since and (row.started_at is None or since >= row.started_at) else None


def _stays_on_for_nobody_in_the_game(row: ServerRow) -> bool:
    """The last evidence was that somebody is there, and nobody plays."""
    known = row.phase == Phase.RUNNING and row.known_at is not None and row.unknown_since is None
    return known and row.empty_since is None and not row.players_online
