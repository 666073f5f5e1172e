"""The idle story over a real database and controller: the game's answers and the clock are the test's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.data.tables import NoticeRow
from core.games.query.port import Players, Query
from core.guilds.access import Actor
from core.idle.sweep import Sweep
from core.notices.outbox import Outbox
from core.words import Empty, Evidence, Occupied, Unknown

GUILD = 700
ADA = Actor(user=1, guild=GUILD, name="Ada")


class Said(Query):
    """A game that answers what the test says, and counts how often it was asked."""

    def __init__(self) -> None:
        self.evidence: Evidence = Empty()
        self.then: list[Evidence] = []

    async def players(self, endpoint: object, rule: object, *, token: str = "") -> Players:
        if self.then:
            self.evidence = self.then.pop(0)
        return Players(self.evidence, 16)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def sweep(house, said) -> Sweep:
    return Sweep(house.desk, {"http": said}, every=timedelta(seconds=15))


async def deliver(house) -> None:
    outbox = Outbox(house.database)
    keys = await outbox.due_keys(house.desk.now())
    for row in [row for key in keys for row in await outbox.due(house.desk.now(), key)]:
        await outbox.trying(row.id, 1, house.desk.now())
        await outbox.sent(row.id, 1000 + row.id, row.revision, house.desk.now())


async def idle(house, server: str) -> NoticeRow:
    return next(row for row in await house.notices(server) if row.kind == "idle")


async def minutes(house, sweep, n: int) -> None:
    for _ in range(n):
        house.pass_time(timedelta(minutes=1))
        await sweep.run()


async def warned(house, sweep) -> str:
    server = await house.create()
    await house.phase(server, "running")
    await sweep.run()
    await minutes(house, sweep, 11)
    return server


async def test_an_empty_server_is_warned_about_and_then_paused_in_one_message(house, sweep) -> None:
    server = await warned(house, sweep)
    assert (await idle(house, server)).data["state"] == "warned"
    await deliver(house)
    await minutes(house, sweep, 5)
    row = await house.phase(server, "paused")
    assert row.because == "idle"
    notice = await idle(house, server)
    assert notice.data["state"] == "paused"
    assert notice.data["after"] >= 15 * 60
    assert [each.kind for each in await house.notices(server)] == ["ready", "idle"]


async def test_a_warning_that_was_not_delivered_does_not_pause(house, sweep) -> None:
    server = await warned(house, sweep)
    await minutes(house, sweep, 10)
    assert (await house.row(server)).desired == "running"


async def test_somebody_who_joins_withdraws_the_warning_in_its_message(house, sweep, said) -> None:
    server = await warned(house, sweep)
    said.evidence = Occupied(("Bo",))
    await sweep.run()
    assert (await house.row(server)).warned_at is None
    notice = await idle(house, server)
    assert (notice.data["state"], notice.data["names"]) == ("joined", ["Bo"])


async def test_who_joins_in_the_last_second_is_not_paused_away(house, sweep, said) -> None:
    server = await warned(house, sweep)
    await deliver(house)
    await minutes(house, sweep, 4)
    house.pass_time(timedelta(minutes=1))
    said.then = [Empty(), Occupied(("Bo",))]
    await sweep.run()
    row = await house.row(server)
    assert (row.desired, row.players) == ("running", ["Bo"])


async def test_a_query_that_stops_answering_never_pauses(house, sweep, said) -> None:
    server = await warned(house, sweep)
    await deliver(house)
    said.evidence = Unknown("no answer")
    await minutes(house, sweep, 60)
    assert (await house.row(server)).desired == "running"


async def test_keep_alive_wins_over_a_pause_that_is_due(house, sweep) -> None:
    server = await warned(house, sweep)
    await deliver(house)
    await minutes(house, sweep, 4)
    await house.servers.keep(ADA, server)
    await minutes(house, sweep, 2)
    assert (await house.row(server)).desired == "running"
    assert (await idle(house, server)).data["state"] == "kept"


async def test_an_outage_of_the_cluster_holds(house, sweep) -> None:
    server = await warned(house, sweep)
    await deliver(house)
    house.cluster.go_away()
    house.pass_time(timedelta(minutes=30))
    await house.until(server, lambda _: house.desk.live.stale_since is not None)
    await sweep.run()
    assert (await house.row(server)).desired == "running"


async def test_a_game_that_does_not_tell_for_a_day_is_said_once_a_day(house, sweep, said) -> None:
    server = await house.create()
    await house.phase(server, "running")
    said.evidence = Unknown("no answer")
    for _ in range(50):
        await sweep.run()
        house.pass_time(timedelta(hours=1))
    kinds = [each.kind for each in await house.notices(server)]
    assert kinds.count("unknown") == 2


async def test_a_resume_edits_the_pauses_message(house, sweep) -> None:
    server = await warned(house, sweep)
    await deliver(house)
    await minutes(house, sweep, 6)
    await house.phase(server, "paused")
    await deliver(house)
    await house.servers.resume(ADA, server)
    assert (await idle(house, server)).data["state"] == "resumed"
