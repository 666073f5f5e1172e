"""What a guild plans, as Discord tells it to the bot: seen, changed, missed, and kept while Discord is away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from shipped import Shipped
from town import Town

from bot.demo.guild.cast import ADA, BO, CY, PLAYERS
from core.servers.sharing import Target
from core.words import Sharer, ShareRole

PLANS = "/guilds/*/scheduled-events"


class Calendar:
    def __init__(self, town: Town, server: str) -> None:
        self.town, self.server = town, server
        self.world = town.guild.world

    def plan(self, place: str = "Pond", who: str = ADA, name: str = "Raid", **more: Any) -> str:
        now = datetime.now(UTC)
        starts = now + more.get("after", timedelta(hours=1))
        made = self.world.create_plan(name, place, starts.timestamp(), (starts + timedelta(hours=2)).timestamp(), who)
        return str(made["id"])

    async def says(self, name: str) -> None:
        """Until the server's row says this."""
        async with asyncio.timeout(20):
            while (await self.town.wire.row(self.server)).occasion != name:
                await asyncio.sleep(0.02)


@pytest.fixture
async def calendar(hollow_oak: Town) -> Calendar:
    return Calendar(hollow_oak, await hollow_oak.create())


async def test_an_event_at_a_server_is_seen_moved_and_cancelled(calendar: Calendar) -> None:
    plan = calendar.plan(" pond")
    await calendar.says("Raid")
    calendar.world.edit_plan(plan, name="Feast")
    await calendar.says("Feast")
    calendar.world.edit_plan(plan, location="Lake")
    await calendar.says("")
    calendar.world.edit_plan(plan, location="Pond")
    await calendar.says("Feast")
    calendar.world.edit_plan(plan, status=4)
    await calendar.says("")
    calendar.world.delete_plan(calendar.plan())
    await calendar.says("")


async def test_the_card_says_what_keeps_it_on(calendar: Calendar) -> None:
    calendar.plan(after=timedelta(minutes=5))
    await calendar.town.message("### Pond", "The event **Raid**", "keeps it on until")


async def test_roles_decide_who_plans_and_discord_is_asked_for_them(calendar: Calendar) -> None:
    shared = calendar.town.wire.core.servers.sharing
    await shared.share(
        calendar.town.wire.actor(ADA), calendar.server, Target(int(PLAYERS), Sharer.ROLE), ShareRole.PLAYER
    )
    calendar.plan(who=BO)
    await calendar.says("Raid")
    calendar.world.edit_member(BO, roles=[])
    calendar.plan(who=CY, place="Lake")  # a hint that makes it look again
    calendar.plan(who=BO, name="Again")
    await calendar.says("")


async def test_while_discord_does_not_answer_all_stays_as_it_was_known(calendar: Calendar) -> None:
    plan = calendar.plan()
    await calendar.says("Raid")
    broken = calendar.town.faults.answer("GET", PLANS, 500, times=None)
    calendar.plan(name="Other", after=timedelta(minutes=1))
    async with asyncio.timeout(20):
        await broken.struck.wait()
    assert (await calendar.town.wire.row(calendar.server)).occasion == "Raid"
    assert plan in calendar.world.plans


async def test_what_was_deleted_while_nobody_listened_is_found_out(calendar: Calendar) -> None:
    plan = calendar.plan()
    await calendar.says("Raid")
    with calendar.town.faults.outage():
        calendar.world.delete_plan(plan)
        calendar.plan(name="Feast")
        assert (await calendar.town.wire.row(calendar.server)).occasion == "Raid"
    await calendar.says("Feast")


async def test_a_guild_that_removes_the_bot_takes_its_events_along(calendar: Calendar) -> None:
    calendar.plan()
    await calendar.says("Raid")
    calendar.town.faults.remove_bot()
    await calendar.says("")
    calendar.town.faults.invite_bot()
    await calendar.says("Raid")


@pytest.mark.process
@pytest.mark.parametrize("fresh", [{"IDLE_AFTER": "4", "IDLE_WARN": "2", "IDLE_GRACE": "1"}], indirect=True)
async def test_the_shipped_bot_wakes_a_server_for_an_event_that_a_member_plans(fresh: Shipped) -> None:
    await fresh.create()
    await fresh.message("### Pond", "Paused")
    soon = datetime.now(UTC) + timedelta(minutes=5)
    plan = await fresh.people["Ada"].plan("Raid", "Pond", soon, soon + timedelta(hours=1))
    await fresh.message("### Pond", "Running", "The event **Raid**", "keeps it on until")
    await fresh.people["Ada"].edit_plan(plan["id"], status=4)
    await fresh.message("### Pond", "Paused")
