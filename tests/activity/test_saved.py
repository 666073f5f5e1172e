"""What idleness did not use, from events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.activity.saved import Fact, of_all, saved

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)


def at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def fact(hours: float, kind: str, memory: int, because: str = "") -> Fact:
    return Fact(at(hours), kind, memory, because)


def facts(*more: Fact) -> list[Fact]:
    """Runs with 2 GiB from an hour before."""
    return [fact(-1, "resumed", 2048), *more]


def paused(hours: float, because: str = "idle") -> list[Fact]:
    return [fact(hours, "paused", 2048, because), fact(hours + 0.5, "phase", 0)]


CASES = {
    "it ran all the time": (facts(), 10, 0, 0, 0),
    "a pause of its own": (facts(*paused(2)), 2.5, 7.5, 1, 1),
    "until somebody resumed it": (facts(*paused(2), fact(5, "resumed", 2048)), 7.5, 2.5, 1, 1),
    "by its schedule": (facts(*paused(2, "schedule")), 2.5, 7.5, 1, 1),
    "by its owner": (facts(*paused(2, "owner")), 2.5, 0, 1, 0),
    "then its owner deleted it": (facts(*paused(2), fact(4.5, "deleted", 0)), 2.5, 2, 1, 1),
    "then its owner put it away": (facts(*paused(2), fact(4.5, "archive_asked", 0)), 2.5, 2, 1, 1),
    "it slept before": (facts(*paused(-0.75)), 0, 10, 0, 0),
    "it never ran": ([], 0, 0, 0, 0),
    "a restart while it runs": (facts(fact(3, "restarted", 2048), fact(3.2, "phase", 2048)), 10, 0, 0, 0),
}


@pytest.mark.parametrize("case", CASES)
def test_a_server_sleeps_from_a_pause_of_its_own_until_somebody_wants_something_else(case: str) -> None:
    given, ran, slept, pauses, by_itself = CASES[case]
    found = saved(given, BEGIN, at(10))
    assert (found.ran, found.slept) == (timedelta(hours=ran), timedelta(hours=slept))
    assert (found.pauses, found.pauses_by_itself) == (pauses, by_itself)
    assert found.gib_hours == pytest.approx(2 * slept)
    assert sum((end - begin for begin, end in found.sleeps), timedelta()) == found.slept


def test_two_servers_use_less_together() -> None:
    both = of_all([saved(facts(*paused(2)), BEGIN, at(10)), saved(facts(), BEGIN, at(10))])
    assert (both.ran, both.slept, both.pauses) == (timedelta(hours=12.5), timedelta(hours=7.5), 1)
