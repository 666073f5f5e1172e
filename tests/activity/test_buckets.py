"""Buckets keep their sums, however time is cut and put together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.activity.buckets import DAY, FINE, HOUR, Bucket, rolled, spread, together

BEGIN = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
times = st.lists(st.integers(0, 200_000), min_size=2, max_size=30).map(sorted)
buckets = st.builds(
    Bucket,
    start=st.integers(0, 3000).map(lambda number: number * FINE),
    known=st.integers(0, FINE),
    seconds=st.integers(0, 40 * FINE),
    low=st.integers(0, 5),
    high=st.integers(5, 40),
    cpu=st.integers(0, 4000),
    memory=st.integers(0, 9000),
)


@given(times, st.integers(0, 40))
def test_a_time_that_is_cut_anywhere_adds_up_to_the_same_buckets(cuts: list[int], online: int) -> None:
    whole = list(spread(BEGIN + timedelta(seconds=cuts[0]), BEGIN + timedelta(seconds=cuts[-1]), online))
    parts: dict[int, Bucket] = {}
    for since, until in pairwise(cuts):
        for part in spread(BEGIN + timedelta(seconds=since), BEGIN + timedelta(seconds=until), online):
            parts[part.start] = together(parts[part.start], part) if part.start in parts else part
    assert [parts[start] for start in sorted(parts)] == whole
    assert sum(each.known for each in whole) == cuts[-1] - cuts[0]
    assert sum(each.seconds for each in whole) == online * (cuts[-1] - cuts[0])
    assert all(each.known <= FINE for each in whole)


@given(st.lists(buckets))
def test_totals_and_extremes_outlive_every_step(fine: list[Bucket]) -> None:
    hours, days = rolled(fine, HOUR), rolled(rolled(fine, HOUR), DAY)
    for longer in (hours, days):
        assert sum(each.known for each in longer) == sum(each.known for each in fine)
        assert sum(each.seconds for each in longer) == sum(each.seconds for each in fine)
        for name in ("high", "cpu", "memory"):
            most = max((getattr(each, name) for each in fine), default=0)
            assert max((getattr(each, name) for each in longer), default=0) == most
    assert days == rolled(fine, DAY)
    assert len({each.start for each in hours}) == len(hours)
