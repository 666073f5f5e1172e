"""A process without a line to Discord hears from another one who is in voice; on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.games.query.port import Players, Query
from core.guilds.access import Actor
from core.idle import voice
from core.words import VOICE_GONE, Empty, Gone, Occupied, Unknown, VoiceEvidence

GUILD, BURROW = 700, 34
ADA = Actor(user=1, guild=GUILD, name="Ada")


class Nobody(Query):
    async def players(self, endpoint: object, rule: object, *, token: str = "") -> Players:
        return Players(Empty(), 16)


class Other:
    """The process that Discord tells; ours, which sweeps, it tells nothing."""

    def __init__(self, house: Any) -> None:
        self.house = house
        self.sees: VoiceEvidence = Empty()

    async def report(self) -> None:
        await voice.report(self.house.database, lambda *_: self.sees, self.house.parts.now())

    async def minutes(self, count: int, *, reports: bool = True) -> None:
        for _ in range(count):
            self.house.pass_time(timedelta(minutes=1))
            if reports:
                await self.report()
            await self.house.core.sweep.run()


@pytest.fixture
async def other(house: Any) -> Other:
    house.queries["http"] = Nobody()
    return Other(house)


async def watching(house: Any) -> str:
    server = str(await house.create())
    await house.phase(server, "running")
    await house.servers.editing.set_idle(ADA, server, minutes=None, warn=None, voice=BURROW)
    return server


async def test_a_server_in_whose_channel_nobody_is_is_warned_about(house: Any, other: Other) -> None:
    server = await watching(house)
    await other.minutes(12)
    row = await house.row(server)
    assert row.warned_at is not None
    assert row.unknown_since is None


async def test_who_is_in_the_channel_keeps_it_on_and_the_card_says_so(house: Any, other: Other) -> None:
    server = await watching(house)
    other.sees = Occupied(online=2)
    await other.minutes(30)
    assert (await house.row(server)).warned_at is None
    assert (await house.servers.lookup.get(ADA, server)).idle.in_voice


async def test_a_channel_that_was_deleted_keeps_nothing_on(house: Any, other: Other) -> None:
    server = await watching(house)
    other.sees = Gone()
    await other.minutes(12)
    row = await house.row(server)
    assert (row.idle_voice, row.warned_at is None) == (VOICE_GONE, False)


async def test_what_was_seen_long_ago_is_not_known(house: Any, other: Other) -> None:
    server = await watching(house)
    await other.report()
    await other.minutes(30, reports=False)
    row = await house.row(server)
    assert (row.warned_at, row.desired) == (None, "running")
    assert row.unknown_since is not None


async def test_what_was_written_before_the_clock_was_set_back_is_not_known(house: Any, other: Other) -> None:
    server = await watching(house)
    await other.report()
    house.pass_time(timedelta(hours=-2))
    await house.core.sweep.run()
    assert (await house.row(server)).unknown_since is not None
    await other.minutes(1)
    assert (await house.row(server)).unknown_since is None


async def test_who_cannot_see_either_overwrites_nothing(house: Any, other: Other) -> None:
    server = await watching(house)
    other.sees = Occupied()
    await other.report()
    other.sees = Unknown("not connected")
    await other.report()
    await house.core.sweep.run()
    assert (await house.row(server)).unknown_since is None


async def test_nothing_is_written_where_nobody_watches(house: Any, other: Other) -> None:
    server = await house.create()
    await house.phase(server, "running")
    await other.report()
    async with house.database.session() as session:
        assert isinstance(await voice.reported(session, BURROW, house.parts.now()), Unknown)
