"""What the faces show: a server, or a notice, with everything already decided. Rendering needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.cluster.port import Progress
from core.games.catalogue import Game
from core.words import Because, Desired, NoticeKind, Phase, Problem, Step


@dataclass(frozen=True, slots=True)
class IdleView:
    """The idle story of a running server. Durations are seconds; `after` 0 means it never pauses by itself."""

    after: int
    warn: int
    own: bool = False  # set for this server, not by guild or host
    empty_since: datetime | None = None
    pause_at: datetime | None = None
    warned: bool = False  # a warning is open
    keep_until: datetime | None = None
    unknown_since: datetime | None = None
    warning_dead: bool = False  # the last warning could not be delivered anywhere


@dataclass(frozen=True, slots=True)
class ServerView:
    """One server as it is at `at`."""

    id: str
    guild: int
    name: str
    description: str
    owner: int
    owner_name: str
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
    ready_at: datetime | None
    saved_at: datetime | None
    saved_bytes: int | None
    crash_count: int
    crash_log: str
    last_exit_code: int | None
    purge_at: datetime | None  # until when a deleted server can be brought back
    fresh: bool  # False: the cluster is away, what is shown is the last that was known
    channel: int  # where it was created
    at: datetime
    version: int
    saved_new: int | None = None  # bytes that the last snapshot added; None: there is no receipt
    volume: int = 1
    good: bool = False  # there is a snapshot of a time without crashes
    can_undo: bool = False  # the last restore can be undone
    progress: Progress | None = None  # of `step`


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice to be rendered now. `data` is what was true when it was written, `server` what is true now.

    `data` by kind (all optional, unix seconds for times):
    IDLE: state = warned | kept | joined | paused | resumed | ended, last_players: [names], empty_since, pause_at,
    by (user id), keep_until, after (seconds empty before the pause), names (who joined).
    PAUSED: because, by; state = paused | resumed. READY: took (seconds), by. CRASHED: code, reason, count, gave_up,
    log (last lines). START_FAILED: problem, detail_step, log. DELETED: by, purge_at; state = deleted | undone.
    UNKNOWN: since. WELCOME: nothing. RESTORED: state = restoring | restored | lost | found; volume, by, to (when the
    world was so).
    """

    number: int  # the component id of the message's container
    kind: NoticeKind
    guild: int
    language: str
    server: ServerView | None
    data: dict[str, Any] = field(default_factory=dict)
