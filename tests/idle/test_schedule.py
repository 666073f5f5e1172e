"""Schedules: what people type, and what holds when, against a clock on the wall that is read minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampling import ALL, sample

from core.errors import BadInput
from core.idle.schedule import Entry, Timetable, dump, happens, load, state
from core.idle.typed import parse
from core.words import ScheduleKind
from core.zones import find_zone

AWAKE, ASLEEP, RESTART, MAINTENANCE = (
    ScheduleKind.AWAKE,
    ScheduleKind.ASLEEP,
    ScheduleKind.RESTART,
    ScheduleKind.MAINTENANCE,
)
EVERY_DAY, WEEKDAYS = tuple(range(7)), tuple(range(5))
BERLIN = ZoneInfo("Europe/Berlin")


def at(hour: int, minute: int = 0) -> int:
    return hour * 60 + minute


@pytest.mark.parametrize(
    ("typed", "days", "begins", "later", "until"),
    [
        ("Fri 18:00 to Sun 23:00", (4,), at(18), 2, at(23)),
        ("Fr 18:00 bis So 23:00", (4,), at(18), 2, at(23)),
        ("freitags ab 18 Uhr bis sonntags 23 Uhr", (4,), at(18), 2, at(23)),
        ("from Friday at 6pm until Sunday 11:30 p.m.", (4,), at(18), 2, at(23, 30)),
        ("02:00 to 08:00", EVERY_DAY, at(2), 0, at(8)),
        ("täglich 2 bis 8 Uhr", EVERY_DAY, at(2), 0, at(8)),
        ("22:00-06:00", EVERY_DAY, at(22), 1, at(6)),
        ("Mon-Fri 22:00 – 06:00", WEEKDAYS, at(22), 1, at(6)),
        ("weekdays 9am to 5pm", WEEKDAYS, at(9), 0, at(17)),
        ("werktags von 9 bis 17 Uhr", WEEKDAYS, at(9), 0, at(17)),
        ("Sat, Sun 10:00 to 14:00", (5, 6), at(10), 0, at(14)),
        ("Sa. und So. 10.30 bis 14", (5, 6), at(10, 30), 0, at(14)),
        ("10:00 to 14:00 on weekends", (5, 6), at(10), 0, at(14)),
        ("Fri to Mon 20:00 to 24:00", (0, 4, 5, 6), at(20), 1, 0),
        ("Sat", (5,), 0, 1, 0),
        ("always", EVERY_DAY, 0, 1, 0),
        ("midnight to noon", EVERY_DAY, 0, 0, at(12)),
        ("12am to 12pm", EVERY_DAY, 0, 0, at(12)),
        ("Mon 08:00 to Mon 08:00", (0,), at(8), 7, at(8)),
        ("Mon 08:00 to Mon 07:00", (0,), at(8), 7, at(7)),
    ],
)
def test_windows_are_read(typed: str, days: tuple[int, ...], begins: int, later: int, until: int) -> None:
    assert parse(AWAKE, typed) == Entry(AWAKE, days, begins, later, until)


@pytest.mark.parametrize(
    ("typed", "days", "moment"),
    [
        ("daily 05:00", EVERY_DAY, at(5)),
        ("5 am", EVERY_DAY, at(5)),
        ("jeden Tag um 5 Uhr", EVERY_DAY, at(5)),
        ("Di und Do 6:30", (1, 3), at(6, 30)),
        ("6pm on Saturdays", (5,), at(18)),
    ],
)
def test_restarts_are_read(typed: str, days: tuple[int, ...], moment: int) -> None:
    assert parse(RESTART, typed) == Entry(RESTART, days, moment)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "whenever",
        "25:00 to 26:00",
        "18:61 to 19:00",
        "13pm to 14pm",
        "18:00",
        "18:00 to",
        "Mon-Fri 18:00 to Sun 20:00",
        "24:00 to 02:00",
        "to 18:00",
        "Fri to",
        "18:00 to 19:00 to 20:00",
        "💥",
        "1" * 80,
        "Fri 18:00 to Sun",
    ],
)
def test_what_cannot_be_read_is_refused(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse(AWAKE, typed)
    assert refused.value.message == "schedule.when"


@pytest.mark.parametrize("typed", ["", "24:00", "18:00 to 20:00", "Fri", "daily 5 5"])
def test_a_restart_that_cannot_be_read_is_refused_with_an_example_of_its_own(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse(RESTART, typed)
    assert refused.value.message == "schedule.when_restart"


@given(st.text(max_size=80))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    for kind in ScheduleKind:
        try:
            entry = parse(kind, typed)
        except BadInput:
            continue
        assert load(dump([entry])) == (entry,)


def test_what_a_newer_version_writes_is_left_out() -> None:
    assert load("awake 4 18:00 +2 23:00\nhibernate 4 18:00\nnonsense") == (parse(AWAKE, "Fri 18:00 to Sun 23:00"),)


def test_zones_are_found_by_name_or_city() -> None:
    assert [find_zone(typed) for typed in ("europe/berlin", "Lord Howe", " UTC ")] == [
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "UTC",
    ]
    for typed in ("Atlantis", "", "../etc/passwd"):
        with pytest.raises(BadInput):
            find_zone(typed)


# daylight saving, by example

FORWARD, BACK = date(2026, 3, 29), date(2026, 10, 25)  # in Berlin: 2:00 becomes 3:00, 3:00 becomes 2:00


def utc(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def test_a_time_that_does_not_exist_happens_when_the_gap_ends() -> None:
    assert {happens(FORWARD, at(2, minute), BERLIN) for minute in (0, 1, 30, 59)} == {utc(FORWARD, 1)}
    assert happens(FORWARD, at(3), BERLIN) == utc(FORWARD, 1)


def test_a_time_that_comes_twice_happens_the_first_time() -> None:
    assert happens(BACK, at(2, 30), BERLIN) == utc(BACK, 0, 30)
    assert happens(BACK, at(3), BERLIN) == utc(BACK, 2)


def test_a_window_in_the_gap_does_not_happen_and_one_around_it_is_shorter() -> None:
    inside, around = parse(AWAKE, "02:10 to 02:50"), parse(AWAKE, "01:00 to 04:00")
    assert state([inside], BERLIN, utc(FORWARD, 1)).awake is None
    span = state([around], BERLIN, utc(FORWARD, 1)).awake
    assert span is not None
    assert (span.begins, span.ends) == (utc(FORWARD, 0), utc(FORWARD, 2))


def test_always_on_has_no_beginning_and_no_end() -> None:
    awake = state([parse(AWAKE, "always")], BERLIN, utc(FORWARD, 1)).awake
    assert awake is not None
    assert (awake.begins, awake.ends) == (None, None)


def test_sleep_gives_way_to_being_awake() -> None:
    entries = [parse(AWAKE, "Fri 18:00 to Sun 23:00"), parse(ASLEEP, "02:00 to 08:00")]
    now = datetime(2026, 6, 6, 3, tzinfo=BERLIN)  # a Saturday
    assert state(entries, BERLIN, now).asleep is None
    sleep = state(entries, BERLIN, now).sleep
    assert sleep is not None
    assert sleep.begins == datetime(2026, 6, 8, 2, tzinfo=BERLIN)


# a year, against a reference

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "UTC",
    "Asia/Kathmandu",
)
BEGIN, MINUTES, WEEK = datetime(2026, 1, 1, tzinfo=UTC), 366 * 1440, 7 * 1440


@cache
def wall(zone: str) -> list[int]:
    """For each minute of a year, the latest minute of the week that a clock on the wall has shown: a clock that is put
    back shows nothing new until it has caught up. So a time happens when it, or a later one, is shown first."""
    there, latest, shown = ZoneInfo(zone), BEGIN.replace(year=2025, tzinfo=None), []
    for minute in range(MINUTES):
        now = (BEGIN + timedelta(minutes=minute)).astimezone(there).replace(tzinfo=None)
        latest = max(latest, now)
        shown.append(latest.weekday() * 1440 + latest.hour * 60 + latest.minute)
    return shown


def weekly(entries: list[Entry]) -> set[int]:
    """The minutes of a week in which these hold."""
    return {
        (day * 1440 + entry.at + minute) % WEEK
        for entry in entries
        for day in entry.days
        for minute in range(entry.later * 1440 + entry.until - entry.at)
    }


days = st.sets(st.integers(0, 6), min_size=1).map(lambda found: tuple(sorted(found)))
minutes = st.one_of(st.integers(0, 1439), st.sampled_from([at(1, 59), at(2), at(2, 15), at(2, 30), at(3), 0]))


@st.composite
def windows(draw: st.DrawFn) -> Entry:
    kind = draw(st.sampled_from([AWAKE, ASLEEP, MAINTENANCE]))
    begins, until, later = draw(minutes), draw(minutes), draw(st.integers(0, 6))
    firm = kind is ASLEEP and draw(st.booleans())
    return Entry(kind, draw(days), begins, later if later or until > begins else 1, until, firm)


def holding(entries: list[Entry], zone: str) -> list[bool]:
    week, shown = weekly(entries), wall(zone)
    return [minute in week for minute in shown]


@settings(max_examples=60 if ALL else 3)
@pytest.mark.parametrize("zone", sample(ZONES, 2, "zones"))
@given(entries=st.lists(windows(), min_size=1, max_size=4))
def test_a_year_of_a_schedule_is_as_the_clock_on_the_wall_says(zone: str, entries: list[Entry]) -> None:
    table = Timetable(entries, zone)
    awake, soft, firm, kept = (
        holding([entry for entry in entries if entry.kind is kind and entry.firm is firm], zone)
        for kind, firm in ((AWAKE, False), (ASLEEP, False), (ASLEEP, True), (MAINTENANCE, False))
    )
    minute = 0
    while minute < MINUTES:
        now = BEGIN + timedelta(minutes=minute)
        said = table.at(now)
        until = MINUTES if said.until is None else int((said.until - BEGIN).total_seconds()) // 60
        until = min(max(until, minute + 1), MINUTES)
        rest = slice(minute, until)
        assert set(awake[rest]) == {said.awake is not None}, now
        assert set(kept[rest]) == {said.in_maintenance is not None}, now
        assert set(firm[rest]) == {said.firm is not None and said.firm.holds(now)}, now
        asleep = said.sleep is not None and said.sleep.holds(now)
        assert {sleeps and not wakes for sleeps, wakes in zip(soft[rest], awake[rest], strict=True)} == {asleep}, now
        minute = until


@settings(max_examples=60 if ALL else 1)
@pytest.mark.parametrize("zone", sample(ZONES, 2, "zones"))
@given(chosen=days, moment=minutes)
def test_a_year_of_restarts_is_as_the_clock_on_the_wall_says(zone: str, chosen: tuple[int, ...], moment: int) -> None:
    entry, shown = Entry(RESTART, chosen, moment), wall(zone)
    wanted = {day * 1440 + moment for day in chosen}
    happened = set()
    for minute in range(1, MINUTES):
        before, now = shown[minute - 1], shown[minute]
        passed = range(before + 1, before + 1 + (now - before) % WEEK)
        happened.update(minute for each in passed if each % WEEK in wanted)
    table, now, said = Timetable([entry], zone), BEGIN, set()
    while (following := table.at(now).next_restart) is not None and following < BEGIN + timedelta(minutes=MINUTES):
        said.add(int((following - BEGIN).total_seconds()) // 60)
        assert table.at(following).restart == following
        now = following
    assert said == happened
