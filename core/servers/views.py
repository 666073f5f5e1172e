"""What the faces show: a server, or a notice, with everything already decided. Rendering needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from core.cluster.port import Progress
from core.games.catalogue import Game, Size
from core.words import Because, Desired, Lack, NoticeKind, Phase, Problem, Step


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
class Trouble:
    """Why a server is not up, with all the values that its words need; None where one is not known."""

    problem: Problem | None = None
    lacks: Lack | None = None
    step: Step | None = None  # how far it got
    step_took: float | None = None  # seconds, by now
    code: int | None = None  # of the last exit; 128 + n for signal n
    reason: str = ""
    count: int = 0  # of crashes since it was healthy
    most: int | None = None  # with so many it is given up
    ever_ready: bool | None = None  # whether this run was up before it crashed
    memory: int | None = None  # MiB that its size may use
    more_memory: bool | None = None  # whether the game comes in a size with more
    cpu: int | None = None  # millicores that its size needs

    def data(self) -> dict[str, Any]:
        """As a notice carries it."""
        return asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Trouble:
        """From a notice's data, as far as it has it: it may be from an older version."""
        known = {each.name: data[each.name] for each in fields(cls) if data.get(each.name) is not None}
        for name, words in (("problem", Problem), ("lacks", Lack), ("step", Step)):
            known |= {name: words(known[name]) if known[name] in list(words) else None} if name in known else {}
        return cls(**known)


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
    start_by: datetime | None  # a start that takes longer is given up
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
    saved_new: int | None = None  # bytes that the last snapshot added; None: there is no receipt
    volume: int = 1
    good: bool = False  # there is a snapshot of a time without crashes
    can_undo: bool = False  # the last restore can be undone
    progress: Progress | None = None  # of `step`

    @property
    def sized(self) -> Size | None:
        """What its size means; None where the game does not come in it any more."""
        return next((size for size in self.game.sizes if size.id == self.size), None) if self.game else None


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice to be rendered now. `data` is what was true when it was written, `server` what is true now.

    `data` by kind (all optional, unix seconds for times):
    IDLE: state = warned | kept | joined | paused | resumed | ended, last_players: [names], empty_since, pause_at,
    by (user id), keep_until, after (seconds empty before the pause), names (who joined).
    PAUSED: because, by; state = paused | resumed. READY: took (seconds), by. CRASHED: gave_up, log (last lines), and
    what a `Trouble` has. START_FAILED: log, and what a `Trouble` has. DELETED: by, purge_at; state = deleted | undone.
    UNKNOWN: since. WELCOME: nothing. RESTORED: state = restoring | lost; back, volume, by, to (when the
    world was so). STORAGE: fill (core.guilds.storage.Fill), used, limit; without a server it is the guild's, with
    largest: [[name, bytes]]. ALARM: what cogs.alarms says.
    """

    number: int  # the component id of the message's container
    kind: NoticeKind
    guild: int
    language: str
    server: ServerView | None
    data: dict[str, Any] = field(default_factory=dict)
