"""Schedules over a real database and controller: the game's answers and the clock are the test's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.errors import BadInput, ChangedMeanwhile, NotAllowed, Refusal
from core.games.query.port import Players, Query
from core.idle.schedule import load
from core.notices.kinds.notices import (
    IdleJoined,
    IdleNotice,
    IdlePaused,
    IdleVoted,
    IdleWarned,
    NotWokenNotice,
    PausedNotice,
)
from core.servers import maintenance
from core.words import Because, Empty, Evidence, Occupied, Reason, ScheduleKind, Unknown
from tests.conftest import ADA, BO, CY

AWAKE, ASLEEP, RESTART, MAINTENANCE = (
    ScheduleKind.AWAKE,
    ScheduleKind.ASLEEP,
    ScheduleKind.RESTART,
    ScheduleKind.MAINTENANCE,
)
MINUTE = timedelta(minutes=1)


class Said(Query):
    def __init__(self) -> None:
        self.evidence: Evidence = Empty()

    async def players(self, endpoint: object, rule: object, *, token: str = "") -> Players:
        return Players(self.evidence, 16)


class Clock:
    """One server, at 12:00 on a Wednesday, in UTC."""

    def __init__(self, house: Any, said: Said, server: str) -> None:
        self.house, self.said, self.server = house, said, server
        self.lines: list[str] = []

    async def add(self, kind: ScheduleKind, typed: str, **more: Any) -> None:
        await self.house.servers.scheduling.add(ADA, self.server, kind, typed, **more)

    async def row(self) -> Any:
        return await self.house.row(self.server)

    async def tick(self) -> None:
        """What the process does by the clock."""
        await self.house.core.timekeeper.run()
        await self.house.core.sweep.run()
        await self.house.core.sweep.last_minute.run()
        await self.deliver()

    async def deliver(self) -> None:
        outbox, now = self.house.core.outbox, self.house.parts.now()
        for key in await outbox.due_keys(now):
            for row in await outbox.due(now, key):
                await outbox.trying(row.id, 1, now)
                await outbox.sent(row.id, 1000 + row.id, row.revision, now)

    async def until(
        self, hour: int, minute: int = 0, *, step: timedelta = MINUTE, last: timedelta = 7 * MINUTE
    ) -> None:
        """Go on until the next such time, looking in the `last` minutes."""
        now = self.house.parts.now()
        target = now.replace(hour=hour, minute=minute, second=1, microsecond=0)
        target += timedelta(days=1) if target <= now else timedelta(0)
        self.house.pass_time(max(target - last - now, timedelta(0)))
        await self.tick()
        while (left := target - self.house.parts.now()) > timedelta(0):
            self.house.pass_time(min(step, left))
            await self.tick()

    def jump(self, hour: int, minute: int = 0) -> None:
        """Go there at once: nobody looks meanwhile."""
        now = self.house.parts.now()
        target = now.replace(hour=hour, minute=minute, second=1, microsecond=0)
        self.house.pass_time(target - now + (timedelta(days=1) if target <= now else timedelta(0)))

    async def told(self) -> list[IdleNotice]:
        return await self.house.told(self.server, IdleNotice)

    async def view(self, actor: Any = ADA) -> Any:
        return await self.house.servers.lookup.get(actor, self.server)


@pytest.fixture
async def clock(house: Any) -> Clock:
    said = house.queries["http"] = Said()
    now = house.parts.now()
    noon = datetime(2030, 1, 2, 12, tzinfo=UTC)
    house.pass_time(noon - now)
    server = await house.create()
    await house.phase(server, "running")
    made = Clock(house, said, server)
    heard = house.cluster.heard

    def hears(of: str, line: str) -> str:
        made.lines.append(line)
        return str(heard(of, line))

    house.cluster.heard = hears
    await house.core.sweep.run()
    return made


# awake


async def test_it_wakes_when_it_should_be_awake_and_stays_on_although_nobody_plays(clock: Clock) -> None:
    await clock.house.servers.power.pause(ADA, clock.server)
    await clock.house.phase(clock.server, "paused")
    await clock.add(AWAKE, "14:00 to 20:00")
    await clock.until(13, 59)
    assert (await clock.row()).desired == "paused"
    await clock.until(14)
    row = await clock.house.phase(clock.server, "running")
    assert (row.because, row.by) == ("schedule", None)
    await clock.until(19, 59)
    assert (await clock.row()).desired == "running"
    view = await clock.view()
    assert view.schedule.state.awake.ends.hour == 20
    await clock.until(20, 25, last=26 * MINUTE)
    row = await clock.house.phase(clock.server, "paused")
    assert row.because == "idle"


async def test_who_pauses_it_by_hand_is_not_overruled_until_the_next_time(clock: Clock) -> None:
    await clock.add(AWAKE, "11:00 to 20:00")
    await clock.tick()
    await clock.house.servers.power.pause(ADA, clock.server)
    await clock.until(20)
    assert (await clock.row()).desired == "paused"
    await clock.until(11)
    assert (await clock.row()).desired == "running"


async def test_a_beginning_that_nobody_saw_holds_still(clock: Clock) -> None:
    await clock.house.servers.power.pause(ADA, clock.server)
    await clock.add(AWAKE, "14:00 to 20:00")
    clock.jump(17)
    await clock.tick()
    await clock.house.phase(clock.server, "running")


async def test_a_time_that_is_over_is_not_made_up_for(clock: Clock) -> None:
    await clock.house.servers.power.pause(ADA, clock.server)
    await clock.add(AWAKE, "14:00 to 20:00")
    clock.jump(21)
    await clock.tick()
    assert (await clock.row()).desired == "paused"


async def test_what_it_may_not_be_started_for_is_said_once_and_tried_again(clock: Clock) -> None:
    await clock.house.servers.power.pause(ADA, clock.server)
    await clock.add(AWAKE, "14:00 to 20:00")
    async with clock.house.database.begin() as session:
        await maintenance.turn(session, "")
    await clock.until(14, 5)
    assert (await clock.row()).desired == "paused"
    assert len(await clock.house.told(clock.server, NotWokenNotice)) == 1
    async with clock.house.database.begin() as session:
        await maintenance.turn(session, None)
    await clock.tick()
    await clock.house.phase(clock.server, "running")


# asleep


async def test_an_empty_server_sleeps_at_its_time_after_a_warning(clock: Clock) -> None:
    await clock.add(ASLEEP, "14:00 to 20:00")
    await clock.house.servers.editing.set_idle(ADA, clock.server, minutes=0, warn=None, voice=None)
    await clock.until(13, 54)
    assert await clock.told() == []
    await clock.until(13, 56)
    (warned,) = await clock.told()
    assert isinstance(warned, IdleWarned)
    assert warned.reason is Reason.SLEEP
    await clock.until(14, 2)
    row = await clock.house.phase(clock.server, "paused")
    assert row.because == "schedule"
    (paused,) = await clock.told()
    assert isinstance(paused, IdlePaused)
    assert paused.because is Because.SCHEDULE
    assert clock.lines == []


async def test_sleep_waits_for_the_last_player_but_half_an_hour_at_most_and_the_game_tells_them(clock: Clock) -> None:
    await clock.add(ASLEEP, "14:00 to 20:00")
    clock.said.evidence = Occupied(("Bo",))
    await clock.until(14, 24)
    assert await clock.told() == []
    await clock.until(14, 28)
    assert isinstance((await clock.told())[0], IdleWarned)
    assert clock.lines == []
    await clock.until(14, 31, step=timedelta(seconds=5))
    row = await clock.house.phase(clock.server, "paused")
    assert row.because == "schedule"
    assert [line.split(" pauses in ")[1].split(",")[0] for line in clock.lines] == [
        "60 seconds",
        "30 seconds",
        "10 seconds",
    ]


async def test_sleep_comes_once_the_last_player_left(clock: Clock) -> None:
    await clock.add(ASLEEP, "14:00 to 20:00")
    clock.said.evidence = Occupied(("Bo",))
    await clock.until(14, 10)
    clock.said.evidence = Empty()
    await clock.until(14, 17)
    await clock.house.phase(clock.server, "paused")
    assert clock.lines == []


async def test_who_joins_before_it_sleeps_withdraws_the_warning(clock: Clock) -> None:
    await clock.add(ASLEEP, "14:00 to 20:00")
    await clock.house.servers.editing.set_idle(ADA, clock.server, minutes=0, warn=None, voice=None)
    await clock.until(13, 56)
    clock.said.evidence = Occupied(("Bo",))
    await clock.tick()
    assert await clock.told() == [IdleJoined(("Bo",))]


async def test_keep_alive_puts_sleep_off_but_not_firm_sleep(clock: Clock) -> None:
    await clock.add(ASLEEP, "14:00 to 20:00")
    await clock.house.servers.editing.set_idle(ADA, clock.server, minutes=0, warn=None, voice=None)
    await clock.house.servers.power.keep(BO, clock.server, 3)
    await clock.until(14, 50)
    assert (await clock.row()).desired == "running"
    await clock.add(ASLEEP, "14:55 to 20:00", firm=True)
    with pytest.raises(Refusal) as refused:
        await clock.house.servers.power.keep(BO, clock.server, 3)
    assert refused.value.message == "keep.scheduled"
    await clock.until(15, 1)
    await clock.house.phase(clock.server, "paused")


async def test_nothing_is_promised_beyond_firm_sleep(clock: Clock) -> None:
    await clock.add(ASLEEP, "14:00 to 20:00", firm=True)
    view = await clock.house.servers.power.keep(BO, clock.server, 8)
    assert view.idle.keep_until.hour == 14


async def test_who_promised_the_longest_is_named_unless_the_guild_names_nobody(clock: Clock) -> None:
    power = clock.house.servers.power
    await power.keep(BO, clock.server, 3)
    view = await power.keep(ADA, clock.server, 1)
    assert view.idle.keep_by == BO.user
    await power.restart(ADA, clock.server)
    assert (await clock.row()).keep_by == BO.user
    await clock.house.core.guilds.setup(CY, {"names": False})
    view = await clock.house.servers.lookup.get(ADA, clock.server)
    assert (view.idle.keep_until is not None, view.idle.keep_by) == (True, None)


async def test_firm_sleep_waits_for_nobody(clock: Clock) -> None:
    await clock.add(ASLEEP, "14:00 to 20:00", firm=True)
    clock.said.evidence = Occupied(("Bo",))
    await clock.until(13, 59)
    assert (await clock.row()).desired == "running"
    await clock.until(14, 1, step=timedelta(seconds=5))
    await clock.house.phase(clock.server, "paused")
    assert len(clock.lines) == 3


async def test_firm_sleep_comes_although_nobody_knows_who_plays(clock: Clock) -> None:
    await clock.add(ASLEEP, "14:00 to 20:00", firm=True)
    clock.said.evidence = Unknown("no answer")
    await clock.until(14, 2)
    await clock.house.phase(clock.server, "paused")


async def test_always_on_goes_before_sleep(clock: Clock) -> None:
    await clock.add(ASLEEP, "14:00 to 20:00")
    await clock.add(AWAKE, "Wed 11:00 to 16:00")
    await clock.until(15, 59)
    assert (await clock.row()).desired == "running"
    await clock.until(16, 6)
    row = await clock.house.phase(clock.server, "paused")
    assert row.because == "schedule"


async def test_after_firm_sleep_it_wakes_where_it_should_be_awake(clock: Clock) -> None:
    await clock.add(AWAKE, "11:00 to 23:00")
    await clock.add(ASLEEP, "14:00 to 16:00", firm=True)
    await clock.until(14, 1)
    await clock.house.phase(clock.server, "paused")
    await clock.until(15, 59)
    assert (await clock.row()).desired == "paused"
    await clock.until(16, 1)
    await clock.house.phase(clock.server, "running")


# who may wake it


async def asleep(clock: Clock, kind: ScheduleKind = ASLEEP) -> None:
    await clock.add(kind, "14:00 to 20:00", firm=True)
    await clock.until(14, 2)
    await clock.house.phase(clock.server, "paused")


async def test_a_player_is_told_when_it_wakes_and_who_can_wake_it_before(clock: Clock) -> None:
    await asleep(clock)
    with pytest.raises(NotAllowed) as refused:
        await clock.house.servers.power.resume(BO, clock.server)
    assert refused.value.message == "schedule.asleep"
    assert refused.value.values["who"].owner == "Ada"
    assert refused.value.values["until"].hour == 20
    clock.jump(20)
    await clock.house.servers.power.resume(BO, clock.server)


async def test_its_owner_wakes_it_until_the_next_boundary(clock: Clock) -> None:
    await asleep(clock)
    await clock.house.servers.editing.set_idle(ADA, clock.server, minutes=0, warn=None, voice=None)
    await clock.house.servers.power.resume(ADA, clock.server)
    await clock.house.phase(clock.server, "running")
    await clock.until(19, 59)
    assert (await clock.row()).desired == "running"
    await clock.until(13, 59)
    assert (await clock.row()).desired == "running"
    await clock.until(14, 2)
    await clock.house.phase(clock.server, "paused")


async def test_during_maintenance_only_an_admin_wakes_it(clock: Clock) -> None:
    await asleep(clock, MAINTENANCE)
    with pytest.raises(NotAllowed) as refused:
        await clock.house.servers.power.resume(ADA, clock.server)
    assert refused.value.message == "schedule.maintained"
    await clock.house.servers.power.resume(CY, clock.server)
    await clock.house.phase(clock.server, "running")
    await clock.until(14, 30)
    assert (await clock.row()).desired == "running"


async def test_maintenance_pauses_what_is_still_starting(clock: Clock) -> None:
    await clock.house.servers.power.pause(ADA, clock.server)
    await clock.house.phase(clock.server, "paused")
    clock.house.cluster.ready_at_once = False
    await clock.house.servers.power.resume(ADA, clock.server)
    await clock.house.phase(clock.server, "starting")
    await clock.add(MAINTENANCE, "11:00 to 20:00")
    await clock.tick()
    assert ((await clock.row()).desired, (await clock.row()).because) == ("paused", "schedule")
    assert (await clock.house.told(clock.server, PausedNotice))[-1].because is Because.SCHEDULE


# restarts


async def test_an_empty_server_restarts_at_its_time_once(clock: Clock) -> None:
    await clock.add(RESTART, "daily 14:00")
    await clock.house.servers.editing.set_idle(ADA, clock.server, minutes=0, warn=None, voice=None)
    await clock.until(13, 59)
    assert (await clock.row()).run == 1
    await clock.until(14, 20)
    row = await clock.row()
    assert (row.run, row.because, row.restart_by) == (2, "schedule", None)
    assert clock.lines == []


async def test_a_restart_is_put_off_while_somebody_plays(clock: Clock) -> None:
    await clock.add(RESTART, "daily 14:00")
    clock.said.evidence = Occupied(("Bo",))
    await clock.until(15, 30)
    row = await clock.row()
    assert (row.run, row.restart_by.hour) == (1, 16)
    clock.said.evidence = Empty()
    await clock.tick()
    assert (await clock.row()).run == 2
    assert clock.lines == []


async def test_a_restart_is_put_off_two_hours_at_most_and_the_game_tells_them(clock: Clock) -> None:
    await clock.add(RESTART, "daily 14:00")
    clock.said.evidence = Occupied(("Bo",))
    await clock.until(15, 57)
    assert ((await clock.row()).run, clock.lines) == (1, [])
    await clock.until(16, 1, step=timedelta(seconds=5))
    assert (await clock.row()).run == 2
    assert [line.split(" restarts in ")[1].split(",")[0] for line in clock.lines] == [
        "60 seconds",
        "30 seconds",
        "10 seconds",
    ]


@pytest.mark.parametrize(("hour", "runs"), [(15, 2), (17, 1)])
async def test_a_restart_that_nobody_saw_is_made_up_for_within_two_hours(clock: Clock, hour: int, runs: int) -> None:
    await clock.add(RESTART, "daily 14:00")
    await clock.house.servers.editing.set_idle(ADA, clock.server, minutes=0, warn=None, voice=None)
    clock.jump(hour)
    await clock.tick()
    await clock.tick()
    assert (await clock.row()).run == runs


async def test_a_restart_that_would_have_been_before_it_was_added_is_none(clock: Clock) -> None:
    await clock.house.servers.editing.set_idle(ADA, clock.server, minutes=0, warn=None, voice=None)
    await clock.add(RESTART, "daily 11:30")
    await clock.until(12, 30)
    assert (await clock.row()).run == 1


# votes


async def test_one_yes_keeps_it_an_hour_and_the_warning_says_so(clock: Clock) -> None:
    await clock.house.servers.editing.set_idle(ADA, clock.server, minutes=None, warn=None, voice=None, vote=True)
    await clock.until(12, 12, last=13 * MINUTE)
    assert isinstance((await clock.told())[0], IdleWarned)
    view = await clock.house.servers.power.vote(BO, clock.server)
    assert abs(view.idle.vote_until - view.at - timedelta(hours=1)) < MINUTE
    assert await clock.told() == [IdleVoted(view.idle.vote_until.replace(microsecond=0), BO.user)]
    assert [event.by for event in await clock.house.events(clock.server) if event.kind == "voted"] == [BO.user]
    await clock.until(13, 10)
    assert (await clock.row()).desired == "running"
    await clock.until(13, 20, last=21 * MINUTE)
    await clock.house.phase(clock.server, "paused")


async def test_nobody_votes_where_nobody_is_asked(clock: Clock) -> None:
    with pytest.raises(Refusal):
        await clock.house.servers.power.vote(BO, clock.server)


# setting it


async def test_only_its_owner_and_admins_set_it(clock: Clock) -> None:
    with pytest.raises(NotAllowed):
        await clock.house.servers.scheduling.add(BO, clock.server, AWAKE, "always")
    await clock.house.servers.scheduling.add(CY, clock.server, AWAKE, "always")


async def test_entries_are_listed_once_removed_by_what_they_are_and_not_too_many(clock: Clock) -> None:
    for _ in range(2):
        await clock.add(AWAKE, "Fri 18:00 to Sun 23:00")
    (entry,) = load((await clock.row()).schedule)
    await clock.house.servers.scheduling.remove(ADA, clock.server, entry.mark)
    assert (await clock.row()).schedule == ""
    with pytest.raises(ChangedMeanwhile):
        await clock.house.servers.scheduling.remove(ADA, clock.server, entry.mark)
    for hour in range(10):
        await clock.add(RESTART, f"daily {hour}:00")
    with pytest.raises(BadInput):
        await clock.add(RESTART, "daily 10:00")


async def test_its_zone_is_its_own_or_the_guilds(clock: Clock) -> None:
    await clock.add(AWAKE, "14:00 to 20:00")
    assert (await clock.view()).schedule.zone == "UTC"
    view = await clock.house.servers.scheduling.set_zone(ADA, clock.server, "kathmandu")
    assert (view.schedule.zone, view.schedule.own_zone) == ("Asia/Kathmandu", True)
    assert view.schedule.state.awake is not None  # 12:00 in UTC is 17:45 there
    view = await clock.house.servers.scheduling.set_zone(ADA, clock.server, "")
    assert (view.schedule.zone, view.schedule.own_zone) == ("UTC", False)
