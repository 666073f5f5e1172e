"""The machine's clock is set: back, and nothing waits for the old time to come again; forward, and nobody is paused
without a warning that stood for its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.games.query.port import Players, Query
from core.guilds.access import Actor
from core.idle.sweep import Sweep
from core.notices.kinds.notices import IdleNotice, IdleWarned, ReadyNotice
from core.servers.cards import COMMITTED_WITHIN
from core.words import Because, Empty, Evidence, NoticeKind, Problem, Unknown

ADA = Actor(user=1, guild=700, name="Ada")
BACK = timedelta(hours=-2)
MINUTE = timedelta(minutes=1)


class Said(Query):
    def __init__(self) -> None:
        self.evidence: Evidence = Empty()

    async def players(self, endpoint: object, rule: object, *, token: str = "") -> Players:
        return Players(self.evidence, 16)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def sweep(house: Any, said: Said) -> Sweep:
    house.queries["http"] = said
    return house.core.sweep  # type: ignore[no-any-return]


async def running(house: Any, sweep: Sweep) -> str:
    server = str(await house.create())
    await house.phase(server, "running")
    await sweep.run()
    return server


async def deliver(house: Any) -> None:
    outbox, now = house.core.outbox, house.parts.now
    for key in await outbox.due_keys(now()):
        for row in await outbox.due(now(), key):
            await outbox.trying(row.id, 1, now())
            await outbox.sent(row.id, 1000 + row.id, row.revision, now())


async def sweeps(house: Any, sweep: Sweep, minutes: int) -> int:
    """So many, a minute apart, each message delivered at once; after how many it was no longer to run."""
    for passed in range(minutes):
        house.pass_time(MINUTE)
        await deliver(house)
        await sweep.run()
        if (await house.row(next(iter(house.cluster.specs)))).desired != "running":
            return passed + 1
    return minutes + 1


async def test_set_back_an_empty_server_pauses_as_if_it_had_just_become_empty(house: Any, sweep: Sweep) -> None:
    server = await running(house, sweep)
    await sweeps(house, sweep, 5)
    house.pass_time(BACK)
    assert await sweeps(house, sweep, 30) in range(14, 19)  # 15 min, and what the sweeps and the pause's look take
    assert (await house.row(server)).because == "idle"


async def test_set_back_after_its_warning_it_pauses_when_the_warning_has_stood_for_its_time(
    house: Any, sweep: Sweep
) -> None:
    server = await running(house, sweep)
    await sweeps(house, sweep, 11)
    await deliver(house)
    assert isinstance((await house.told(server, IdleNotice))[0], IdleWarned)
    house.pass_time(BACK)
    assert await sweeps(house, sweep, 30) in range(5, 19)
    assert (await house.row(server)).because == "idle"


async def test_set_back_a_promise_to_keep_it_awake_lasts_as_long_as_it_was_to(house: Any, sweep: Sweep) -> None:
    server = await running(house, sweep)
    await house.servers.power.keep(ADA, server, 1)
    house.pass_time(BACK)
    assert await sweeps(house, sweep, 100) in range(60, 70)


async def test_set_back_a_start_that_does_not_come_up_is_given_up(house: Any) -> None:
    house.cluster.ready_at_once = False
    server = await house.create()
    before = (await house.row(server)).start_by
    house.pass_time(BACK)
    house.controller.wake(server)
    row = await house.until(server, lambda row: row.start_by != before)
    assert row.start_by - house.parts.now() <= timedelta(minutes=5)
    house.pass_time(timedelta(minutes=5, seconds=1))
    house.controller.wake(server)
    assert (await house.phase(server, "paused")).because == Because.START_FAILED


async def test_set_back_a_game_that_the_cluster_says_is_ready_since_later_has_its_grace_and_no_more(
    house: Any, sweep: Sweep
) -> None:
    """The clock of the cluster is not set."""
    server = await running(house, sweep)
    cluster_now = house.cluster.now
    house.cluster.now = lambda: cluster_now() - BACK
    house.pass_time(BACK)
    await house.servers.power.restart(ADA, server)
    row = await house.until(server, lambda row: row.run == 2 and row.ready_at is not None)
    assert row.ready_at <= house.parts.now()
    assert len(await house.told(server, ReadyNotice)) == 2
    assert await sweeps(house, sweep, 40) in range(14, 21)


async def test_set_back_a_message_that_waits_for_its_next_try_is_due(house: Any) -> None:
    server = await house.create()
    await house.phase(server, "running")
    outbox, now = house.core.outbox, house.parts.now
    [row] = await outbox.due(now(), server)
    await outbox.retry(row.id, now(), at_least=20 * 3600)
    assert await outbox.due_keys(now()) == []
    house.pass_time(BACK)
    assert await outbox.due_keys(now()) == [server]
    assert [each.id for each in await outbox.due(now(), server)] == [row.id]


async def test_set_back_a_game_that_does_not_tell_is_said_within_a_day(house: Any, sweep: Sweep, said: Said) -> None:
    server = await running(house, sweep)
    said.evidence = Unknown("no answer")
    await sweep.run()
    house.pass_time(BACK)
    await sweep.run()
    house.pass_time(timedelta(hours=24, minutes=1))
    await sweep.run()
    assert NoticeKind.UNKNOWN in [each.kind for each in await house.notices(server)]


async def test_set_back_a_cluster_that_is_away_is_said_after_a_minute(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await house.create()
    await house.phase(server, "running")
    house.cluster.go_away()
    await house.until(server, lambda _: house.parts.observed.stale_since is not None)
    house.pass_time(BACK)
    house.controller.wake(server)
    await house.until(server, lambda _: house.parts.observed.stale_since <= house.parts.now())
    house.pass_time(MINUTE * 1.1)
    house.controller.wake(server)
    await house.until(server, lambda row: row.problem == Problem.CLUSTER_AWAY)


async def test_set_back_a_card_that_changes_is_not_taken_for_up_to_date(house: Any) -> None:
    server, cards = await house.create(), house.core.cards
    await house.phase(server, "running")
    reading = await cards.get(server)
    await cards.shown(server, 1, 2, "x", reading.at + COMMITTED_WITHIN)
    assert await cards.stale() == []
    house.pass_time(BACK)
    await house.servers.power.keep(ADA, server)
    assert await cards.stale() == [server]


# forward


@pytest.mark.parametrize("at", [9, 11, 13])
async def test_set_forward_nobody_is_paused_before_the_warning_stood_for_its_time(
    house: Any, sweep: Sweep, at: int
) -> None:
    """Before the warning, right after it, and while it stands."""
    server = await running(house, sweep)
    await sweeps(house, sweep, at)
    await deliver(house)
    house.pass_time(timedelta(days=1))
    warned = None
    for _ in range(40):
        await sweep.run()
        await deliver(house)
        row = await house.row(server)
        if row.desired != "running":
            break
        warned = row.warning_delivered_at
        house.pass_time(MINUTE)
    assert row.desired == "paused"
    assert warned is not None
    assert house.parts.now() - warned >= timedelta(minutes=5)
