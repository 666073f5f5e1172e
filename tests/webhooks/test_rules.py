"""Which delivery is next, and when one is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.webhooks.post import host_of
from core.webhooks.rules import (
    DELAYS,
    GIVEN_UP_AFTER,
    HOLDS_UP,
    LONGEST,
    Off,
    Waiting,
    again_at,
    choose,
    is_due,
    off,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
waiting = st.builds(
    lambda event, attempts, ahead: Waiting(str(event), event, attempts, NOW + timedelta(seconds=ahead)),
    st.integers(1, 20),
    st.integers(0, 8),
    st.integers(-10, 600),
)


@given(st.lists(waiting, unique_by=lambda each: each.event))
def test_one_goes_past_another_only_where_that_failed_often(pending: list[Waiting]) -> None:
    chosen, wait = choose(pending, NOW)
    if chosen is None:
        assert (wait is None) == (not pending)
        return
    assert is_due(chosen, NOW)
    before = [each for each in pending if (each.event or 0) < (chosen.event or 0)]
    assert all(each.attempts >= HOLDS_UP and not is_due(each, NOW) for each in before)


@given(st.lists(waiting, min_size=1, unique_by=lambda each: each.event))
def test_what_is_waited_for_becomes_due(pending: list[Waiting]) -> None:
    chosen, wait = choose(pending, NOW)
    if wait is not None:
        assert choose(pending, NOW + wait)[0] is not None
    else:
        assert chosen is not None


def test_a_ping_waits_for_nothing() -> None:
    failing = Waiting("a", 1, 1, NOW + timedelta(seconds=5))
    ping = Waiting("b", None, 0, NOW)
    assert choose([failing, ping], NOW) == (ping, None)


@given(st.floats(0, 1))
def test_it_is_tried_for_a_day_with_growing_delays(drawn: float) -> None:
    at, tries = NOW, 1
    delays = []
    while (again := again_at(tries, NOW, at, drawn)) is not None:
        delays.append(again - at)
        at, tries = again, tries + 1
    assert delays == sorted(delays)
    assert timedelta(hours=15) < at - NOW <= GIVEN_UP_AFTER
    assert all(delay <= LONGEST for delay in delays)
    assert len(delays) >= len(DELAYS) - 2


def test_a_clock_that_was_set_back_holds_up_nothing() -> None:
    assert is_due(Waiting("a", 1, 1, NOW + timedelta(days=2)), NOW)


@pytest.mark.parametrize(
    ("status", "failing", "then"),
    [(500, 2, None), (500, 3, Off.FAILING), (None, 4, Off.FAILING), (410, 0, Off.GONE)],
)
def test_when_it_is_switched_off(status: int | None, failing: int, then: Off | None) -> None:
    assert off(status, NOW - timedelta(days=failing), NOW) is then


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://",
        "https://ada:secret@example.org/",
        "https://@example.org/",
        "https://example.org/#there",
        "https://example.org:99999/",
        "https://exämple.org/",
        "https://example.org/\nHost: other",
        "file:///etc/passwd",
        f"https://example.org/{'a' * 500}",
    ],
)
def test_what_is_no_address_for_events(url: str) -> None:
    assert host_of(url, frozenset({"https"})) is None
