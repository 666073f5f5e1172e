"""What goes wrong, and what must not follow from it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import pytest

from core.errors import LimitReached, Refusal
from core.guilds.access import Actor
from core.notices.codec import notice_of
from core.notices.kinds.notices import DeletionFinal, IdleWarned, Notice, PauseOver
from core.notices.outbox import say
from core.servers.host_rules import HostRules

GUILD, CHANNEL = 700, 701
ADA = Actor(user=1, guild=GUILD, name="Ada")
BO = Actor(user=2, guild=GUILD, name="Bo")


async def test_a_refusal_is_said_once_and_tried_again_at_growing_distance(house: Any) -> None:
    server = await house.create()
    await house.phase(server, "running")
    house.cluster.refuse.add(server)
    before = len(house.cluster.calls)
    await house.servers.power.pause(ADA, server)
    await house.until(server, lambda row: row.problem == "cannot_apply")
    await asyncio.sleep(1.0)  # long enough for thousands, had it no back-off
    assert len(house.cluster.calls) - before <= 6
    assert [event.kind for event in await house.events(server)].count("problem") == 1
    house.cluster.refuse.clear()
    row = await house.until(server, lambda row: row.phase == "paused" and row.problem is None)
    assert row.problem_detail == ""


async def test_one_refused_call_is_not_the_whole_cluster_being_away(house: Any) -> None:
    bad, good = await house.create("Bad"), await house.create("Good", actor=BO)
    await house.phase(bad, "running")
    await house.phase(good, "running")
    house.cluster.refuse.add(bad)
    await house.servers.power.pause(ADA, bad)
    await house.servers.power.pause(BO, good)
    await house.phase(good, "paused")


async def test_an_undo_that_comes_after_the_release_was_committed_is_refused(house: Any) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.removal.delete(ADA, server, "Pond")
    house.pass_time(timedelta(days=7, seconds=1))
    house.controller.wake(server)
    await house.phase(server, "deleted")
    row = await house.row(server)
    assert row.purge_at is None
    with pytest.raises(Refusal):
        await house.servers.removal.undo(ADA, server)


async def test_after_a_purge_its_notice_offers_no_undo_any_more(house: Any) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.removal.delete(ADA, server, "Pond")
    house.pass_time(timedelta(days=8))
    house.controller.wake(server)
    await house.phase(server, "deleted")
    assert await house.told(server, Notice) == [ANY, DeletionFinal(ADA.user)]


async def test_undo_is_bound_by_the_quota(house: Any) -> None:
    first = await house.create("One")
    await house.servers.removal.delete(ADA, first, "One")
    await house.create("Two")
    await house.create("Three")
    with pytest.raises(LimitReached):
        await house.servers.removal.undo(ADA, first)


@pytest.mark.parametrize("rules", [HostRules("127.0.0.1", ports=range(25500, 25600), master_key=b"key")])
async def test_creating_and_deleting_in_turns_does_not_empty_the_hosts_pool(house: Any) -> None:
    async def take_turns() -> None:
        for number in range(20):
            server = await house.create(f"Pond {number}")
            await house.servers.removal.delete(ADA, server, f"Pond {number}")

    with pytest.raises(LimitReached, match="too_many_deleted"):
        await take_turns()
    assert await house.create("Mine", actor=BO)


async def test_two_creates_at_once_do_not_pass_the_quota_together(house: Any) -> None:
    await house.create("One")
    made = await asyncio.gather(*(house.create(name) for name in ("Two", "Three", "Four")), return_exceptions=True)
    assert sorted(type(each).__name__ for each in made) == ["LimitReached", "LimitReached", "str"]


async def test_a_restart_keeps_the_promise_to_stay_awake_and_a_pause_ends_it(house: Any) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.power.keep(ADA, server, 5)
    await house.servers.power.restart(ADA, server)
    assert (await house.row(server)).keep_until is not None
    await house.servers.power.pause(ADA, server)
    assert (await house.row(server)).keep_until is None


async def test_a_new_name_throws_nobody_out(house: Any) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.editing.edit(ADA, server, {"name": "Lake"})
    row = await house.row(server)
    assert (row.run, row.name) == (1, "Lake")


async def test_a_game_that_hangs_after_it_was_up_has_as_long_as_a_start_and_is_then_given_up(house: Any) -> None:
    server = await house.create()
    await house.phase(server, "running")
    house.cluster.hang(server)
    row = await house.phase(server, "starting")
    assert row.start_by is not None
    house.pass_time(timedelta(minutes=6))
    house.controller.wake(server)
    row = await house.phase(server, "paused")
    assert row.because == "start_failed"


async def test_a_game_that_never_becomes_ready_and_exits_with_0_counts_as_crashing(house: Any) -> None:
    house.cluster.ready_at_once = False
    server = await house.create()
    await house.until(server, lambda _: server in house.cluster.pods)
    for count in (1, 2, 3):
        house.cluster.crash(server, 0, reason="NotReady")
        await house.until(server, lambda row, n=count: row.crash_count == n or row.desired == "paused")
    assert (await house.phase(server, "paused")).because == "crashes"


async def test_what_a_game_printed_never_stops_the_controller(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def logs(*_: object, **__: object) -> str:
        return "boom\x00\x1b[31m\ud800 end"

    monkeypatch.setattr(house.cluster, "logs", logs)
    server = await house.create()
    await house.phase(server, "running")
    house.cluster.crash(server, 1, reason="Er\x00ror")
    row = await house.until(server, lambda row: row.crash_count == 1)
    assert row.crash_log == "boom end"


async def test_news_that_comes_while_a_notice_is_being_sent_is_sent_too(house: Any) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.power.pause(ADA, server)
    outbox = house.core.outbox
    (row,) = [each for each in await outbox.due(house.parts.now(), server) if each.kind == "paused"]
    await outbox.trying(row.id, 1, house.parts.now())
    await house.servers.power.resume(ADA, server)  # between the send and its record
    await outbox.sent(row.id, 1000, row.revision, house.parts.now())
    again = [each for each in await outbox.due(house.parts.now(), server) if each.kind == "paused"]
    assert [notice_of(each.kind, each.data) for each in again] == [PauseOver(ADA.user)]


async def test_keeping_alive_and_delivering_at_once_never_deadlock(house: Any) -> None:
    server = await house.create()
    await house.phase(server, "running")
    outbox = house.core.outbox
    for _ in range(20):
        async with house.database.begin() as session:
            row = await session.get(type(await house.row(server)), server, with_for_update=True)
            row.warned_at, row.episode = house.parts.now(), row.episode + 1
            await _warn(session, row, house.parts.now())
        (notice,) = [each for each in await outbox.due(house.parts.now(), server) if each.kind == "idle"]
        await asyncio.gather(
            outbox.sent(notice.id, 1, notice.revision, house.parts.now()), house.servers.power.keep(ADA, server)
        )
        for each in await outbox.due(house.parts.now(), server):
            await outbox.sent(each.id, 1, each.revision, house.parts.now())


async def _warn(session: Any, row: Any, now: Any) -> None:
    await say(session, row, IdleWarned(), now, episode=row.episode)
