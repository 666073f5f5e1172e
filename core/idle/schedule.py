"""Pure: a server's schedule. Entries with a time zone say what holds at a moment; core.idle.typed makes them from what
people type.

An entry repeats each week, by the clock on the wall. Where daylight saving makes that clock jump:

| wall time | when it happens |
|---|---|
| that does not exist (the clock is put forward over it) | at the moment the gap ends |
| that comes twice (the clock is put back) | once, the first time |

For the end of a window the same holds as for its beginning; one whose two ends fall together does not happen.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.words import ScheduleKind
from core.zones import zone_of

MOST_ENTRIES = 10
WEEK = tuple(range(7))
_HORIZON = timedelta(days=8)  # what repeats weekly shows all of itself in a week and an hour
DAY = 1440


@dataclass(frozen=True, slots=True)
class Entry:
    """`days`: weekdays on which it begins, Monday is 0. `at` and `until`: minutes after midnight, the second so many
    days `later`; a restart has no end. `firm`: sleep that waits for nobody."""

    kind: ScheduleKind
    days: tuple[int, ...]
    at: int
    later: int = 0
    until: int = 0
    firm: bool = False

    @property
    def mark(self) -> str:
        """8 hexadecimal digits that tell it from another."""
        return hashlib.sha256(_dumped(self).encode()).hexdigest()[:8]

    @property
    def lasts(self) -> bool:
        return self.kind is not ScheduleKind.RESTART


@dataclass(frozen=True, slots=True)
class Span:
    """From `begins` until just before `ends`. None: so long ago, or so far off, that it is always so."""

    begins: datetime | None
    ends: datetime | None

    def holds(self, now: datetime) -> bool:
        return (self.begins is None or self.begins <= now) and (self.ends is None or now < self.ends)


@dataclass(frozen=True, slots=True)
class State:
    """What a schedule says at `at`. `awake` holds now; `maintenance`, `firm` and `sleep` (which waits for players, and
    is none while `awake` holds) hold now or are the next to come.

    `since` and `until` are the last and the next moment at which what holds changes; `restart` is the newest moment of
    one, `next_awake` and `next_restart` those to come."""

    at: datetime
    awake: Span | None = None
    maintenance: Span | None = None
    firm: Span | None = None
    sleep: Span | None = None
    since: datetime | None = None
    until: datetime | None = None
    next_awake: datetime | None = None
    restart: datetime | None = None
    next_restart: datetime | None = None

    @property
    def in_maintenance(self) -> Span | None:
        return _now(self.maintenance, self.at)

    @property
    def firmly_asleep(self) -> Span | None:
        return _now(self.firm, self.at)

    @property
    def asleep(self) -> Span | None:
        """Firmly or not: until when nobody but its managers wakes it."""
        spans = [span for span in (_now(self.firm, self.at), _now(self.sleep, self.at)) if span is not None]
        return max(spans, key=lambda span: span.ends or datetime.max.replace(tzinfo=UTC), default=None)


class Timetable:
    """The entries of one server in their time zone."""

    def __init__(self, entries: Sequence[Entry], zone: str) -> None:
        self.entries = tuple(entries)
        self.zone = zone
        self._known: State | None = None

    def at(self, now: datetime) -> State:
        """Computed anew only when something may have changed."""
        known = self._known
        if known is None or now < known.at or now >= _good_until(known):
            known = self._known = state(self.entries, zone_of(self.zone), now)
        return known if known.at == now else _moved(known, now)


def state(entries: Iterable[Entry], zone: ZoneInfo, now: datetime) -> State:
    """What holds at `now`, and what is next."""
    entries = tuple(entries)
    if not entries:
        return State(now)

    def spans(kind: ScheduleKind, *, firm: bool = False) -> list[tuple[datetime, datetime]]:
        chosen = [entry for entry in entries if entry.kind is kind and entry.firm is firm]
        return _merged(found for entry in chosen for found in _occurrences(entry, zone, now))

    awake, maintenance = spans(ScheduleKind.AWAKE), spans(ScheduleKind.MAINTENANCE)
    soft, firm = spans(ScheduleKind.ASLEEP), spans(ScheduleKind.ASLEEP, firm=True)
    edges = [edge for each in (awake, maintenance, soft, firm) for span in each for edge in span]
    restarts = [
        begins
        for entry in entries
        if entry.kind is ScheduleKind.RESTART
        for begins, _ in _occurrences(entry, zone, now)
    ]
    current = _next(awake, now)
    near = [edge for edge in edges if now - _HORIZON < edge < now + _HORIZON]
    return State(
        at=now,
        awake=_now(current, now),
        maintenance=_next(maintenance, now),
        firm=_next(firm, now),
        sleep=_next(_without(soft, awake), now),
        since=max((edge for edge in near if edge <= now), default=None),
        until=min((edge for edge in near if edge > now), default=None),
        next_awake=min((begins for begins, _ in awake if begins > now), default=None),
        restart=max((each for each in restarts if each <= now), default=None),
        next_restart=min((each for each in restarts if each > now), default=None),
    )


def happens(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The moment at which the clock on the wall first shows so many minutes after midnight of this day, or more."""
    wall = datetime.combine(day, time(minutes // 60, minutes % 60))
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    moment = first.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # It does not exist: the clock jumps over it, somewhere between what the two offsets make of it.
    before, after = second.astimezone(UTC), moment
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


# as it is stored


def dump(entries: Iterable[Entry]) -> str:
    """As it is stored: an entry a line."""
    return "\n".join(_dumped(entry) for entry in entries)


def load(text: str) -> tuple[Entry, ...]:
    """Leaves out what only a newer version writes."""
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return tuple(_loaded(line) for line in found if line is not None)


@lru_cache(maxsize=4096)
def timetable(text: str, zone: str) -> Timetable:
    """Of what is stored."""
    return Timetable(load(text), zone)


# helpers


def _occurrences(entry: Entry, zone: ZoneInfo, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """A restart lasts no time."""
    today = now.astimezone(zone).date()
    for ahead in range(-16, 10):  # those that begin a horizon ago, and may last for a week, and so on
        day = today + timedelta(days=ahead)
        if day.weekday() not in entry.days:
            continue
        begins = happens(day, entry.at, zone)
        if not entry.lasts:
            yield begins, begins
            continue
        ends = happens(day + timedelta(days=entry.later), entry.until, zone)
        if begins < ends:
            yield begins, ends


def _merged(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """In order, none touching the next."""
    found: list[tuple[datetime, datetime]] = []
    for begins, ends in sorted(spans):
        if found and begins <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], ends)
        else:
            found.append((begins, ends))
    return found


def _without(
    spans: list[tuple[datetime, datetime]], others: list[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    left = []
    for begins, ends in spans:
        for other_begins, other_ends in others:
            if other_ends <= begins or ends <= other_begins:
                continue
            if begins < other_begins:
                left.append((begins, other_begins))
            begins = max(begins, other_ends)
        if begins < ends:
            left.append((begins, ends))
    return left


def _next(spans: list[tuple[datetime, datetime]], now: datetime) -> Span | None:
    """What holds now, or is the next to come."""
    for begins, ends in spans:
        if now < ends:
            early, late = begins <= now - _HORIZON, ends >= now + _HORIZON
            return Span(None if early else begins, None if late and begins <= now else ends)
    return None


def _now(span: Span | None, now: datetime) -> Span | None:
    return span if span is not None and span.holds(now) else None


def _good_until(known: State) -> datetime:
    """An hour at most: what is always so is seen from where one stands."""
    moments = (known.until, known.next_restart, known.at + timedelta(hours=1))
    return min(moment for moment in moments if moment is not None)


def _moved(known: State, now: datetime) -> State:
    return State(now, *(getattr(known, name) for name in State.__slots__[1:]))


_LINE = re.compile(
    r"(awake|asleep|firm|maintenance) ([0-6]{1,7}) (\d\d):(\d\d) \+([0-7]) (\d\d):(\d\d)"
    r"|(restart) ([0-6]{1,7}) (\d\d):(\d\d)"
)


def _dumped(entry: Entry) -> str:
    kind = "firm" if entry.firm else str(entry.kind)
    line = f"{kind} {''.join(map(str, entry.days))} {_clock(entry.at)}"
    return f"{line} +{entry.later} {_clock(entry.until)}" if entry.lasts else line


def _loaded(line: re.Match[str]) -> Entry:
    kind, days, hour, minute, later, end_hour, end_minute, restart, its_days, its_hour, its_minute = line.groups()
    if restart:
        return Entry(ScheduleKind.RESTART, tuple(map(int, its_days)), int(its_hour) * 60 + int(its_minute))
    return Entry(
        ScheduleKind.ASLEEP if kind == "firm" else ScheduleKind(kind),
        tuple(map(int, days)),
        int(hour) * 60 + int(minute),
        int(later),
        int(end_hour) * 60 + int(end_minute),
        firm=kind == "firm",
    )


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
