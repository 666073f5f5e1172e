"""What the cluster heals by itself: said in words, waited for, never counted against a game and never given up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.guilds.access import Actor
from core.notices.kinds.alarms import AlarmNotice, HostAlarm, NodeAlarm
from core.notices.kinds.notices import CrashedNotice, InterruptedNotice, InterruptionOver, NodeAwayNotice, NodeBack
from core.servers.host_problems import Troubled, alarms_of
from core.words import INTERRUPTIONS, NODE_STOPPED, Desired, PodPhase, Problem, Step

GUILD = 700
ADA = Actor(user=1, guild=GUILD, name="Ada")


async def running(house: Any) -> str:
    server = str(await house.create())
    await house.phase(server, "running")
    return server


async def starting(house: Any) -> str:
    house.cluster.ready_at_once = False
    server = str(await house.create())
    await house.until(server, lambda _: server in house.cluster.pods)
    return server


async def problem(house: Any, server: str, name: str | None) -> Any:
    return await house.until(server, lambda row: row.problem == name)


def see(house: Any, server: str, **more: Any) -> None:
    house.cluster.pods[server] = replace(house.cluster.pods[server], **more)
    house.cluster.tell(server)


async def delivered(house: Any, server: str) -> None:
    """Whatever the server has to say was posted."""
    outbox, now = house.core.outbox, house.parts.now()
    for row in await outbox.due(now, server):
        await outbox.trying(row.id, 1, now)
        await outbox.sent(row.id, 1000 + row.id, row.revision, now)


async def test_a_server_whose_node_is_away_for_hours_is_running_and_goes_on_by_itself(house: Any) -> None:
    server = await running(house)
    house.cluster.lose_node(server, "node7")
    row = await problem(house, server, "node_away")
    assert (row.phase, row.desired, row.start_by) == ("running", "running", None)
    view = await house.servers.lookup.get(ADA, server)
    assert (view.trouble.node, view.trouble.away_since) == ("node7", house.cluster.pods[server].away.since)
    await delivered(house, server)
    house.pass_time(timedelta(hours=3))
    await house.controller.reconcile(server)
    assert (await house.row(server)).desired == Desired.RUNNING
    house.cluster.find_node(server)
    row = await problem(house, server, None)
    assert (row.phase, row.desired, row.run) == ("running", "running", 1)
    assert [type(each) for each in await house.told(server, NodeBack)] == [NodeBack]
    assert await house.told(server, NodeAwayNotice) == []


async def test_a_node_that_was_away_for_a_moment_is_no_message(house: Any) -> None:
    server = await running(house)
    house.cluster.lose_node(server)
    await problem(house, server, "node_away")
    house.cluster.find_node(server)
    await problem(house, server, None)
    assert [row.state for row in await house.notices(server) if row.kind == "node_away"] == ["dropped"]


async def test_each_time_that_a_node_is_away_is_a_message_of_its_own(house: Any) -> None:
    server = await running(house)
    for _ in range(2):
        house.cluster.lose_node(server)
        await problem(house, server, "node_away")
        await delivered(house, server)
        house.cluster.find_node(server)
        await problem(house, server, None)
        await delivered(house, server)
    assert len([row for row in await house.notices(server) if row.kind == "node_away"]) == 2


async def test_a_start_has_its_whole_time_when_its_node_is_back(house: Any) -> None:
    server = await starting(house)
    see(house, server, step=Step.GAME)
    house.cluster.lose_node(server)
    await problem(house, server, "node_away")
    for _ in range(4):
        house.pass_time(timedelta(minutes=4))
        await house.controller.reconcile(server)
    assert (await house.servers.lookup.get(ADA, server)).start_by is None
    house.cluster.find_node(server)
    row = await problem(house, server, None)
    assert row.desired == Desired.RUNNING
    assert row.start_by - house.parts.now() > timedelta(minutes=3, seconds=50)
    house.pass_time(timedelta(minutes=6))
    house.controller.wake(server)
    assert (await house.phase(server, "paused")).because == "start_failed"


async def test_a_pause_while_the_node_is_away_is_said_and_done_when_it_is_back(house: Any) -> None:
    server = await running(house)
    house.cluster.lose_node(server)
    await problem(house, server, "node_away")
    end, house.cluster.end = house.cluster.end, lambda _: None  # nobody is there to end it
    await house.servers.power.pause(ADA, server)
    row = await house.phase(server, "stopping")
    assert row.problem == "node_away"
    house.cluster.end = end
    house.cluster.find_node(server)
    house.cluster.end(server)
    row = await house.phase(server, "paused")
    assert row.problem is None


async def test_nobody_knows_who_plays_where_the_node_is_away(house: Any) -> None:
    server = await running(house)
    house.cluster.lose_node(server)
    await problem(house, server, "node_away")
    await house.core.sweep.run()
    row = await house.row(server)
    assert (row.known_at, row.unknown_since is None) == (None, False)


@pytest.mark.parametrize("why", sorted(INTERRUPTIONS))
async def test_what_the_cluster_ends_is_said_and_starts_again_with_all_its_time(house: Any, why: Problem) -> None:
    server = await running(house)
    house.cluster.ready_at_once = False
    house.cluster.interrupt(server, why)
    await problem(house, server, why)
    await delivered(house, server)
    house.pass_time(timedelta(hours=1))  # its node takes its time
    await house.controller.reconcile(server)
    house.cluster.end(server)
    row = await house.phase(server, "starting")
    assert (row.problem, row.crash_count) == (why, 0)
    assert row.start_by - house.parts.now() > timedelta(minutes=3, seconds=50)
    assert await house.told(server, InterruptedNotice) == [InterruptedNotice(why)]
    house.cluster.become_ready(server)
    row = await house.phase(server, "running")
    assert row.problem is None
    assert await house.told(server, InterruptionOver) == [InterruptionOver(why)]
    assert await house.told(server, CrashedNotice) == []


async def test_what_was_up_and_finds_no_place_after_a_drain_is_not_given_up(house: Any) -> None:
    server = await running(house)
    house.cluster.ready_at_once = False
    house.cluster.interrupt(server, Problem.DRAINED)
    await problem(house, server, "drained")
    house.cluster.end(server)
    see(house, server, pod=PodPhase.PENDING, step=Step.PLACE, problem=Problem.NO_NODE)
    await problem(house, server, "no_node")
    for _ in range(3):
        house.pass_time(timedelta(hours=1))
        await house.controller.reconcile(server)
    assert (await house.row(server)).desired == Desired.RUNNING
    see(house, server, pod=PodPhase.STARTING, step=Step.GAME, problem=None)
    house.cluster.become_ready(server)
    await house.phase(server, "running")


async def test_a_machine_that_stops_again_and_again_is_no_crash(house: Any) -> None:
    server = await running(house)
    for _ in range(6):
        house.cluster.ready_at_once = False
        house.cluster.crash(server, 255, NODE_STOPPED)
        await house.phase(server, "starting")
        house.cluster.become_ready(server)
        row = await house.phase(server, "running")
    assert (row.crash_count, row.crash_log) == (0, "")
    assert await house.told(server, CrashedNotice) == []


# the operator


async def test_the_operator_is_told_once_of_a_node_and_when_it_is_over(house: Any) -> None:
    servers = [await running(house), str(await house.create("Brook"))]
    await house.phase(servers[1], "running")
    for server in servers:
        house.cluster.lose_node(server, "node7")
        await problem(house, server, "node_away")
    await house.core.host_problems.run()
    assert await house.core.alarms.open() == []  # it may be over in a moment
    house.pass_time(timedelta(minutes=2))
    for _ in range(2):
        await house.core.host_problems.run()
    assert [each.about for each in await house.core.alarms.open()] == ["node7"]
    house.cluster.find_node(servers[0])
    await problem(house, servers[0], None)
    await house.core.host_problems.run()
    assert len(await house.core.alarms.open()) == 1
    house.cluster.find_node(servers[1])
    await problem(house, servers[1], None)
    await house.core.host_problems.run()
    assert await house.core.alarms.open() == []


async def test_while_the_cluster_is_away_no_alarm_ends(house: Any) -> None:
    server = await running(house)
    house.cluster.lose_node(server)
    await problem(house, server, "node_away")
    house.pass_time(timedelta(minutes=2))
    await house.core.host_problems.run()
    house.cluster.go_away()
    await house.until(server, lambda _: house.parts.observed.stale_since is not None)
    await house.controller.reconcile(server)
    assert (await house.row(server)).problem == "node_away"  # until the cluster is known to be away
    house.pass_time(timedelta(minutes=2))
    house.controller.wake(server)
    await problem(house, server, "cluster_away")
    await house.core.host_problems.run()
    assert len(await house.core.alarms.open()) == 1
    house.cluster.come_back()
    await problem(house, server, "node_away")
    assert len([row for row in await house.notices(server) if row.kind == "node_away"]) == 1


def test_what_only_the_operator_can_change_is_one_alarm_however_many_servers_have_it(house: Any) -> None:
    now = house.parts.now()
    long_ago = now - timedelta(minutes=5)
    troubled = [
        Troubled("b", Problem.NO_NODE, long_ago, "taints"),
        Troubled("a", Problem.NO_NODE, long_ago, "taints too"),
        Troubled("c", Problem.NO_NODE, now, "new"),
        Troubled("d", Problem.CRASHING, long_ago),
        Troubled("e", Problem.NODE_AWAY, long_ago, node="n1"),
        Troubled("f", Problem.NO_PLACE, long_ago),
    ]
    expected: list[AlarmNotice] = [
        HostAlarm("no_node", count=2, server="a", why="taints too"),
        NodeAlarm("n1", count=1),
    ]
    assert alarms_of(troubled, now) == expected
