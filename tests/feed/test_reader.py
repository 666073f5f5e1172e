"""Events in their order and without a gap, also where a number becomes visible after a higher one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from core.data.tables import EventRow
from core.feed.reader import SETTLED, Wanted, settled
from core.notices.events import record
from core.notices.kinds.events import GuildJoined
from tests.conftest import GUILD, House

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.sets(st.integers(1, 30)), st.integers(0, 40))
def test_nothing_is_told_behind_a_number_that_may_still_come(there: set[int], age: int) -> None:
    rows = [(number, NOW - timedelta(seconds=age)) for number in sorted(there)]
    count = settled(rows, 0, NOW)
    if timedelta(seconds=age) >= SETTLED:
        assert count == len(rows)
    else:
        assert [number for number, _ in rows[:count]] == list(range(1, count + 1))
        assert count + 1 not in there


async def test_an_event_that_is_committed_late_is_told_in_its_place(house: House) -> None:
    """Two transactions at once, on PostgreSQL; SQLite has one writer."""
    if house.database.is_sqlite:
        return
    async with house.core.feed.follow(Wanted(frozenset({GUILD}))) as follower:
        async with house.database.begin() as late:
            record(late, GuildJoined(), house.core.now(), guild=GUILD)
            await late.flush()  # it has its number
            async with house.database.begin() as early:
                record(early, GuildJoined(), house.core.now(), guild=GUILD)
            house.core.changes.tell("")
            assert await follower.next(0.3) == []
        house.core.changes.tell("")
        told = await follower.next(10)
    async with house.database.session() as session:
        written = list(await session.exec(select(EventRow.id).order_by(EventRow.id)))
    assert [each.id for each in told] == written
