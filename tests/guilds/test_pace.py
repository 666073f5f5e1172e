"""How fast one member may ask."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire import ADA, BO, Wire, wired

from core.errors import LimitReached
from core.guilds.pace import Pace

GAPS = st.lists(st.floats(0, 5), max_size=60)


def test_a_burst_is_taken_and_then_one_in_a_while() -> None:
    pace = Pace(burst=3, every=2.0)
    for _ in range(3):
        pace.take(1, 0.0)
    with pytest.raises(LimitReached) as refused:
        pace.take(1, 0.5)
    assert refused.value.values == {"wait": timedelta(seconds=1.5)}
    pace.take(1, 2.0)


def test_another_member_has_a_pace_of_their_own() -> None:
    pace = Pace(burst=1)
    pace.take(1, 0.0)
    pace.take(2, 0.0)


@given(GAPS)
def test_in_no_time_is_more_taken_than_the_burst_and_one_for_each_while(gaps: list[float]) -> None:
    pace, now, taken = Pace(burst=4, every=1.0), 0.0, list[float]()
    for gap in gaps:
        now += gap
        try:
            pace.take(1, now)
        except LimitReached:
            continue
        taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= 4 + (taken[last] - taken[first]) + 1e-6


@given(GAPS)
def test_who_waits_as_long_as_was_said_is_not_refused(gaps: list[float]) -> None:
    pace, now = Pace(burst=2, every=1.0), 0.0
    for gap in gaps:
        now += gap
        try:
            pace.take(1, now)
        except LimitReached as refused:
            now += refused.values["wait"].total_seconds() + 1e-6
            pace.take(1, now)


async def test_who_asks_too_fast_reads_how_long_to_wait_and_nothing_is_done(tmp_path) -> None:  # type: ignore[no-untyped-def]
    async with wired(tmp_path) as wire:
        pond = await wire.create()
        await hurry(wire)
        said = await wire.press(ADA, f"dm:pause:{pond}")
        assert said.text == "That was a lot in a short time. Try again in 1 min."
        assert (await wire.row(pond)).desired == "running"
        assert "saves its world" not in said.text
        assert "Pond" in (await wire.press(BO, f"dm:keep:{pond}")).text


async def hurry(wire: Wire) -> None:
    """Ada has asked for all that she may this minute."""
    [faces] = wire._all_faces
    faces.replies.pace = Pace(burst=1, every=60.0)
    assert "Pond" in (await wire.command(ADA, "server list")).text
