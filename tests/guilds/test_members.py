"""Who somebody is in a guild is asked of Discord, at most once a minute, and is never older than that."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from members import Members as Told

from core.errors import NotFound, TryAgain
from core.guilds.members import FRESH, Members
from core.guilds.membership import Present

GUILD, ADA, BO = 700, 1, 2


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_many_who_wait_cost_one_question(clock: Clock) -> None:
    told = Told(present={ADA: Present(frozenset({5}), manages_guild=True)})
    members = Members(told, clock)
    actors = await asyncio.gather(*(members.actor(GUILD, ADA, "Ada") for _ in range(20)))
    assert told.asked == [ADA]
    assert {(each.user, each.roles, each.manages_guild) for each in actors} == {(ADA, frozenset({5}), True)}


async def test_rights_are_never_older_than_a_minute(clock: Clock) -> None:
    told = Told(present={ADA: Present(manages_guild=True)})
    members = Members(told, clock)
    assert (await members.actor(GUILD, ADA)).manages_guild
    told.present[ADA] = Present()
    clock.at += FRESH - timedelta(seconds=1)
    assert (await members.actor(GUILD, ADA)).manages_guild
    clock.at += timedelta(seconds=1)
    assert not (await members.actor(GUILD, ADA)).manages_guild


async def test_a_clock_that_is_set_back_makes_nothing_fresh_again(clock: Clock) -> None:
    told = Told()
    members = Members(told, clock)
    await members.actor(GUILD, ADA)
    clock.at -= timedelta(hours=1)
    await members.actor(GUILD, ADA)
    assert told.asked == [ADA, ADA]


async def test_an_outage_is_nobodys_leaving_and_is_not_remembered(clock: Clock) -> None:
    told = Told(unknown={ADA})
    members = Members(told, clock)
    with pytest.raises(TryAgain):
        await members.actor(GUILD, ADA)
    told.unknown.clear()
    assert (await members.actor(GUILD, ADA)).user == ADA


async def test_who_is_no_member_is_told_that_there_is_no_such_guild(clock: Clock) -> None:
    members = Members(Told(gone={ADA}), clock)
    with pytest.raises(NotFound, match="not_found"):
        await members.actor(GUILD, ADA)
    assert [each.user for each in await members.among([GUILD], BO)] == [BO]
