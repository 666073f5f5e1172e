"""What members ask of servers, over a real database and the real controller; the cluster is in memory."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from core.data.tables import ServerRow
from core.errors import BadInput, ChangedMeanwhile, LimitReached, NotAllowed, NotFound, Refusal
from core.guilds.access import Actor, Do, Level, Who
from core.notices.kinds.notices import CrashedNotice, DeletionUndone, Notice
from core.servers.edit import Shown

GUILD, CHANNEL = 700, 701
ADA = Actor(user=1, guild=GUILD, name="Ada")
BO = Actor(user=2, guild=GUILD, name="Bo")
CY = Actor(user=3, guild=GUILD, name="Cy", manages_guild=True)
STRANGER = Actor(user=9, guild=999, name="Eve", manages_guild=True)


async def test_a_created_server_starts_gets_an_address_and_says_that_it_is_ready(house) -> None:
    view = await house.servers.creation.create(ADA, channel=CHANNEL, game="Meadow", name="Pond", size="small")
    assert (view.phase, view.name, view.owner) == ("starting", "Pond", 1)
    await house.phase(view.id, "running")
    ready = await house.servers.lookup.get(BO, "pond")
    assert ready.address is not None
    assert ready.address.startswith("127.0.0.1:255")
    assert [notice.kind for notice in await house.notices(view.id)] == ["ready"]


async def test_where_a_router_leads_by_name_the_address_is_a_name_without_a_port(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    games = house.parts.catalogue._games
    ports = tuple(port.model_copy(update={"by_name": True}) for port in games["meadow"].ports)
    games["meadow"] = games["meadow"].model_copy(update={"ports": ports})
    pod = house.cluster.pods[server]
    house.cluster.pods[server] = replace(pod, address="pond-aaaa.play.example.org", by_name=True)
    house.cluster.tell(server)
    async with asyncio.timeout(60):
        while not house.parts.observed.of(server).by_name:
            await asyncio.sleep(0)
    assert (await house.servers.lookup.get(ADA, server)).address == "pond-aaaa.play.example.org"


async def test_pause_and_resume_are_a_new_run_of_the_same_volume(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    await house.servers.power.resume(BO, server)
    row = await house.phase(server, "running")
    assert (row.run, row.volume) == (2, 1)


async def test_resume_while_it_is_still_stopping_is_accepted(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.power.pause(ADA, server)
    await house.servers.power.resume(ADA, server)
    row = await house.phase(server, "running")
    assert row.run == 2


async def test_two_who_press_resume_at_once_make_one_run(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    await asyncio.gather(*(house.servers.power.resume(who, server) for who in (ADA, BO, CY)))
    row = await house.phase(server, "running")
    assert row.run == 2


async def test_restart_replaces_the_pod(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    before = house.cluster.pods[server].uid
    await house.servers.power.restart(ADA, server)
    await house.until(server, lambda row: row.run == 2 and row.phase == "running" and row.ready_at is not None)
    assert house.cluster.pods[server].uid != before
    assert house.cluster.pods[server].run == 2


async def test_a_player_may_not_pause_and_is_told_who_can(house) -> None:
    server = await house.create()
    with pytest.raises(NotAllowed) as refused:
        await house.servers.power.pause(BO, server)
    assert refused.value.values == {"do": Do.PAUSE, "name": "Pond", "who": Who(Level.OWNER, "Ada")}
    await house.servers.power.pause(CY, server)


async def test_another_guilds_server_looks_like_one_that_does_not_exist(house) -> None:
    server = await house.create()
    answers = []
    for asked in (server, "Pond", "nosuchserver", "No such"):
        with pytest.raises(NotFound) as refused:
            await house.servers.lookup.get(STRANGER, asked)
        answers.append(str(refused.value))
    assert len(set(answers)) == 1


async def test_a_name_is_taken_whatever_its_case_and_free_again_after_delete(house) -> None:
    server = await house.create("Pond")
    with pytest.raises(BadInput, match=r"name\.taken"):
        await house.create("pOND", actor=BO)
    await house.servers.removal.delete(ADA, server, "pond")
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
    rows = [await house.servers.lookup.get(ADA, name) for name in ("One", "Two", "Three", "Four")]
    assert len({row.address for row in rows}) == 4


async def test_delete_asks_for_the_name_and_undo_brings_it_back_paused(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    with pytest.raises(BadInput, match="name_differs"):
        await house.servers.removal.delete(ADA, server, "Pind")
    view = await house.servers.removal.delete(ADA, server, "Pond")
    assert view.purge_at is not None
    await house.servers.removal.undo(ADA, server)
    assert (await house.phase(server, "paused")).by is None  # nobody is said to have paused it
    assert house.cluster.specs[server].replicas == 0
    assert await house.told(server, DeletionUndone) == [DeletionUndone(ADA.user)]


async def test_after_its_time_a_deleted_server_is_purged_and_its_port_given_back(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.removal.delete(ADA, server, "Pond")
    house.pass_time(timedelta(days=7, seconds=1))
    with pytest.raises(Refusal, match="too_late"):
        await house.servers.removal.undo(ADA, server)
    house.controller.wake(server)
    await house.phase(server, "deleted")
    assert server not in house.cluster.specs
    with pytest.raises(NotFound):
        await house.servers.lookup.get(ADA, server)


async def test_a_deleted_server_can_be_let_go_of_before_its_time(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    with pytest.raises(Refusal, match=r"purge\.not_deleted"):
        await house.servers.removal.purge(ADA, server, "Pond")
    await house.servers.removal.delete(ADA, server, "Pond")
    with pytest.raises(BadInput, match="name_differs"):
        await house.servers.removal.purge(ADA, server, "Pind")
    with pytest.raises(NotAllowed):
        await house.servers.removal.purge(BO, server, "Pond")
    await house.servers.removal.purge(CY, server, "pond")
    await house.phase(server, "deleted")
    assert server not in house.cluster.specs
    assert [each.by for each in await house.events(server) if each.kind == "purge_asked"] == [CY.user]
    with pytest.raises(NotFound):
        await house.servers.removal.undo(ADA, server)


async def test_admins_see_all_deleted_servers_and_members_their_own(house) -> None:
    for name, actor in (("Pond", ADA), ("Lake", BO)):
        server = await house.create(name, actor=actor)
        await house.servers.removal.delete(actor, server, name)
    assert [view.name for view in await house.servers.lookup.deleted(ADA)] == ["Pond"]
    assert [view.name for view in await house.servers.lookup.deleted(CY)] == ["Pond", "Lake"]
    assert await house.servers.lookup.deleted(STRANGER) == []


async def test_an_edit_checks_all_before_it_changes_anything(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    with pytest.raises(BadInput):
        await house.servers.editing.edit(ADA, server, {"greeting": "Hello", "max_players": "many"})
    assert (await house.servers.lookup.get(ADA, server)).settings["greeting"] != "Hello"
    await house.servers.editing.edit(ADA, server, {"greeting": "Hello", "max_players": "8"})
    assert (await house.row(server)).settings == {"greeting": "Hello", "max_players": "8"}


async def test_an_edit_that_changes_nothing_restarts_nothing(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await house.servers.editing.edit(ADA, server, {"name": "Pond", "description": ""})
    assert (await house.row(server)).run == 1


async def shown(house, server: str, *keys: str) -> Shown:
    """What a form that shows these values carries."""
    return Shown.of((await house.servers.lookup.get(ADA, server)).editable, keys)


async def test_a_form_does_not_undo_what_somebody_else_changed_while_it_was_open(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    opened = await shown(house, server, "greeting", "max_players")
    await house.servers.editing.edit(CY, server, {"greeting": "Good evening"})
    with pytest.raises(ChangedMeanwhile):
        await house.servers.editing.edit(ADA, server, {"greeting": "Hello", "max_players": "8"}, shown=opened)
    row = await house.row(server)
    assert row.settings == {"greeting": "Good evening"}
    again = await shown(house, server, "greeting", "max_players")
    await house.servers.editing.edit(ADA, server, {"greeting": "Hello", "max_players": "8"}, shown=again)
    assert (await house.row(server)).settings == {"greeting": "Hello", "max_players": "8"}


async def test_a_form_minds_only_what_it_showed(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    opened, before = await shown(house, server, "greeting"), await house.row(server)
    await house.servers.editing.edit(CY, server, {"name": "Puddle", "max_players": "8"})
    await house.servers.power.pause(CY, server)
    await house.phase(server, "paused")
    async with house.database.begin() as session:
        row = await session.get_one(ServerRow, server, with_for_update=True)
        row.players_online = 3
    await house.servers.editing.edit(ADA, server, {"greeting": "Hello"}, shown=opened)
    row = await house.row(server)
    assert row.settings == {"greeting": "Hello", "max_players": "8"}
    assert row.version > before.version


async def test_a_form_that_would_change_nothing_more_is_no_quarrel(house) -> None:
    server = await house.create()
    opened = await shown(house, server, "greeting")
    await house.servers.editing.edit(CY, server, {"greeting": "Hello"})
    view = await house.servers.editing.edit(ADA, server, {"greeting": "Hello"}, shown=opened)
    assert view.settings["greeting"] == "Hello"


async def test_each_write_of_a_row_makes_a_new_version_and_a_view_says_which_it_is(house) -> None:
    server = await house.create()
    running = await house.phase(server, "running")
    kept = await house.servers.power.keep(ADA, server)
    assert kept.version == (await house.row(server)).version > running.version
    async with house.database.begin() as session:
        row = await session.get_one(ServerRow, server, with_for_update=True)
        row.players = list(row.players)  # nothing new
    assert (await house.row(server)).version == kept.version


async def test_keep_needs_a_running_server_and_never_shortens(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    long = await house.servers.power.keep(BO, server, 5)
    short = await house.servers.power.keep(BO, server, 1)
    assert short.idle.keep_until == long.idle.keep_until
    with pytest.raises(BadInput):
        await house.servers.power.keep(BO, server, 25)
    await house.servers.power.pause(ADA, server)
    with pytest.raises(Refusal, match="not_running"):
        await house.servers.power.keep(BO, server)


async def test_three_crashes_before_it_was_ever_ready_stop_the_server_with_its_log(house) -> None:
    house.cluster.ready_at_once = False
    server = await house.create()
    await house.until(server, lambda _: server in house.cluster.pods)
    for count in (1, 2, 3):
        house.cluster.crash(server, 137)
        await house.until(server, lambda row, n=count: row.crash_count == n or row.desired == "paused")
    row = await house.phase(server, "paused")
    assert (row.because, row.crash_count) == ("crashes", 3)
    (notice,) = await house.told(server, Notice)
    assert isinstance(notice, CrashedNotice)
    assert notice.gave_up
    assert (notice.trouble.code, notice.trouble.count) == (137, 3)
    assert "the last words" in notice.log


async def test_a_start_that_never_ends_is_given_up_with_its_port_kept(house) -> None:
    house.cluster.ready_at_once = False
    server = await house.create()
    house.pass_time(timedelta(minutes=6))
    house.controller.wake(server)
    row = await house.phase(server, "paused")
    assert row.because == "start_failed"
    assert (await house.servers.lookup.get(ADA, server)).address is not None


async def test_while_the_cluster_is_away_commands_are_recorded_and_done_later(house) -> None:
    server = await house.create()
    await house.phase(server, "running")
    house.cluster.go_away()
    view = await house.servers.power.pause(ADA, server)
    assert view.desired == "paused"
    house.cluster.come_back()
    await house.phase(server, "paused")


async def test_one_servers_trouble_never_delays_anothers(house) -> None:
    bad = await house.create("Bad")
    await house.phase(bad, "running")
    house.cluster.refuse.add(bad)
    await house.servers.power.pause(ADA, bad)
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
    assert [each[0] for each in await house.servers.lookup.suggest(ADA, "p", Do.DELETE)] == [server]
    assert len(await house.servers.lookup.suggest(ADA, "p", Do.RESUME)) == 2
    assert await house.servers.lookup.suggest(STRANGER, "", Do.SEE) == []
