"""Pure: what people type for a schedule, in English or German, becomes an entry."""

from __future__ import annotations

import re

from core.errors import BadInput
from core.idle.schedule import DAY, WEEK, Entry
from core.words import ScheduleKind

LONGEST_TYPED = 60


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
    **dict.fromkeys(("daily", "day", "days", "everyday", "täglich", "taeglich", "tag", "immer", "always"), WEEK),
    **dict.fromkeys(("weekday", "weekdays", "werktags", "werktag", "wochentags", "wochentag"), WEEK[:5]),
    **dict.fromkeys(("weekend", "weekends", "wochenende", "wochenenden"), WEEK[5:]),
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
    if minute > 59 or hour * 60 + minute > DAY:
        raise _Unreadable
    return hour * 60 + minute


class _Reader:
    def __init__(self, tokens: list[tuple[int, ...] | int | str]) -> None:
        self._left = tokens

    def restart(self) -> Entry:
        days = self._some_days()
        at = self._time()
        days = days or self._some_days()
        if self._left or at == DAY:
            raise _Unreadable
        return Entry(ScheduleKind.RESTART, days or WEEK, at)

    def window(self, kind: ScheduleKind, *, firm: bool) -> Entry:
        days = self._some_days()
        if days and not self._left:
            return Entry(kind, days, 0, 1, 0, firm)
        at = self._time()
        self._word("to")
        last = self._left.pop(0) if self._left and isinstance(self._left[0], tuple) else None
        until = self._time()
        if last is None:
            days, later = days or self._some_days() or WEEK, int(until <= at)
        elif isinstance(last, tuple) and len(days) == len(last) == 1:
            later = (last[0] - days[0]) % 7
            later = 7 if not later and until <= at else later
        else:
            raise _Unreadable
        if self._left or at == DAY:
            raise _Unreadable
        if until == DAY:
            later, until = later + 1, 0
        if later * DAY + until - at > 7 * DAY:
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
