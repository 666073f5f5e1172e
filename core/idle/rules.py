"""Pure: from evidence to a decision. Unknown is never empty, and nobody is paused away.

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
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.words import Empty, Evidence, Occupied, Unknown

DELIVERY_PATIENCE = timedelta(minutes=15)
FRESH = timedelta(seconds=15)
STALE_SWEEPS = 3
STALE_AT_LEAST = timedelta(minutes=3)


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
    """What is kept of all evidence so far. `known_at` is the last answer that was not Unknown."""

    empty_since: datetime | None = None
    known_at: datetime | None = None
    unknown_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The server's side. `busy`: a restore, snapshot or console is under way."""

    running: bool
    ready_since: datetime | None
    problem: bool = False
    busy: bool = False
    keep_until: datetime | None = None
    awake_until: datetime | None = None
    warned_at: datetime | None = None
    delivered_at: datetime | None = None
    undeliverable: bool = False


class Do(StrEnum):
    HOLD = "hold"
    WARN = "warn"
    ASK_AGAIN = "ask_again"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Decision:
    """`row` of the table above; `recall` withdraws an open warning; `pause_at` is when the pause is due."""

    do: Do
    row: int
    recall: bool = False
    pause_at: datetime | None = None


def combine(query: Evidence, log: Evidence | None = None, voice: Evidence | None = None) -> Evidence:
    """Any sign of life is Occupied; else the query decides; else the log; else Unknown."""
    signs = [sign for sign in (query, log, voice) if isinstance(sign, Occupied)]
    if signs:
        names = tuple(dict.fromkeys(name for sign in signs for name in sign.names))
        return Occupied(names, max(sign.online for sign in signs))
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


def pause_at(policy: Policy, memory: Memory, facts: Facts, now: datetime) -> datetime | None:
    """When the server would pause if nothing happens; None while it would not.

    A warning's full time counts from its delivery; one that is not delivered yet would be delivered now.
    """
    if not policy.after or memory.empty_since is None or not facts.running or facts.ready_since is None:
        return None
    moments = [memory.empty_since + policy.after, facts.ready_since + policy.grace]
    moments += [moment for moment in (facts.keep_until, facts.awake_until) if moment is not None]
    if facts.warned_at is not None:
        given_up = facts.undeliverable or now - facts.warned_at >= DELIVERY_PATIENCE
        delivered = facts.delivered_at or (facts.warned_at if given_up else now)
        moments.append(delivered + policy.warn)
    return max(moments)


def decide(policy: Policy, memory: Memory, facts: Facts, now: datetime, stale: timedelta) -> Decision:
    """The table above. Does not change anything: warned_at and the rest are the caller's to write."""
    warned = facts.warned_at is not None
    if not policy.after or not facts.running or facts.ready_since is None or facts.problem or facts.busy:
        return Decision(Do.HOLD, 1, recall=warned)
    if memory.known_at is None or now - memory.known_at > stale:
        return Decision(Do.HOLD, 2)
    if memory.empty_since is None:
        return Decision(Do.HOLD, 3, recall=warned)
    unwarned = pause_at(policy, memory, replace(facts, warned_at=None, delivered_at=None), now)
    due = pause_at(policy, memory, facts, now)
    assert unwarned is not None and due is not None  # noqa: PT018 - both follow from the rows above
    if now < unwarned - policy.warn:
        return Decision(Do.HOLD, 4, recall=warned, pause_at=unwarned)
    if facts.warned_at is None:
        return Decision(Do.WARN, 5, pause_at=max(unwarned, now + policy.warn))
    if facts.delivered_at is None and not facts.undeliverable and now - facts.warned_at < DELIVERY_PATIENCE:
        return Decision(Do.HOLD, 6, pause_at=due)
    if now < due:
        return Decision(Do.HOLD, 7, pause_at=due)
    if now - memory.known_at > FRESH:
        return Decision(Do.ASK_AGAIN, 8, pause_at=due)
    return Decision(Do.PAUSE, 9, pause_at=due)
