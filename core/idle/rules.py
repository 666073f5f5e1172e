"""Pure: from evidence and a schedule to a decision. Unknown is never empty.

**Who wins**, the first that applies (`WHO_WINS`). What stays holds up every pause below it; of the pauses that are
left, the one that comes first is due. (A deleted server does not run, so it never gets here.)

| | | what it does |
|---|---|---|
| 1 | maintenance | pauses, whoever plays |
| 2 | a budget | (to come) |
| 3 | firm sleep | pauses, whoever plays |
| 4 | players | stay; 7 waits for them 30 min, 8 for ever |
| 5 | keep alive, an event of the guild's, voice, a vote | stay |
| 6 | always on, by its schedule | stays |
| 7 | sleep | pauses |
| 8 | idle | pauses |

Who was woken although it should sleep or is maintained stays until then (`Facts.awake_until`).

`decide` takes the first row that matches:

| | when | decision |
|---|---|---|
| 1 | off, not RUNNING, problem open, restore or snapshot or console under way | hold; recall an open warning |
| 2 | last known evidence missing or stale | hold: unknown |
| 3 | somebody plays | hold; recall |
| 4 | before `pause_at - warn` | hold; recall an open warning (keep alive) |
| 5 | not warned | warn; pause at max(`pause_at`, now + warn) |
| 6 | warning not delivered yet, under 15 min | hold |
| 7 | before `pause_at` | hold: warned |
| 8 | evidence older than 15 s | ask again; only a fresh Empty goes on |
| 9 | otherwise | pause |
| 10 | a restart is due, in place of 1 to 4: nobody plays, or it was put off long enough | restart |

Maintenance and firm sleep know no rows 2, 3, 6 and 8, and no problem holds them up. Neither does sleep that has waited
for its players long enough, but for problems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from core.idle.schedule import Span, State
from core.words import Empty, Evidence, Occupied, Reason, Unknown

DELIVERY_PATIENCE = timedelta(minutes=15)
FRESH = timedelta(seconds=15)
STALE_SWEEPS = 3
STALE_AT_LEAST = timedelta(minutes=3)
SLEEP_WAITS = timedelta(minutes=30)
RESTART_WAITS = timedelta(hours=2)
VOTE_KEEPS = timedelta(hours=1)
UNCHANGED = timedelta(minutes=5)
"""The longest that `unchanged_until` promises."""
LAST_MINUTE = timedelta(seconds=60)
"""So long before a pause or a restart that meets players the game begins to tell them."""
FOREVER = datetime.max.replace(tzinfo=UTC)
WHATEVER_HAPPENS = frozenset({Reason.MAINTENANCE, Reason.FIRM_SLEEP})
"""What pauses for these reasons asks nobody."""
_SOMEBODY = 3  # the row of the table


def stale_after(sweep: timedelta) -> timedelta:
    """How old known evidence may be: 3 sweeps, at least 3 minutes."""
    return max(sweep * STALE_SWEEPS, STALE_AT_LEAST)


@dataclass(frozen=True, slots=True)
class Policy:
    """`after` zero means never."""

    after: timedelta
    warn: timedelta
    grace: timedelta


@dataclass(frozen=True, slots=True)
class Memory:
    """What is kept of all evidence so far. `known_at`: when the last answer came that was not Unknown."""

    empty_since: datetime | None = None
    known_at: datetime | None = None
    unknown_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The server's side. `busy`: a restore, snapshot or console is under way. `playing`: so many are in the game.
    `restart_by`: a restart is due, at this time at the latest."""

    running: bool
    ready_since: datetime | None
    problem: bool = False
    busy: bool = False
    playing: int = 0
    keep_until: datetime | None = None
    vote_until: datetime | None = None
    event: Span | None = None  # from before its start
    schedule: State | None = None
    awake_until: datetime | None = None
    restart_by: datetime | None = None
    warned_at: datetime | None = None
    delivered_at: datetime | None = None
    undeliverable: bool = False


class Act(StrEnum):
    HOLD = "hold"
    WARN = "warn"
    ASK_AGAIN = "ask_again"
    PAUSE = "pause"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Due:
    """A pause. `forced`: whoever plays."""

    reason: Reason
    at: datetime
    forced: bool = False

    @property
    def whatever_happens(self) -> bool:
        return self.reason in WHATEVER_HAPPENS


@dataclass(frozen=True, slots=True)
class Decision:
    """`row` of the table above; `recall` withdraws an open warning; `pause_at` is when the pause is due, `reason` why.
    `forced`: the pause or restart meets whoever plays."""

    act: Act
    row: int
    recall: bool = False
    pause_at: datetime | None = None
    reason: Reason | None = None
    forced: bool = False

    @property
    def somebody(self) -> bool:
        """It holds because somebody is there."""
        return self.row == _SOMEBODY


def pauses_after(policy: Policy) -> timedelta:
    """How long a server is empty before it pauses: at least as long as its warning stands. Zero: never."""
    return max(policy.after, policy.warn) if policy.after else policy.after


def combine(query: Evidence, log: Evidence | None = None, voice: Evidence | None = None) -> Evidence:
    """Any sign of life is Occupied; else a voice channel that cannot be looked into is Unknown; else the query decides;
    else the log; else Unknown."""
    signs = [sign for sign in (query, log, voice) if isinstance(sign, Occupied)]
    if signs:
        names = tuple(dict.fromkeys(name for sign in signs for name in sign.names))
        return Occupied(names, max(sign.online for sign in signs))
    if isinstance(voice, Unknown):
        return voice
    if isinstance(query, Empty):
        return query
    return log if isinstance(log, Empty) else query


def remember(memory: Memory, evidence: Evidence, at: datetime, stale: timedelta) -> Memory:
    """Occupied clears `empty_since`; Empty sets it if clear or after a gap; Unknown changes only `unknown_since`."""
    if isinstance(evidence, Unknown):
        return replace(memory, unknown_since=memory.unknown_since or at)
    if isinstance(evidence, Occupied):
        return Memory(empty_since=None, known_at=at)
    gap = memory.known_at is None or at - memory.known_at > stale
    since = at if memory.empty_since is None or gap else memory.empty_since
    return Memory(empty_since=since, known_at=at)


# who wins


@dataclass(frozen=True, slots=True)
class _Stays:
    until: datetime = FOREVER


@dataclass(frozen=True, slots=True)
class _Pauses:
    """Not after `ends`. `waits`: so long for players, None: for ever."""

    at: datetime
    ends: datetime | None = None
    waits: timedelta | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    policy: Policy
    memory: Memory
    facts: Facts
    now: datetime
    stale: timedelta

    @property
    def unknown(self) -> bool:
        return self.memory.known_at is None or self.now - self.memory.known_at > self.stale

    @property
    def somebody(self) -> bool:
        """Unknown is never empty."""
        return self.unknown or self.memory.empty_since is None

    @property
    def in_voice(self) -> bool:
        """Somebody is there, and nobody plays."""
        return not self.unknown and self.memory.empty_since is None and not self.facts.playing


def _maintenance(case: _Case) -> _Pauses | None:
    return _window(case, case.facts.schedule.maintenance if case.facts.schedule else None, timedelta(0))


def _firm(case: _Case) -> _Pauses | None:
    return _window(case, case.facts.schedule.firm if case.facts.schedule else None, timedelta(0))


def _players(case: _Case) -> _Stays | None:
    return _Stays() if case.memory.empty_since is None and not case.in_voice else None


def _kept(case: _Case) -> _Stays | None:
    return _until(case.facts.keep_until)


def _event(case: _Case) -> _Stays | None:
    """Also while a warning that would be given now would meet it."""
    event = case.facts.event
    if event is None or (event.begins is not None and case.now < event.begins - case.policy.warn):
        return None
    return _Stays(event.ends or FOREVER)


def _voice(case: _Case) -> _Stays | None:
    return _Stays() if case.in_voice else None


def _vote(case: _Case) -> _Stays | None:
    return _until(case.facts.vote_until)


def _awake(case: _Case) -> _Stays | None:
    awake = case.facts.schedule.awake if case.facts.schedule else None
    return None if awake is None else _Stays(awake.ends or FOREVER)


def _sleep(case: _Case) -> _Pauses | None:
    return _window(case, case.facts.schedule.sleep if case.facts.schedule else None, SLEEP_WAITS)


def _idle(case: _Case) -> _Pauses | None:
    policy, memory, facts = case.policy, case.memory, case.facts
    if not policy.after or memory.empty_since is None or facts.ready_since is None:
        return None
    return _Pauses(max(memory.empty_since + policy.after, facts.ready_since + policy.grace))


WHO_WINS: tuple[tuple[Reason, Callable[[_Case], _Stays | _Pauses | None]], ...] = (
    (Reason.MAINTENANCE, _maintenance),
    (Reason.FIRM_SLEEP, _firm),  # a budget comes before it
    (Reason.PLAYERS, _players),
    (Reason.KEEP, _kept),
    (Reason.EVENT, _event),
    (Reason.VOICE, _voice),
    (Reason.VOTE, _vote),
    (Reason.AWAKE, _awake),
    (Reason.SLEEP, _sleep),
    (Reason.IDLE, _idle),
)


@dataclass(frozen=True, slots=True)
class Hold:
    """What keeps a server on. `until` None: for as long as it is so."""

    reason: Reason
    until: datetime | None = None


def holds(
    policy: Policy, memory: Memory, facts: Facts, now: datetime, stale: timedelta = STALE_AT_LEAST
) -> tuple[Hold, ...]:
    """All that keeps a running server on now, in the order of `WHO_WINS`; nothing of a server that does not run."""
    if not facts.running or facts.ready_since is None:
        return ()
    case = _Case(policy, memory, facts, now, stale)
    stays = [(reason, found) for reason, ask in WHO_WINS if isinstance(found := ask(case), _Stays)]
    return tuple(
        Hold(reason, None if found.until == FOREVER else found.until) for reason, found in stays if found.until > now
    )


def due(policy: Policy, memory: Memory, facts: Facts, now: datetime, stale: timedelta = STALE_AT_LEAST) -> Due | None:
    """The pause that comes if nothing happens; None while none would.

    A warning's full time counts from its delivery; one that is not delivered yet would be delivered now. What happens
    whatever happens does not wait for a delivery.
    """
    if not facts.running or facts.ready_since is None:
        return None
    case, found = _Case(policy, memory, facts, now, stale), list[Due]()
    held = held_by_others = datetime.min.replace(tzinfo=UTC)
    for reason, ask in WHO_WINS:
        match ask(case):
            case _Stays(until):
                held = max(held, until)
                if reason is not Reason.PLAYERS:
                    held_by_others = max(held_by_others, until)
            case _Pauses(at, ends, waits):
                forced = waits is not None and case.somebody
                if waits is None or not forced:
                    at = max(at, held)
                elif held_by_others < FOREVER:
                    at = max(at, held_by_others) + waits
                else:
                    at = FOREVER
                if at < FOREVER and (ends is None or at < ends):
                    found.append(Due(reason, at, forced))
    free = [each for each in found if not _held_up(each, case)]
    first = min(free or found, key=lambda each: each.at, default=None)
    if first is None or facts.warned_at is None:
        return first
    given_up = facts.undeliverable or now - facts.warned_at >= DELIVERY_PATIENCE or first.whatever_happens
    delivered = facts.delivered_at or (facts.warned_at if given_up else now)
    return replace(first, at=max(first.at, delivered + policy.warn))


def _held_up(pause: Due, case: _Case) -> bool:
    """Row 1 or 2 holds it up: it hides no other that goes on."""
    if pause.whatever_happens:
        return False
    return case.facts.problem or case.facts.busy or (pause.reason is Reason.IDLE and case.unknown)


def unstoppable_at(facts: Facts, now: datetime) -> datetime | None:
    """When the next pause comes that nothing holds up; None where none is known."""
    case = _Case(Policy(timedelta(0), timedelta(0), timedelta(0)), Memory(), facts, now, STALE_AT_LEAST)
    pauses = [each for each in (_maintenance(case), _firm(case)) if each is not None]
    return min((each.at for each in pauses if each.ends is None or each.at < each.ends), default=None)


def unchanged_until(policy: Policy, memory: Memory, facts: Facts, now: datetime, stale: timedelta) -> datetime | None:
    """So long `decide` holds, and recalls nothing, where each look sees what the last one saw; None where that is not
    known: something else than idleness is at work."""
    if not facts.running or facts.ready_since is None or facts.problem or facts.busy or facts.warned_at is not None:
        return None
    if facts.keep_until or facts.vote_until or facts.event or facts.schedule or facts.awake_until or facts.restart_by:
        return None
    first = due(policy, memory, facts, now, stale) if memory.empty_since is not None else None
    until = now + UNCHANGED
    return until if first is None else min(until, first.at - policy.warn)


def pause_at(policy: Policy, memory: Memory, facts: Facts, now: datetime) -> datetime | None:
    """When `due` is."""
    first = due(policy, memory, facts, now)
    return first.at if first else None


def decide(policy: Policy, memory: Memory, facts: Facts, now: datetime, stale: timedelta) -> Decision:
    """The table above. The caller writes `warned_at` and the rest."""
    decision = _pause(policy, memory, facts, now, stale)
    if decision.act is not Act.HOLD or decision.row > 4 or facts.restart_by is None:
        return decision
    if not facts.running or facts.ready_since is None or facts.problem or facts.busy:
        return decision
    if now >= facts.restart_by - 2 * LAST_MINUTE:  # one to begin in, one to tell them
        return replace(decision, act=Act.RESTART, row=10, forced=True)
    if memory.known_at is None or now - memory.known_at > stale or memory.empty_since is None:
        return decision
    if now - memory.known_at > FRESH:
        return replace(decision, act=Act.ASK_AGAIN, row=8)
    return replace(decision, act=Act.RESTART, row=10)


def _pause(policy: Policy, memory: Memory, facts: Facts, now: datetime, stale: timedelta) -> Decision:
    warned = facts.warned_at is not None
    if not facts.running or facts.ready_since is None:
        return Decision(Act.HOLD, 1, recall=warned)
    first = replace(facts, warned_at=None, delivered_at=None) if warned else facts
    unwarned = due(policy, memory, first, now, stale)
    near = unwarned is not None and now >= unwarned.at - policy.warn
    if (facts.problem or facts.busy) and not (near and unwarned is not None and unwarned.whatever_happens):
        return Decision(Act.HOLD, 1, recall=warned)
    if unwarned is None or not near or not (unwarned.whatever_happens or unwarned.forced):
        if unwarned is None and not policy.after:
            return Decision(Act.HOLD, 1, recall=warned)
        if memory.known_at is None or now - memory.known_at > stale:
            return Decision(Act.HOLD, 2)
        if memory.empty_since is None:
            return Decision(Act.HOLD, _SOMEBODY, recall=warned)
        if unwarned is None or not near:
            return Decision(Act.HOLD, 4, recall=warned, pause_at=unwarned.at if unwarned else None)
    planned = due(policy, memory, facts, now, stale)
    assert planned is not None  # with a warning or without, something is due
    decided = Decision(Act.HOLD, 7, pause_at=planned.at, reason=planned.reason, forced=planned.forced)
    if facts.warned_at is None:
        return replace(decided, act=Act.WARN, row=5, pause_at=max(unwarned.at, now + policy.warn))
    patient = not facts.undeliverable and now - facts.warned_at < DELIVERY_PATIENCE
    if facts.delivered_at is None and patient and not planned.whatever_happens:
        return replace(decided, row=6)
    if now < planned.at:
        return decided
    if not planned.forced and not planned.whatever_happens and memory.known_at and now - memory.known_at > FRESH:
        return replace(decided, act=Act.ASK_AGAIN, row=8)
    return replace(decided, act=Act.PAUSE, row=9)


def _window(case: _Case, span: Span | None, waits: timedelta) -> _Pauses | None:
    if span is None:
        return None
    begins, woken = span.begins or case.now, case.facts.awake_until
    return _Pauses(begins if woken is None else max(begins, woken), span.ends, waits)


def _until(moment: datetime | None) -> _Stays | None:
    return _Stays(moment) if moment is not None else None
