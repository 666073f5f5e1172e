"""What the sweep sees is kept, over a real database: sessions in its transaction, buckets when their time is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from core.activity.buckets import DAY, FINE, HOUR
from core.activity.recorder import Told
from core.activity.sessions import Look
from core.activity.tidying import MOST_SESSIONS
from core.cluster.port import InUse
from core.data.tables import BucketRow, PlaySessionRow
from core.games.query.port import Players, Query
from core.guilds.access import Actor
from core.words import Empty, Evidence, Occupied, Unknown

GUILD = 700
ADA = Actor(user=1, guild=GUILD, name="Ada")
CY = Actor(user=3, guild=GUILD, name="Cy", manages_guild=True)


class Said(Query):
    def __init__(self) -> None:
        self.evidence: Evidence = Empty()

    async def players(self, endpoint: object, rule: object, *, token: str = "") -> Players:
        return Players(self.evidence, 16)


class Watched:
    """A server whose players the test says, looked at as often as it says."""

    def __init__(self, house: Any, said: Said, server: str) -> None:
        self.house, self.said, self.server = house, said, server

    async def look(self, *names: str, after: int = 15, online: int | None = None) -> None:
        self.house.pass_time(timedelta(seconds=after))
        self.said.evidence = Occupied(names, online or len(names)) if names or online else Empty()
        await self.house.core.sweep.run()

    async def sessions(self) -> list[tuple[str, int | None, bool, bool]]:
        """Name, whole minutes (None: it goes on), and whether beginning and end were seen."""
        async with self.house.database.session() as session:
            found = list(await session.exec(select(PlaySessionRow).order_by(PlaySessionRow.name, PlaySessionRow.began)))
        return [
            (
                each.name,
                None if each.ended is None else round((each.ended - each.began).total_seconds() / 60),
                each.began_seen,
                each.ended_seen,
            )
            for each in found
        ]

    async def buckets(self) -> list[BucketRow]:
        async with self.house.database.session() as session:
            return list(await session.exec(select(BucketRow).order_by(BucketRow.span, BucketRow.start)))

    async def minutes(self, n: int, *names: str) -> None:
        for _ in range(n):
            await self.look(*names, after=60)


@pytest.fixture
async def pond(house: Any) -> Watched:
    said = Said()
    house.queries["http"] = said
    server = await house.create()
    await house.phase(server, "running")
    return Watched(house, said, server)


async def test_who_joins_and_leaves_has_one_session(pond: Watched) -> None:
    await pond.look()
    await pond.minutes(10, "Bo")
    assert await pond.sessions() == [("", None, True, False), ("Bo", None, True, False)]
    await pond.minutes(2, "Bo", "Cy")
    await pond.look()
    found = await pond.sessions()
    assert found == [("", 11, True, True), ("Bo", 11, True, True), ("Cy", 1, True, True)]


async def test_buckets_hold_players_times_seconds(pond: Watched) -> None:
    await pond.look()
    await pond.minutes(20, "Bo", "Cy")
    await pond.house.core.recorder.flush()
    found = await pond.buckets()
    assert {each.span for each in found} == {FINE}
    whole = [each for each in found if each.known == FINE]
    assert len(whole) >= 2
    assert {each.seconds for each in whole[1:]} == {2 * FINE}
    assert {each.high for each in whole} == {2}


async def test_a_restart_goes_on_and_counts_nobody_twice(pond: Watched) -> None:
    await pond.look()
    await pond.minutes(7, "Bo")
    other, row = pond.house.another(), await pond.house.row(pond.server)
    async with pond.house.database.begin() as session:
        at = row.known_at + timedelta(seconds=20)
        await other.recorder.look(session, [Told(row, None, Look(at, 1, frozenset({"Bo"})))], timedelta(minutes=3))
    pond.house.pass_time(timedelta(minutes=20))
    await other.recorder.flush()
    await pond.house.core.recorder.flush()
    assert sum(each.known for each in await pond.buckets()) <= 7 * 60 + 20
    assert await pond.sessions() == [("", None, True, False), ("Bo", None, True, False)]


async def test_an_outage_ends_sessions_where_they_were_last_seen(pond: Watched) -> None:
    await pond.look()
    await pond.minutes(5, "Bo")
    await pond.look("Bo", after=3600)
    assert await pond.sessions() == [
        ("", 4, True, False),
        ("", None, False, False),
        ("Bo", 4, True, False),
        ("Bo", None, False, False),
    ]
    pond.house.pass_time(timedelta(minutes=20))
    await pond.house.core.recorder.flush()
    assert sum(each.known for each in await pond.buckets()) in range(5 * 60 - 5, 6 * 60 + 5)


async def test_what_is_unknown_is_not_empty(pond: Watched) -> None:
    await pond.look()
    await pond.minutes(2, "Bo")
    pond.said.evidence = Unknown("no answer")
    pond.house.pass_time(timedelta(seconds=30))
    await pond.house.core.sweep.run()
    await pond.minutes(2, "Bo")
    assert await pond.sessions() == [("", None, True, False), ("Bo", None, True, False)]


async def test_a_failed_transaction_that_is_tried_again_counts_once(pond: Watched) -> None:
    await pond.look()
    await pond.minutes(3, "Bo")
    row, recorder = await pond.house.row(pond.server), pond.house.core.recorder
    for _ in range(3):
        async with pond.house.database.begin() as session:
            at = row.known_at + timedelta(seconds=60)
            await recorder.look(session, [Told(row, None, Look(at, 1, frozenset({"Bo"})))], timedelta(minutes=3))
            await session.rollback()
    await pond.minutes(1, "Bo")
    pond.house.pass_time(timedelta(minutes=20))
    await recorder.flush()
    assert sum(each.seconds for each in await pond.buckets()) in range(170, 185)


async def test_a_pause_ends_the_sessions_at_the_last_look(pond: Watched) -> None:
    await pond.look()
    await pond.minutes(5, "Bo")
    await pond.house.servers.power.pause(ADA, pond.server)
    assert await pond.sessions() == [("", 4, True, False), ("Bo", 4, True, False)]


async def test_a_guild_without_names_keeps_none_and_those_it_had_go(pond: Watched) -> None:
    await pond.look()
    await pond.minutes(2, "Bo")
    await pond.house.guilds.setup(CY, {"names": False})
    assert await pond.sessions() == [("", None, True, False)]
    await pond.minutes(2, "Bo", "Di")
    assert await pond.sessions() == [("", None, True, False)]
    await pond.house.guilds.setup(CY, {"names": True})
    await pond.minutes(2, "Bo", "Di", "Ed")
    assert [each[0] for each in await pond.sessions()] == ["", "Ed"]


async def test_a_game_that_claims_nonsense_is_kept_as_far_as_it_goes(pond: Watched) -> None:
    row, recorder = await pond.house.row(pond.server), pond.house.core.recorder
    async with pond.house.database.begin() as session:
        claims = Look(pond.house.parts.now(), 3, frozenset({"B\0o", "C\ud83dy", "\0"}))
        await recorder.look(session, [Told(row, None, claims)], timedelta(minutes=3))
    assert [each[0] for each in await pond.sessions()] == [""]
    async with pond.house.database.begin() as session:
        claims = Look(pond.house.parts.now(), 10**12, frozenset())
        await recorder.look(session, [Told(row, None, claims)], timedelta(minutes=3))
    pond.house.pass_time(timedelta(minutes=20))
    await recorder.flush()
    assert max(each.high for each in await pond.buckets()) == 100_000


async def test_peaks_are_kept_where_the_cluster_tells_them(pond: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    async def tells(servers: list[str]) -> dict[str, InUse]:
        return {server: InUse(cpu=730, memory=512 * 2**20) for server in servers}

    monkeypatch.setattr(pond.house.cluster, "usage_of_all", tells)
    await pond.look("Bo")
    await pond.house.core.recorder.run()
    await pond.minutes(12, "Bo")
    await pond.house.core.recorder.flush()
    assert max((each.cpu, each.memory) for each in await pond.buckets()) == (730, 512)


async def keep(pond: Watched, rows: Callable[[], list[Any]]) -> None:
    async with pond.house.database.begin() as session:
        session.add_all(rows())


async def test_buckets_become_hours_and_days_with_age_and_keep_their_sums(pond: Watched) -> None:
    begin = int((pond.house.parts.now() - timedelta(days=50)).timestamp()) // DAY * DAY
    end = int(pond.house.parts.now().timestamp()) // FINE * FINE

    def rows() -> list[BucketRow]:
        starts = range(begin, end, 7 * FINE)
        return [
            BucketRow(server=pond.server, span=FINE, start=start, known=FINE, seconds=start % 977, high=start % 31)
            for start in starts
        ]

    await keep(pond, rows)
    before = [(each.known, each.seconds, each.high) for each in await pond.buckets()]
    for _ in range(3):
        await pond.house.core.tidying.run()
        after = await pond.buckets()
        assert {each.span for each in after} == {FINE, HOUR, DAY}
        assert sum(each.known for each in after) == sum(each[0] for each in before)
        assert sum(each.seconds for each in after) == sum(each[1] for each in before)
        assert max(each.high for each in after) == max(each[2] for each in before)
        pond.house.pass_time(timedelta(hours=7))
    assert len(after) < 1000


async def test_what_is_old_is_dropped(pond: Watched) -> None:
    now = pond.house.parts.now()

    def rows() -> list[Any]:
        old, new = now - timedelta(days=91), now - timedelta(days=89)
        return [
            PlaySessionRow(server=pond.server, name="Old", began=old, ended=old),
            PlaySessionRow(server=pond.server, name="New", began=new, ended=new),
            BucketRow(server=pond.server, span=DAY, start=int(now.timestamp()) // DAY * DAY - 402 * DAY, known=9),
        ]

    await keep(pond, rows)
    await pond.house.core.tidying.run()
    assert [each[0] for each in await pond.sessions()] == ["New"]
    assert await pond.buckets() == []


async def test_no_server_fills_the_database_with_names(pond: Watched) -> None:
    now = pond.house.parts.now()

    def rows() -> list[Any]:
        times = [now - timedelta(seconds=number) for number in range(MOST_SESSIONS + 50)]
        return [PlaySessionRow(server=pond.server, name=f"p{n}", began=at, ended=at) for n, at in enumerate(times)]

    await keep(pond, rows)
    await pond.house.core.tidying.run()
    found = [each[0] for each in await pond.sessions()]
    assert len(found) == MOST_SESSIONS
    assert "p0" in found


async def test_a_server_that_is_gone_for_good_takes_all_of_it_along(pond: Watched) -> None:
    await pond.look("Bo")
    await pond.minutes(12, "Bo")
    await pond.house.core.recorder.flush()
    await pond.house.servers.removal.delete(ADA, pond.server, "Pond")
    pond.house.pass_time(timedelta(days=8))
    pond.house.controller.wake(pond.server)
    await pond.house.phase(pond.server, "deleted")
    assert (await pond.sessions(), await pond.buckets()) == ([], [])
