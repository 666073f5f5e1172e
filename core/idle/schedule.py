"""Pure: a server's schedule. What people type becomes entries, and entries with a time zone say what holds at a moment.

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
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from core.errors import BadInput
from core.words import ScheduleKind

MOST_ENTRIES = 10
LONGEST_TYPED = 60
DEFAULT_ZONE = "UTC"
COMMON_ZONES = (
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Rome",
    "Europe/Warsaw",
    "Europe/Athens",
    "Europe/Helsinki",
    "Europe/Istanbul",
    "Europe/Moscow",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/Sao_Paulo",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
)
"""What a list of a few offers: most people find theirs among these."""
_WEEK = tuple(range(7))
_HORIZON = timedelta(days=8)  # what repeats weekly shows all of itself in a week and an hour
_DAY = 1440


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


def zone_of(name: str) -> ZoneInfo:
    """UTC for a name that no longer exists."""
    return ZoneInfo(name if name in _zones() else DEFAULT_ZONE)


def find_zone(typed: str) -> str:
    """The IANA name that is meant, whatever its case: `europe/berlin`, `Berlin`. BadInput where none or several are."""
    wanted = typed.strip().replace(" ", "_").casefold()
    for name in sorted(_zones()):
        if name.casefold() == wanted:
            return name
    cities = [name for name in sorted(_zones()) if name.casefold().rpartition("/")[2] == wanted and "/" in name]
    if len(cities) != 1:
        raise BadInput("schedule.zone", typed=typed.strip()[:LONGEST_TYPED])
    return cities[0]


def suggest_zones(typed: str, most: int) -> list[str]:
    """Names that have what was typed in them; those that are common first."""
    wanted = typed.strip().replace(" ", "_").casefold()
    names = [*COMMON_ZONES, *(name for name in sorted(_zones()) if name not in COMMON_ZONES)]
    return [name for name in names if wanted in name.casefold()][:most]


# what people type


def parse(kind: ScheduleKind, typed: str, *, firm: bool = False) -> Entry:
    """`Fri 18:00 to Sun 23:00`, `Mo-Fr 22 bis 6 Uhr`, `täglich 5:00`, `weekdays 6pm to 11pm`, `Sat, Sun`: in English or
    German, as one likes. BadInput with an example where it cannot be read."""
    refusal = BadInput(
        "schedule.when" if kind is not ScheduleKind.RESTART else "schedule.when_restart", typed=typed[:LONGEST_TYPED]
    )
    if len(typed) > LONGEST_TYPED:
        raise refusal
    try:
        reader = _Reader(_tokens(typed))
        entry = (
            reader.restart()
            if kind is ScheduleKind.RESTART
            else reader.window(kind, firm=firm and kind is ScheduleKind.ASLEEP)
        )
    except _Unreadable:
        raise refusal from None
    return entry


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


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


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


class _Unreadable(Exception):
    pass


_DAYS: dict[str, tuple[int, ...]] = {
    **{
        name: (number,)
        for number, names in enumerate(
            (
                "monday mon mo montag",
                "tuesday tue tues tu dienstag di",
                "wednesday wed we mittwoch mi",
                "thursday thu thur thurs th donnerstag do",
                "friday fri fr freitag",
                "saturday sat sa samstag sonnabend",
                "sunday sun su so sonntag",
            )
        )
        for name in names.split()
    },
    **dict.fromkeys(("mondays", "montags"), (0,)),
    **dict.fromkeys(("tuesdays", "dienstags"), (1,)),
    **dict.fromkeys(("wednesdays", "mittwochs"), (2,)),
    **dict.fromkeys(("thursdays", "donnerstags"), (3,)),
    **dict.fromkeys(("fridays", "freitags"), (4,)),
    **dict.fromkeys(("saturdays", "samstags", "sonnabends"), (5,)),
    **dict.fromkeys(("sundays", "sonntags"), (6,)),
    **dict.fromkeys(("daily", "day", "days", "everyday", "täglich", "taeglich", "tag", "immer", "always"), _WEEK),
    **dict.fromkeys(("weekday", "weekdays", "werktags", "werktag", "wochentags", "wochentag"), _WEEK[:5]),
    **dict.fromkeys(("weekend", "weekends", "wochenende", "wochenenden"), _WEEK[5:]),
}
_TO = {"to", "bis", "until", "till", "through", "-"}
_AND = {",", "and", "und", "&", "+"}
_NOTHING = {
    "at",
    "um",
    "uhr",
    "on",
    "am",
    "from",
    "von",
    "vom",
    "every",
    "each",
    "jeden",
    "jeder",
    "jede",
    "the",
    "den",
    "der",
    "zum",
    "ab",
}
_CLOCKS = {"noon": 12 * 60, "midday": 12 * 60, "mittags": 12 * 60, "midnight": 0, "mitternacht": 0}
_TOKEN = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?\s*(?P<half>[ap]\.?m\b\.?)?(?:\s*(?:uhr|h)\b)?"
    r"|(?P<word>[^\W\d_]+)\.?|(?P<sign>[-,&+])|(?P<space>\s+)"
)


def _tokens(typed: str) -> list[tuple[int, ...] | int | str]:
    """Days as tuples, times as minutes, and "to" or "and"."""
    text = re.sub("[\u2010-\u2015\u2212]", "-", typed.casefold()).strip()
    found: list[tuple[int, ...] | int | str] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise _Unreadable
        at = token.end()
        if token["hour"]:
            found.append(_minutes(int(token["hour"]), int(token["minute"] or 0), token["half"]))
        elif (said := token["word"] or token["sign"]) is not None:
            if said in _DAYS:
                found.append(_DAYS[said])
            elif said in _CLOCKS:
                found.append(_CLOCKS[said])
            elif said in _TO:
                found.append("to")
            elif said in _AND:
                found.append("and")
            elif said not in _NOTHING:
                raise _Unreadable
    return found


def _minutes(hour: int, minute: int, half: str | None) -> int:
    """24:00 is taken too, as an end."""
    if half:
        if not 1 <= hour <= 12:
            raise _Unreadable
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    if minute > 59 or hour * 60 + minute > _DAY:
        raise _Unreadable
    return hour * 60 + minute


class _Reader:
    def __init__(self, tokens: list[tuple[int, ...] | int | str]) -> None:
        self._left = tokens

    def restart(self) -> Entry:
        days = self._some_days()
        at = self._time()
        days = days or self._some_days()
        if self._left or at == _DAY:
            raise _Unreadable
        return Entry(ScheduleKind.RESTART, days or _WEEK, at)

    def window(self, kind: ScheduleKind, *, firm: bool) -> Entry:
        days = self._some_days()
        if days and not self._left:
            return Entry(kind, days, 0, 1, 0, firm)
        at = self._time()
        self._word("to")
        last = self._left.pop(0) if self._left and isinstance(self._left[0], tuple) else None
        until = self._time()
        if last is None:
            days, later = days or self._some_days() or _WEEK, int(until <= at)
        elif isinstance(last, tuple) and len(days) == len(last) == 1:
            later = (last[0] - days[0]) % 7
            later = 7 if not later and until <= at else later
        else:
            raise _Unreadable
        if self._left or at == _DAY:
            raise _Unreadable
        if until == _DAY:
            later, until = later + 1, 0
        if later * _DAY + until - at > 7 * _DAY:
            raise _Unreadable
        return Entry(kind, days, at, later, until, firm)

    def _some_days(self) -> tuple[int, ...]:
        """Mon-Fri, Sun: as many as there are, sorted; empty for none."""
        found: set[int] = set()
        while self._left and isinstance(days := self._left[0], tuple):
            self._left.pop(0)
            match self._left[:2]:
                case ["to", (int() as last,)] if len(days) == 1:
                    del self._left[:2]
                    days = tuple((days[0] + n) % 7 for n in range((last - days[0]) % 7 + 1))
            found.update(days)
            if self._left[:1] == ["and"] and len(self._left) > 1 and isinstance(self._left[1], tuple):
                self._left.pop(0)
        return tuple(sorted(found))

    def _time(self) -> int:
        if not self._left or not isinstance(self._left[0], int):
            raise _Unreadable
        return int(self._left.pop(0))  # type: ignore[arg-type]

    def _word(self, word: str) -> None:
        if not self._left or self._left.pop(0) != word:
            raise _Unreadable
