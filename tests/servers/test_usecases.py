"""What members ask of servers, over a real database and the real controller; the cluster is in memory."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from core.errors import BadInput, LimitReached, NotAllowed, NotFound, Refusal
from core.guilds.access import Actor, Do

GUILD, CHANNEL = 700, 701
ADA = Actor(user=1, guild=GUILD, name="Ada")
BO = Actor(user=2, guild=GUILD, name="Bo")
CY = Actor(user=3, guild=GUILD, name="Cy", manages_guild=True)
STRANGER = Actor(user=9, guild=999, name="Eve", manages_guild=True)


async def test_a_created_server_starts_gets_an_address_and_says_that_it_is_ready(house) -> None:
    view = await house.servers.create(ADA, channel=CHANNEL, game="Meadow", name="Pond", size="small")
    assert (view.phase, view.name, view.owner) == ("starting", "Pond", 1)
    await house.phase(view.id, "running")
    ready = await house.servers.get(BO, "pond")
    assert ready.address is not None
    assert ready.address.startswith("127.0.0.1:255")
    assert [notice.kind for notice in await house.notices(view.id)] == ["ready"]


async def test_pause_and_resume_are_a_new_run_of_the_same_volume(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.pause(ADA, server)
    await house.phase(server, "paused")
    await house.servers.resume(BO, server)
    row = await house.phase(server, "running")
    assert (row.run, row.volume) == (2, 1)


async def test_resume_while_it_is_still_stopping_is_accepted(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.pause(ADA, server)
    await house.servers.resume(ADA, server)
    row = await house.phase(server, "running")
    assert row.run == 2


async def test_two_who_press_resume_at_once_make_one_run(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.pause(ADA, server)
    await house.phase(server, "paused")
    await asyncio.gather(*(house.servers.resume(who, server) for who in (ADA, BO, CY)))
    row = await house.phase(server, "running")
    assert row.run == 2


async def test_restart_replaces_the_pod(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    before = house.cluster.pods[server].uid
    await house.servers.restart(ADA, server)
    await house.until(server, lambda row: row.run == 2 and row.phase == "running" and row.ready_at is not None)
    assert house.cluster.pods[server].uid != before
    assert house.cluster.pods[server].run == 2


async def test_a_player_may_not_pause_and_is_told_who_can(house) -> None:
    server = await house.create()
    with pytest.raises(NotAllowed) as refused:
        await house.servers.pause(BO, server)
    assert refused.value.values == {"do": Do.PAUSE, "name": "Pond", "owner": "Ada"}
    await house.servers.pause(CY, server)


async def test_another_guilds_server_looks_like_one_that_does_not_exist(house) -> None:
    server = await house.create()
    answers = []
    for asked in (server, "Pond", "nosuchserver", "No such"):
        with pytest.raises(NotFound) as refused:
            await house.servers.get(STRANGER, asked)
        answers.append(str(refused.value))
    assert len(set(answers)) == 1


async def test_a_name_is_taken_whatever_its_case_and_free_again_after_delete(house) -> None:
    server = await house.create("Pond")
    with pytest.raises(BadInput, match=r"name\.taken"):
        await house.create("pOND", actor=BO)
    await house.servers.delete(ADA, server, "pond")
    assert await house.create("POND", actor=BO)


async def test_two_who_create_the_same_name_at_once_get_one_server(house) -> None:
    made = await asyncio.gather(house.create("Pond"), house.create("Pond", actor=BO), return_exceptions=True)
    assert sorted(type(each).__name__ for each in made) == ["BadInput", "str"]


async def test_quotas_a_member_and_ports_of_the_pool(house) -> None:
    await house.create("One")
    await house.create("Two")
    with pytest.raises(LimitReached, match="member_full"):
        await house.create("Three")
    await house.create("Three", actor=BO)
    await house.create("Four", actor=BO)
    with pytest.raises(LimitReached, match="no_ports"):
        await house.create("Five", actor=CY)
    rows = [await house.servers.get(ADA, name) for name in ("One", "Two", "Three", "Four")]
    assert len({row.address for row in rows}) == 4


async def test_delete_asks_for_the_name_and_undo_brings_it_back_paused(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    with pytest.raises(BadInput, match="name_differs"):
        await house.servers.delete(ADA, server, "Pind")
    view = await house.servers.delete(ADA, server, "Pond")
    assert view.purge_at is not None
    await house.servers.undo(ADA, server)
    await house.phase(server, "paused")
    assert house.cluster.specs[server].replicas == 0
    (deleted,) = [notice for notice in await house.notices(server) if notice.kind == "deleted"]
    assert deleted.data["state"] == "undone"


async def test_after_its_time_a_deleted_server_is_purged_and_its_port_given_back(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.delete(ADA, server, "Pond")
    house.pass_time(timedelta(days=7, seconds=1))
    with pytest.raises(Refusal, match="too_late"):
        await house.servers.undo(ADA, server)
    house.controller.wake(server)
    await house.phase(server, "deleted")
    assert server not in house.cluster.specs
    with pytest.raises(NotFound):
        await house.servers.get(ADA, server)


async def test_an_edit_checks_all_before_it_changes_anything(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    with pytest.raises(BadInput):
        await house.servers.edit(ADA, server, {"greeting": "Hello", "max_players": "many"})
    assert (await house.servers.get(ADA, server)).settings["greeting"] != "Hello"
    await house.servers.edit(ADA, server, {"greeting": "Hello", "max_players": "8"})
    row = await house.until(server, lambda row: row.run == 2 and row.phase == "running" and row.ready_at is not None)
    assert row.settings == {"greeting": "Hello", "max_players": "8"}
    assert house.cluster.specs[server].settings["max_players"] == "8"


async def test_an_edit_that_changes_nothing_restarts_nothing(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.edit(ADA, server, {"name": "Pond", "description": ""})
    assert (await house.row(server)).run == 1


async def test_keep_needs_a_running_server_and_never_shortens(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    long = await house.servers.keep(BO, server, 5)
    short = await house.servers.keep(BO, server, 1)
    assert short.idle.keep_until == long.idle.keep_until
    with pytest.raises(BadInput):
        await house.servers.keep(BO, server, 25)
    await house.servers.pause(ADA, server)
    with pytest.raises(Refusal, match="not_running"):
        await house.servers.keep(BO, server)


async def test_three_crashes_before_it_was_ever_ready_stop_the_server_with_its_log(house) -> None:
    house.cluster.ready_at_once = False
    server = await house.create()
    await house.until(server, lambda _: server in house.cluster.pods)
    for count in (1, 2, 3):
        house.cluster.crash(server, 137)
        await house.until(server, lambda row, n=count: row.crash_count == n or row.desired == "paused")
    row = await house.phase(server, "paused")
    assert (row.because, row.crash_count) == ("crashes", 3)
    (notice,) = await house.notices(server)
    assert notice.kind == "crashed"
    assert notice.data["gave_up"] is True
    assert "the last words" in notice.data["log"]


async def test_a_start_that_never_ends_is_given_up_with_its_port_kept(house) -> None:
    house.cluster.ready_at_once = False
    server = await house.create()
    house.pass_time(timedelta(minutes=6))
    house.controller.wake(server)
    row = await house.phase(server, "paused")
    assert row.because == "start_failed"
    assert (await house.servers.get(ADA, server)).address is not None


async def test_while_the_cluster_is_away_commands_are_recorded_and_done_later(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    house.cluster.go_away()
    view = await house.servers.pause(ADA, server)
    assert view.desired == "paused"
    house.cluster.come_back()
    await house.phase(server, "paused")


async def test_one_servers_trouble_never_delays_anothers(house) -> None:
    bad = await house.create("Bad")
    await house.phase(bad, "running")
    house.cluster.refuse.add(bad)
    await house.servers.pause(ADA, bad)
    good = await house.create("Good", actor=BO)
    await house.phase(good, "running")
    house.cluster.refuse.clear()
    await house.phase(bad, "paused")


async def test_every_event_of_one_command_carries_its_trace_and_phases_carry_usage(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    events = await house.events(server)
    assert [event.kind for event in events] == ["created", "phase"]
    assert len({event.trace for event in events}) == 1
    assert events[-1].cpu == 100
    assert events[-1].memory == 96
    assert events[-1].exposure == 1


async def test_suggestions_show_only_what_this_member_may_act_on(house) -> None:
    server = await house.create("Pond")
    await house.create("Puddle", actor=BO)
    assert [each[0] for each in await house.servers.suggest(ADA, "p", Do.DELETE)] == [server]
    assert len(await house.servers.suggest(ADA, "p", Do.RESUME)) == 2
    assert await house.servers.suggest(STRANGER, "", Do.SEE) == []
