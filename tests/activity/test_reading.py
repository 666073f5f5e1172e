"""What the answers say, over a real database, and how a name is forgotten."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from core.activity.buckets import FINE, HOUR, MOST_ROWS
from core.activity.tidying import MOST_SESSIONS
from core.data.tables import BucketRow, EventRow, PlaySessionRow, ServerRow
from core.errors import BadInput, NotAllowed, NotFound
from core.guilds.access import Actor
from core.notices.kinds.events import LineSent, Recalled, Warned, Withdrawn
from core.notices.names import SOMEBODY, text_without

GUILD = 700
ADA = Actor(user=1, guild=GUILD, name="Ada")
BO = Actor(user=2, guild=GUILD, name="Bo")
CY = Actor(user=3, guild=GUILD, name="Cy", manages_guild=True)
STRANGER = Actor(user=1, guild=701, name="Ada", manages_guild=True)
MOST_GIB = {"sqlite": 2.5, "postgresql": 4.5}
"""As docs/operations.md says, for a year of 10,000 servers that never pause."""


@pytest.fixture
async def pond(house: Any) -> str:
    server = str(await house.create())
    await house.phase(server, "running")
    return server


async def keep(house: Any, *rows: Any) -> None:
    async with house.database.begin() as session:
        session.add_all(rows)


def hours(time: timedelta) -> float:
    return time.total_seconds() / 3600


def play(server: str, name: str, ended: datetime, minutes: int = 60, **more: Any) -> PlaySessionRow:
    return PlaySessionRow(server=server, name=name, began=ended - timedelta(minutes=minutes), ended=ended, **more)


def bucket(server: str, at: datetime, players: int, span: int = FINE) -> BucketRow:
    start = int(at.timestamp()) // span * span
    return BucketRow(
        server=server, span=span, start=start, known=span, seconds=players * span, low=players, high=players
    )


async def test_an_answer_has_hours_players_and_the_longest_session(house: Any, pond: str) -> None:
    now = house.parts.now()
    await keep(
        house,
        *(bucket(pond, now - timedelta(minutes=5 * number + 10), 3) for number in range(24)),
        bucket(pond, now - timedelta(days=3), 2, HOUR),
        bucket(pond, now - timedelta(days=20), 9, HOUR),
        play(pond, "Bo", now - timedelta(hours=2), 90, began_seen=True, ended_seen=True),
        play(pond, "", now - timedelta(hours=2), 300),
        play(pond, "Di", now - timedelta(days=40), 600),
    )
    found = await house.core.activity.of_server(BO, pond)
    assert found.played == timedelta(hours=2 * 3 + 2)
    assert (found.high, found.name, found.may_forget) == (3, "Pond", False)
    assert found.longest is not None
    assert (found.longest.name, found.longest.lasted, found.longest.exact) == ("Bo", timedelta(minutes=90), True)
    assert [each.name for each in found.not_seen] == ["Di"]
    assert sum((point.average or 0) > 0 for point in found.points) in (2, 3, 4)
    assert (await house.core.activity.of_server(BO, pond, 30)).high == 9
    assert (await house.core.activity.of_server(ADA, pond)).may_forget


async def test_where_players_are_not_named_nobody_is(house: Any, pond: str) -> None:
    now = house.parts.now()
    await house.guilds.setup(CY, {"names": False})
    await keep(
        house,
        play(pond, "Bo", now, 90),
        play(pond, "Di", now - timedelta(days=40)),
        play(pond, "", now, 60, began_seen=True),
    )
    found = await house.core.activity.of_server(ADA, pond)
    assert found.longest is not None
    assert (found.longest.name, found.longest.lasted, found.longest.exact) == ("", timedelta(hours=1), False)
    assert found.not_seen == ()


async def test_all_servers_together_are_those_of_this_guild(house: Any, pond: str) -> None:
    lake = await house.create("Lake", CY)
    theirs = await house.create("Sea", STRANGER)
    now = house.parts.now() - timedelta(minutes=30)
    await keep(house, bucket(pond, now, 2), bucket(lake, now, 5), bucket(theirs, now, 100))
    found = await house.core.activity.of_guild(BO)
    assert found.played == timedelta(minutes=35)
    assert found.high == 5
    assert max(point.average or 0 for point in found.points) == 7
    assert [(each.name, each.played) for each in found.servers] == [
        ("Lake", timedelta(minutes=25)),
        ("Pond", timedelta(minutes=10)),
    ]
    with pytest.raises(NotFound):
        await house.core.activity.of_server(STRANGER, pond)


async def test_what_sleep_did_not_use_comes_from_the_events(house: Any, pond: str) -> None:
    now = house.parts.now()
    async with house.database.begin() as session:
        await session.exec(text("DELETE FROM events"))
    said = (("resumed", 100, 2048, {}), ("paused", 12, 2048, {"because": "idle"}), ("phase", 10, 0, {}))
    await keep(
        house,
        *(
            EventRow(
                at=now - timedelta(hours=hours), guild=GUILD, server=pond, kind=kind, trace="", data=data, memory=memory
            )
            for kind, hours, memory, data in said
        ),
    )
    found = (await house.core.activity.of_server(ADA, pond, 1)).saved
    assert hours(found.ran) == pytest.approx(14, abs=0.1)
    assert hours(found.slept) == pytest.approx(10, abs=0.1)
    assert found.gib_hours == pytest.approx(20, abs=0.1)
    assert hours((await house.core.activity.of_guild(ADA, 1)).saved.slept) == pytest.approx(10, abs=0.1)


async def test_hours_of_the_day_are_in_the_readers_time_zone_else_the_guilds(house: Any, pond: str) -> None:
    now = house.parts.now()
    noon = (now - timedelta(days=2)).replace(hour=12, minute=0)
    await keep(house, bucket(pond, noon, 4, HOUR))
    await house.guilds.setup(CY, {"time_zone": "Asia/Tokyo"})
    assert (await house.core.activity.of_server(BO, pond)).busiest == (21,)
    await house.core.accounts.edit(BO, {"time_zone": "Etc/GMT-3"})
    assert (await house.core.activity.of_server(BO, pond)).busiest == (15,)


async def test_owners_and_admins_have_a_name_forgotten_and_the_event_does_not_say_it(house: Any, pond: str) -> None:
    now, activity = house.parts.now(), house.core.activity
    await keep(house, play(pond, "Bo", now), play(pond, "Di", now), PlaySessionRow(server=pond, name="Bo", began=now))
    with pytest.raises(NotAllowed):
        await activity.forget(BO, pond, "Bo")
    assert await activity.forget(ADA, pond, " bO ") == "Pond"
    with pytest.raises(BadInput):
        await activity.forget(CY, pond, "Bo")
    with pytest.raises(BadInput):
        await activity.forget(CY, pond, "  ")
    with pytest.raises(NotFound):
        await activity.forget(STRANGER, pond, "Di")
    async with house.database.session() as session:
        names = (await session.exec(text("SELECT name FROM play_sessions"))).all()
    assert [name for (name,) in names] == ["Di"]
    events = [event for event in await house.events(pond) if event.kind == "name_forgotten"]
    assert [(event.by, event.data) for event in events] == [(ADA.user, {})]


async def test_a_year_of_many_servers_has_its_room(house: Any, pond: str) -> None:
    """The rows that a server has at most, and how large a row is in this database."""
    now, count = house.parts.now(), 4000
    rows = [
        {
            "server": pond,
            "span": FINE,
            "start": 1_700_000_000 // FINE * FINE + number * FINE,
            "known": 300,
            "seconds": 2400,
            "low": 4,
            "high": 12,
            "cpu": 1400,
            "memory": 3900,
        }
        for number in range(count)
    ]
    plays = [
        {"server": pond, "name": f"Player {number}", "began": now, "ended": now, "began_seen": True, "ended_seen": True}
        for number in range(count)
    ]
    sizes = []
    for table, values in ((BucketRow.__table__, rows), (PlaySessionRow.__table__, plays)):
        before = await size(house, table.name)
        async with house.database.begin() as session:
            await (await session.connection()).execute(table.insert(), values)
        sizes.append((await size(house, table.name) - before) / count)
    kind = "sqlite" if house.database.is_sqlite else "postgresql"
    most = 10_000 * (MOST_ROWS * sizes[0] + MOST_SESSIONS * sizes[1]) / 2**30
    assert MOST_GIB[kind] / 2 < most < MOST_GIB[kind], sizes


async def size(house: Any, table: str) -> int:
    """Bytes, with its indexes."""
    async with house.database.engine.connect() as connection:
        if house.database.is_sqlite:
            pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
            page = (await connection.exec_driver_sql("PRAGMA page_size")).scalar_one()
            return int(pages * page)
        return int((await connection.exec_driver_sql(f"SELECT pg_total_relation_size('{table}')")).scalar_one())


async def test_a_forgotten_name_is_in_no_event_and_no_notice_and_the_facts_stay(house: Any, pond: str) -> None:
    now = house.parts.now()
    async with house.database.begin() as session:
        row = await session.get_one(ServerRow, pond, with_for_update=True)
        events = house.core.parts.events
        await events.tell(session, row, Warned(last_players=("Bo", "Bob"), pause_at=now + timedelta(minutes=5)))
        await events.tell(session, row, Recalled(Withdrawn.JOINED, names=("bo",)))
        await events.tell(session, row, LineSent("kick Bo now", by=ADA.user))
        row.crash_log = "Bo joined\nBob joined"
    await house.core.activity.forget(ADA, pond, "BO")
    row = await house.row(pond)
    assert row.crash_log == "•••• joined\nBob joined"
    kept = {event.kind: event.data for event in await house.events(pond)}
    assert kept["warned"]["last_players"] == ["Bob"]
    assert kept["recalled"]["names"] == []
    assert kept["line_sent"]["line"] == "kick •••• now"
    async with house.database.session() as session:
        notices = (await session.exec(text("SELECT data FROM notices"))).all()
    assert notices
    assert not any(re.search(r"\bbo\b", str(data), re.IGNORECASE) for (data,) in notices)


@given(st.text("aAbB .<>", max_size=40), st.text("aAbB.<", min_size=1, max_size=4))
def test_of_a_text_only_the_name_goes(written: str, name: str) -> None:
    assert SOMEBODY in text_without(f"x {name} hi", name)
    if name.casefold() not in written.casefold():
        assert text_without(written, name) == written
