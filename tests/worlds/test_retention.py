"""Which snapshots stay: as examples, and what holds whatever the list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.worlds.retention import Point, Policy, keep

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ONE_EACH = Policy(last=1, hourly=0, daily=0, weekly=0, monthly=0, young=timedelta())


def name(numbers: str) -> str:
    return f"{numbers}-{'0' * 32}"


def points(*ages: timedelta, good: bool = True) -> list[Point]:
    """From the oldest: the youngest has the largest name."""
    return [
        Point(name(f"000001-000001-{at:06}"), NOW - age, good) for at, age in enumerate(sorted(ages, reverse=True), 1)
    ]


def ages(kept: frozenset[str], all: list[Point]) -> list[timedelta]:
    return sorted(NOW - point.at for point in all if point.name in kept)


def hours(*numbers: float) -> list[timedelta]:
    return [timedelta(hours=number) for number in numbers]


def test_the_last_few_stay() -> None:
    all = points(*hours(1, 2, 3, 4, 5))
    assert ages(keep(all, Policy(2, 0, 0, 0, 0), NOW), all) == hours(1, 2)


def test_the_newest_of_an_hour_stays() -> None:
    all = points(*hours(1.1, 1.3, 1.5, 2.2, 2.4, 30))
    assert ages(keep(all, Policy(1, 2, 0, 0, 0), NOW), all) == hours(1.1, 2.2)


def test_days_weeks_and_months_reach_further_back() -> None:
    all = points(*(timedelta(days=day) for day in range(1, 200)))
    kept = [age.days for age in ages(keep(all, Policy(1, 0, 3, 3, 3), NOW), all)]
    assert kept == [1, 2, 3, 9, 24, 55]  # 23rd, 22nd, 21st; Sunday the 15th; 31st of October, 30th of September


def test_a_paused_world_loses_nothing_by_waiting() -> None:
    all = points(*hours(1, 2, 3, 30, 60))
    policy = Policy(1, 2, 2, 2, 2)
    assert keep(all, policy, NOW) == keep(all, policy, NOW + timedelta(days=1000))


def test_what_is_young_stays() -> None:
    all = points(*hours(0.1, 0.2, 0.3, 5))
    assert ages(keep(all, Policy(1, 0, 0, 0, 0, timedelta(hours=1)), NOW), all) == hours(0.1, 0.2, 0.3)


def test_what_was_pinned_stays() -> None:
    all = [*points(*hours(1, 2)), Point(name("000001-000001-000000"), NOW - timedelta(days=900), pinned=True)]
    assert name("000001-000001-000000") in keep(all, ONE_EACH, NOW)


def test_the_last_good_one_stays_however_many_bad_ones_follow() -> None:
    bad = [Point(name(f"000001-000002-{at:06}"), NOW - timedelta(minutes=at), good=False) for at in range(500)]
    good = Point(name("000001-000001-000001"), NOW - timedelta(days=400))
    assert good.name in keep([good, *bad], Policy(), NOW)


def test_a_good_one_stands_for_its_period_before_a_younger_bad_one() -> None:
    good = Point(name("000001-000001-000001"), NOW - timedelta(hours=30))
    bad = Point(name("000001-000001-000002"), NOW - timedelta(hours=29), good=False)
    newest = Point(name("000001-000001-000003"), NOW)
    assert keep([good, bad, newest], Policy(1, 0, 2, 0, 0), NOW) == {good.name, newest.name}


def test_newest_is_by_name_and_not_by_clock() -> None:
    late = Point(name("000001-000006-000001"), NOW)
    fenced = Point(name("000001-000007-000001"), NOW - timedelta(hours=9))
    assert keep([late, fenced], ONE_EACH, NOW) == {fenced.name}


def test_of_nothing_nothing_is_kept() -> None:
    assert keep([], Policy(), NOW) == frozenset()


some_points = st.lists(
    st.builds(
        Point,
        st.builds(
            "{:06}-{:06}-{:06}-00000000000000000000000000000000".format,
            st.integers(1, 3),
            st.integers(1, 9),
            st.integers(1, 999),
        ),
        st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        st.booleans(),
        st.booleans(),
    ),
    unique_by=lambda point: point.name,
    min_size=1,
)
some_policies = st.builds(Policy, *[st.integers(0, 5)] * 5, st.timedeltas(timedelta(), timedelta(days=2)))


@given(some_points, some_policies)
def test_whatever_the_list_the_newest_and_the_newest_good_one_stay(all: list[Point], policy: Policy) -> None:
    kept = keep(all, policy, NOW)
    assert kept <= {point.name for point in all}
    assert max(point.name for point in all) in kept
    good = [point.name for point in all if point.good]
    assert not good or max(good) in kept
    assert all_in(kept, [point for point in all if point.pinned or point.at > NOW])


def all_in(kept: frozenset[str], some: list[Point]) -> bool:
    return all(point.name in kept for point in some)


@given(some_points, some_policies)
def test_to_prune_twice_is_to_prune_once(all: list[Point], policy: Policy) -> None:
    once = keep(all, policy, NOW)
    assert keep([point for point in all if point.name in once], policy, NOW) == once
