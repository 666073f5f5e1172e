"""Pure: how long a server ran, how often it paused, and what idleness did not use, from its events.

Each event says how much memory is in force from then on (core.servers.usage). A server **sleeps** from a pause that
nobody asked for (nobody played, or its schedule said so) until somebody or something starts it, deletes it or puts it
into the archive. While it sleeps and holds no memory, it does not use what it held last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.words import Because, EventKind

BY_ITSELF = (Because.IDLE, Because.SCHEDULE)
_ENDS_SLEEP = (
    EventKind.RESUMED,
    EventKind.RESTARTED,
    EventKind.DELETED,
    EventKind.UNDELETED,
    EventKind.ARCHIVE_ASKED,
    EventKind.PURGED,
)
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Fact:
    """What of an event counts here. `memory` in MiB, in force from then on. `because`: of a pause."""

    at: datetime
    kind: str
    memory: int
    because: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """`not_used` in MiB times seconds. `sleeps`: when it slept, oldest first."""

    ran: timedelta = _NOTHING
    slept: timedelta = _NOTHING
    not_used: int = 0
    pauses: int = 0
    pauses_by_itself: int = 0
    sleeps: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def gib_hours(self) -> float:
        return self.not_used / 1024 / 3600


def saved(facts: Iterable[Fact], since: datetime, until: datetime) -> Saved:
    """`facts` in order; those before `since` tell how it was then."""
    asleep, memory, held = False, 0, 0
    ran = slept = _NOTHING
    not_used = pauses = by_itself = 0
    sleeps: list[tuple[datetime, datetime]] = []
    at = since
    for fact in [*facts, Fact(until, "", 0)]:
        to = min(max(fact.at, since), until)
        if to > at:
            if memory:
                ran += to - at
            elif asleep and held:
                slept += to - at
                not_used += int(held * (to - at).total_seconds())
                _extend(sleeps, at, to)
            at = to
        memory, held = fact.memory, fact.memory or held
        if fact.kind == EventKind.PAUSED:
            asleep = fact.because in BY_ITSELF
            if since <= fact.at < until:
                pauses, by_itself = pauses + 1, by_itself + asleep
        elif fact.kind in _ENDS_SLEEP:
            asleep = False
    return Saved(ran, slept, not_used, pauses, by_itself, tuple(sleeps))


def of_all(each: Iterable[Saved]) -> Saved:
    """Of several servers together; when they slept is each one's own."""
    all_of = list(each)
    return Saved(
        sum((one.ran for one in all_of), _NOTHING),
        sum((one.slept for one in all_of), _NOTHING),
        sum(one.not_used for one in all_of),
        sum(one.pauses for one in all_of),
        sum(one.pauses_by_itself for one in all_of),
    )


def _extend(sleeps: list[tuple[datetime, datetime]], begin: datetime, end: datetime) -> None:
    if sleeps and sleeps[-1][1] == begin:
        sleeps[-1] = (sleeps[-1][0], end)
    else:
        sleeps.append((begin, end))
