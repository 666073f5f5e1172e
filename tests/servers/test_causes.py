"""What people are told of a server that does not come up: the values that its words need, and until when they hold."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.cluster.port import InUse, Observed
from core.errors import ClusterAway
from core.guilds.access import Actor
from core.notices.kinds.notices import StartFailedNotice
from core.servers.observed import ObservedServers
from core.words import Lack, PodPhase, Problem, Step

GUILD = 700
ADA = Actor(user=1, guild=GUILD, name="Ada")


async def starting(house: Any) -> str:
    """A server whose pod waits for something."""
    house.cluster.ready_at_once = False
    server = str(await house.create())
    await house.until(server, lambda _: server in house.cluster.pods)
    return server


def see(house: Any, server: str, **more: Any) -> None:
    house.cluster.pods[server] = replace(house.cluster.pods[server], **more)
    house.cluster._tell(server)


async def test_a_view_says_since_when_a_start_is_at_its_step(house: Any) -> None:
    server = await starting(house)
    see(house, server, pod=PodPhase.PENDING, step=Step.PLACE)
    see(house, server, step=Step.PLACE, problem=Problem.NO_PLACE, lacks=Lack.MEMORY)
    await house.until(server, lambda row: row.problem == "no_place")
    view = await house.servers.lookup.get(ADA, server)
    assert view.step is Step.PLACE
    assert view.started_at <= view.step_since <= house.parts.now()
    assert (view.trouble.problem, view.trouble.lacks, view.trouble.memory) == (Problem.NO_PLACE, Lack.MEMORY, 96)
    assert view.start_by is not None


async def test_a_new_step_shows_although_the_row_stays_as_it_is(house: Any) -> None:
    server = await starting(house)
    see(house, server, step=Step.PLACE)
    await _until_step(house, server, Step.PLACE)
    house.changed.clear()
    see(house, server, step=Step.IMAGE)
    async with asyncio.timeout(60):
        await house.changed.wait()
    assert (await house.servers.lookup.get(ADA, server)).step is Step.IMAGE


async def test_a_start_that_is_given_up_keeps_its_cause_for_the_card(house: Any) -> None:
    server = await starting(house)
    see(house, server, pod=PodPhase.PENDING, step=Step.PLACE, problem=Problem.NO_PLACE, lacks=Lack.CPU)
    await house.until(server, lambda row: row.problem == "no_place")
    house.pass_time(timedelta(minutes=6))
    house.controller.wake(server)
    row = await house.phase(server, "paused")
    assert row.problem is None
    view = await house.servers.lookup.get(ADA, server)
    assert (view.trouble.problem, view.trouble.lacks, view.trouble.step) == (Problem.NO_PLACE, Lack.CPU, Step.PLACE)
    assert view.trouble.step_took >= 300
    (notice,) = await house.told(server, StartFailedNotice)
    assert (notice.trouble.problem, notice.trouble.lacks) == (Problem.NO_PLACE, Lack.CPU)
    assert [each.kind for each in await house.notices(server)] == ["start_failed"]


async def test_a_start_that_is_given_up_shows_what_the_game_said_last(house: Any) -> None:
    server = await starting(house)
    see(house, server, step=Step.GAME)
    house.pass_time(timedelta(minutes=6))
    house.controller.wake(server)
    row = await house.phase(server, "paused")
    (notice,) = await house.told(server, StartFailedNotice)
    assert notice.log == row.crash_log == "the last words\n"


async def test_too_many_crashes_keep_their_cause_for_the_card(house: Any) -> None:
    server = await starting(house)
    for number in range(3):
        house.cluster.crash(server, 137, "OOMKilled")
        await house.until(server, lambda row, number=number: row.crash_count == number + 1)
    await house.phase(server, "paused")
    trouble = (await house.servers.lookup.get(ADA, server)).trouble
    assert (trouble.count, trouble.ever_ready, trouble.reason, trouble.memory) == (3, False, "OOMKilled", 96)
    assert trouble.more_memory


async def test_a_resume_begins_with_no_trouble(house: Any) -> None:
    server = await starting(house)
    for number in range(3):
        house.cluster.crash(server)
        await house.until(server, lambda row, number=number: row.crash_count == number + 1)
    await house.phase(server, "paused")
    view = await house.servers.power.resume(ADA, server)
    assert (view.trouble.count, view.crash_log) == (0, "")


# what it uses


class Measured:
    def __init__(self, answer: InUse | Exception | None) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def __call__(self, server: str) -> InUse | None:
        self.asked.append(server)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_what_a_server_uses_is_asked_while_it_is_on(house: Any) -> None:
    server = await house.create()
    await house.phase(server, "running")
    house.cluster.usage = measured = Measured(InUse(cpu=31, memory=61 << 20))
    assert await house.servers.lookup.in_use(await house.servers.lookup.get(ADA, server)) == measured.answer
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    assert await house.servers.lookup.in_use(await house.servers.lookup.get(ADA, server)) is None
    assert measured.asked == [server]


@pytest.mark.parametrize("wrong", [ClusterAway("gone"), TimeoutError()])
async def test_a_cluster_that_does_not_tell_holds_nobody_up(house: Any, wrong: Exception) -> None:
    server = await house.create()
    await house.phase(server, "running")
    house.cluster.usage = Measured(wrong)
    assert await house.servers.lookup.in_use(await house.servers.lookup.get(ADA, server)) is None


# when a step began, as far as it was seen


def test_a_step_that_was_there_at_the_first_look_has_no_beginning(house: Any) -> None:
    now, seen = house.parts.now(), Observed("pond", pod=PodPhase.PENDING, step=Step.IMAGE, run=1)
    observed = ObservedServers(None)
    observed.listed([seen])
    assert not observed.changed(seen, now)
    assert observed.steps == {}
    assert observed.changed(replace(seen, step=Step.GAME), now)
    observed.listed([replace(seen, step=Step.GAME)])
    assert observed.steps == {"pond": now}
    observed.listed([seen])
    assert observed.steps == {}


def test_a_game_that_is_started_again_begins_anew_and_one_that_is_up_is_at_no_step(house: Any) -> None:
    now, seen = house.parts.now(), Observed("pond", pod=PodPhase.STARTING, step=Step.GAME, run=1)
    observed = ObservedServers(None)
    observed.changed(seen, now)
    assert observed.changed(replace(seen, restarts=1), now + timedelta(seconds=5))
    assert observed.steps == {"pond": now + timedelta(seconds=5)}
    assert observed.changed(replace(seen, pod=PodPhase.READY), now)
    assert observed.steps == {}


async def _until_step(house: Any, server: str, step: Step) -> None:
    async with asyncio.timeout(60):
        while (await house.servers.lookup.get(ADA, server)).step is not step:
            house.changed.clear()
            await house.changed.wait()


async def test_what_the_game_said_last_is_fetched_also_where_time_runs_out_during_a_look(house: Any) -> None:
    server = await starting(house)
    look, times = house.controller._look, 0

    def slow_look(*given: Any) -> Any:
        nonlocal times
        times += 1
        if times == 2:  # the first said that there is something to write, the second is the one under the row's lock
            house.pass_time(timedelta(minutes=6))
        return look(*given)

    house.controller._look = slow_look
    see(house, server, step=Step.GAME, problem=Problem.IMAGE)
    house.controller.wake(server)
    row = await house.phase(server, "paused")
    assert row.crash_log == "the last words\n"
