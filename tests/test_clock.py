"""Times that were stored before the clock was set back count from now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import APART, happened, is_ahead, set_back
from core.data.tables import ServerRow
from core.servers.settled import FOR_A_WHILE, HAPPENED, OF_THE_CLUSTER, is_settled, settle

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
YEAR, MINUTE = timedelta(days=365), timedelta(minutes=1)
moments = st.integers(-YEAR // MINUTE, YEAR // MINUTE).map(lambda minutes: NOW + minutes * MINUTE)
past = st.integers(-YEAR // MINUTE, 0).map(lambda minutes: NOW + minutes * MINUTE)
ALL = (*HAPPENED, *OF_THE_CLUSTER, *FOR_A_WHILE)


def row(**times: Any) -> ServerRow:
    return ServerRow(**{"phase_since": NOW, "changed_at": NOW, **times})


def rows_of(happened: Any) -> Any:
    """Rows whose times are any, or none where there may be none."""
    always = ("phase_since", "changed_at")
    kinds = {name: happened if name in HAPPENED else moments for name in ALL}
    times = {name: kind if name in always else st.none() | kind for name, kind in kinds.items()}
    return st.fixed_dictionaries(times).map(lambda times: row(**times))


rows = rows_of(moments)


def times_of(one: ServerRow) -> dict[str, datetime | None]:
    return {name: getattr(one, name) for name in (*ALL, "purge_at")}


def test_every_time_of_a_row_that_is_compared_with_now_is_settled() -> None:
    told = ("created_at", "saved_at", "purge_at")  # shown to people as they are
    told += ("awake_until",)  # a time of the schedule's, whatever the clock says before
    told += ("occasion_from", "occasion_until")  # of the occasion's, likewise
    kinds = {name for name, field in ServerRow.model_fields.items() if "datetime" in str(field.annotation)}
    assert kinds == {*ALL, *told}


@given(rows)
def test_what_happened_never_lies_ahead_once_it_is_settled(one: ServerRow) -> None:
    settle(one, NOW)
    assert is_settled(one, NOW)
    assert not any(is_ahead(at, NOW) for name in HAPPENED if (at := getattr(one, name)) is not None)


@given(rows)
def test_settling_twice_is_settling_once(one: ServerRow) -> None:
    settle(one, NOW)
    before = times_of(one)
    settle(one, NOW)
    assert times_of(one) == before


@given(rows)
def test_nothing_becomes_later_and_nothing_appears_or_goes(one: ServerRow) -> None:
    before = times_of(one)
    settle(one, NOW)
    for name, at in times_of(one).items():
        was = before[name]
        assert (at is None) == (was is None)
        assert at is None or was is None or at <= was


@given(rows_of(past))
def test_a_row_of_a_clock_that_only_went_on_stays_as_it_is(one: ServerRow) -> None:
    before = times_of(one)
    settle(one, NOW)
    assert times_of(one) == before


@given(
    back=st.timedeltas(min_value=APART * 2, max_value=YEAR),
    start=st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=1)),
    keep=st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=24)),
)
def test_what_lasts_for_a_while_lasts_as_long_as_it_would_have(
    back: timedelta, start: timedelta, keep: timedelta
) -> None:
    """Written just before the clock was set back."""
    then = NOW + back
    one = row(changed_at=then, started_at=then, start_by=then + start, keep_until=then + keep)
    settle(one, NOW)
    assert (one.start_by, one.keep_until) == (NOW + start, NOW + keep)


def test_a_day_that_people_were_told_stands() -> None:
    one = row(changed_at=NOW + YEAR, purge_at=NOW + timedelta(days=7))
    settle(one, NOW)
    assert one.purge_at == NOW + timedelta(days=7)


@pytest.mark.parametrize(
    ("ahead", "back"), [(timedelta(0), timedelta(0)), (APART, timedelta(0)), (APART * 2, APART * 2)]
)
def test_another_machines_clock_may_be_a_little_ahead(ahead: timedelta, back: timedelta) -> None:
    assert set_back([None, NOW - YEAR, NOW + ahead], NOW) == back
    assert is_ahead(NOW + ahead, NOW) == bool(back)
    assert happened(NOW + ahead, NOW) == NOW


def test_nothing_that_happened_says_nothing() -> None:
    assert set_back([], NOW) == timedelta(0)
