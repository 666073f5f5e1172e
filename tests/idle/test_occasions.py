"""Occasions over a real database and controller: what a guild planned keeps a server awake, and starts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.guilds.access import Actor
from core.idle.occasions import BEFORE, LASTS, Gathering, Occasion, next_of, span_of
from core.idle.schedule import Span
from core.notices.kinds.events import Paused
from core.notices.kinds.notices import IdleGathered, IdleWarned, NotWokenNotice
from core.servers import maintenance
from core.servers.sharing import Target
from core.words import Because, Empty, Evidence, Occupied, Reason, ScheduleKind, Sharer, ShareRole
from tests.conftest import ADA, BO, CY, GUILD
from tests.idle.test_timekeeper import Clock, Said

MINUTE = timedelta(minutes=1)
NOON = datetime(2030, 1, 2, 12, tzinfo=UTC)
RAID = Occasion(1, "Raid", "Pond", NOON + timedelta(hours=2), NOON + timedelta(hours=4), ADA.user)


def hours(first: float, last: float) -> Span:
    return Span(NOON + timedelta(hours=first), NOON + timedelta(hours=last))


@pytest.mark.parametrize(
    ("occasions", "counts"),
    [
        ([], None),
        ([("over", hours(-2, 0))], None),
        ([("later", hours(3, 4)), ("next", hours(1, 2))], "next"),
        ([("now", hours(-1, 2)), ("next", hours(1, 9))], "now"),
        ([("short", hours(-1, 1)), ("long", hours(-1, 3))], "long"),
    ],
)
def test_the_occasion_that_holds_counts_else_the_next(occasions: list[tuple[str, Span]], counts: str | None) -> None:
    found = next_of((Gathering(*each) for each in occasions), NOON)
    assert (found.name if found else None) == counts


def test_an_occasion_without_an_end_lasts_two_hours() -> None:
    assert span_of(NOON, None) == Span(NOON - BEFORE, NOON + LASTS)
    assert span_of(NOON, NOON) == Span(NOON - BEFORE, NOON + LASTS)


class Planned(Clock):
    @property
    def occasions(self) -> Any:
        return self.house.core.occasions

    async def plan(self, *occasions: Occasion) -> frozenset[int]:
        found = await self.occasions.listed(GUILD, occasions)
        return frozenset(found)

    async def pause(self, because: Because = Because.IDLE) -> None:
        """By itself, for being empty."""
        async with self.house.database.begin() as session:
            row = await session.get(type(await self.row()), self.server)
            await self.house.parts.transitions.stop(session, row, Paused(because))
        self.house.parts.changes.tell(self.server)
        await self.house.phase(self.server, "paused")

    async def says(self) -> str:
        return str((await self.row()).occasion)


@pytest.fixture
async def clock(house: Any) -> Planned:
    said = house.queries["http"] = Said()
    house.pass_time(NOON - house.parts.now())
    server = await house.create()
    await house.phase(server, "running")
    made = Planned(house, said, server)
    await house.core.sweep.run()
    return made


async def test_it_stays_on_until_the_end_although_nobody_plays_and_the_view_says_why(clock: Planned) -> None:
    await clock.plan(replace(RAID, starts=NOON + timedelta(minutes=12)))
    await clock.until(15, 58, last=10 * MINUTE)
    assert (await clock.row()).desired == "running"
    view = await clock.view()
    assert [(hold.reason, hold.until) for hold in view.idle.holds] == [(Reason.EVENT, RAID.ends)]
    assert view.idle.event_by == RAID.creator is not None
    await clock.until(16, 10, last=20 * MINUTE)
    assert (await clock.house.phase(clock.server, "paused")).because == "idle"


async def test_it_starts_ten_minutes_before_what_was_paused_by_itself(clock: Planned) -> None:
    await clock.plan(RAID)
    await clock.pause()
    await clock.until(13, 49)
    assert (await clock.row()).desired == "paused"
    await clock.until(13, 50)
    row = await clock.house.phase(clock.server, "running")
    assert (row.because, row.by) == ("schedule", None)


async def test_what_a_member_paused_it_leaves_paused(clock: Planned) -> None:
    await clock.plan(RAID)
    await clock.house.servers.power.pause(ADA, clock.server)
    await clock.until(14)
    assert (await clock.row()).desired == "paused"


@pytest.mark.parametrize(("firm", "desired"), [(False, "running"), (True, "paused")])
async def test_it_goes_before_sleep_that_waits_and_not_before_firm_sleep(
    clock: Planned, firm: bool, desired: str
) -> None:
    await clock.add(ScheduleKind.ASLEEP, "12:30 to 20:00", firm=firm)
    await clock.until(12, 40)
    await clock.house.phase(clock.server, "paused")
    await clock.plan(RAID)
    await clock.until(14)
    assert (await clock.row()).desired == desired


@pytest.mark.parametrize(
    "after",
    [
        [],
        [replace(RAID, place="Lake")],
        [replace(RAID, starts=RAID.starts + timedelta(days=1), ends=RAID.ends + timedelta(days=1))],  # type: ignore[operator]
    ],
)
async def test_what_was_cancelled_or_moved_counts_no_more_at_once(clock: Planned, after: list[Occasion]) -> None:
    await clock.plan(replace(RAID, starts=NOON))
    clock.jump(14)
    await clock.tick()
    assert [hold.reason for hold in (await clock.view()).idle.holds] == [Reason.EVENT]
    await clock.plan(*after)
    assert (await clock.view()).idle.holds == ()


async def test_a_server_that_is_renamed_is_another_place(clock: Planned) -> None:
    await clock.plan(replace(RAID, place=" pOnd "))
    assert await clock.says() == "Raid"
    await clock.house.servers.editing.edit(ADA, clock.server, {"name": "Lake"})
    await clock.tick()
    assert await clock.says() == ""
    await clock.house.servers.editing.edit(ADA, clock.server, {"name": "Pond"})
    await clock.tick()
    assert await clock.says() == "Raid"


async def test_only_who_may_keep_it_alive_plans_for_it(clock: Planned) -> None:
    await clock.house.servers.sharing.share(ADA, clock.server, Target(77, Sharer.ROLE), ShareRole.PLAYER)
    assert await clock.plan(replace(RAID, creator=BO.user)) == {BO.user}
    assert await clock.says() == ""
    await clock.occasions.met(replace(BO, roles=frozenset({77})))
    assert await clock.says() == "Raid"
    await clock.occasions.left(GUILD, BO.user)
    assert await clock.says() == ""
    await clock.plan(replace(RAID, creator=CY.user))
    await clock.occasions.met(CY)
    assert await clock.says() == "Raid"
    await clock.plan(replace(RAID, creator=None))
    assert await clock.says() == ""


async def test_creators_are_asked_for_only_where_they_name_a_server(clock: Planned) -> None:
    assert await clock.plan(replace(RAID, place="Nowhere")) == frozenset()
    assert await clock.says() == ""


async def test_another_guilds_occasion_is_nothing_to_it(clock: Planned) -> None:
    await clock.occasions.listed(GUILD + 1, [RAID])
    await clock.occasions.met(Actor(user=ADA.user, guild=GUILD + 1, manages_guild=True))
    assert await clock.says() == ""


async def test_what_cannot_be_started_is_said_once_with_the_name_of_the_event(clock: Planned) -> None:
    await clock.plan(RAID)
    await clock.pause()
    async with clock.house.database.begin() as session:
        await maintenance.turn(session, "")
    await clock.until(13, 55)
    [told] = await clock.house.told(clock.server, NotWokenNotice)
    assert told.occasion == "Raid"


async def test_it_withdraws_a_warning_and_says_for_what(clock: Planned) -> None:
    await clock.until(12, 12, last=12 * MINUTE)
    assert [type(each) for each in await clock.told()] == [IdleWarned]
    await clock.plan(replace(RAID, starts=NOON + timedelta(minutes=26)))
    await clock.tick()
    assert await clock.told() == [IdleGathered("Raid")]


async def test_players_stay_on_after_it(clock: Planned) -> None:
    await clock.plan(replace(RAID, starts=NOON))
    playing: Evidence = Occupied(("Bo",))
    clock.said.evidence = playing
    await clock.until(16, 30, last=20 * MINUTE)
    assert (await clock.row()).desired == "running"
    assert await clock.house.told(clock.server, IdleWarned) == []
    clock.said.evidence = Empty()
