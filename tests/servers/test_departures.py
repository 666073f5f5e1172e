"""A guild that removed the bot: its servers pause, are archived after 7 days, purged after 30; or all is as it was."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.errors import ClusterError, Refusal
from core.guilds.access import Actor
from core.notices.kinds.notices import DeletionFinal, PausedNotice, PauseOver
from core.servers.departures import Departures
from core.servers.host_rules import HostRules
from core.words import Problem
from core.worlds.receipt import Receipt

GUILD = 700
ADA = Actor(user=1, guild=GUILD, name="Ada")
SAVED = "000001-000001-000001-" + "0" * 32


@pytest.fixture
def rules(rules: HostRules) -> HostRules:
    return replace(rules, keeps_worlds=True)


@pytest.fixture
def departures(house: Any, monkeypatch: pytest.MonkeyPatch) -> Departures:
    async def seal(_server: str, _volume: int) -> Receipt:
        return Receipt(SAVED, datetime(2026, 1, 1, tzinfo=UTC), 100)

    monkeypatch.setattr(house.cluster, "seal", seal)
    found: Departures = house.core.departures
    return found


async def running(house: Any, name: str = "Pond") -> str:
    server = await house.create(name)
    await house.until(server, lambda row: row.phase == "running" and row.bound == 1)
    return str(server)


async def held(house: Any) -> list[str]:
    """Whose notices are due."""
    found: list[str] = await house.core.outbox.due_keys(house.core.now())
    return found


async def kinds(house: Any, server: str) -> list[str]:
    return [event.kind for event in await house.events(server)]


async def test_its_servers_pause_and_nothing_is_said(house: Any, departures: Departures) -> None:
    server = await running(house)
    await departures.left(GUILD)
    row = await house.phase(server, "paused")
    assert (row.because, row.by) == ("guild_gone", None)
    assert [told.because for told in await house.told(server, PausedNotice)] == ["guild_gone"]
    assert await held(house) == []
    assert await house.core.cards.get(server) is None
    assert await house.core.cards.stale() == []
    health = await house.core.operations.health()
    assert health.backlog.waiting == 0, "what waits for an invitation waits for nobody"


async def test_invited_again_what_ran_runs_and_the_rest_rests(house: Any, departures: Departures) -> None:
    ran, rested = await running(house), await running(house, "Lake")
    await house.servers.power.pause(ADA, rested)
    await house.phase(rested, "paused")
    await departures.left(GUILD)
    await house.phase(ran, "paused")
    assert (await house.row(rested)).because == "owner"
    await departures.joined(GUILD)
    await house.phase(ran, "running")
    assert (await house.row(rested)).phase == "paused"
    assert len(await house.told(ran, PauseOver)) == 1
    assert await held(house) != []
    assert await house.core.cards.get(ran) is not None


async def test_after_seven_days_the_worlds_are_on_the_store_alone(house: Any, departures: Departures) -> None:
    ran, rested = await running(house), await running(house, "Lake")
    await house.servers.power.pause(ADA, rested)
    await departures.left(GUILD)
    await house.phase(ran, "paused")
    await house.phase(rested, "paused")
    house.pass_time(timedelta(days=6, hours=23))
    await departures.settle()
    assert (await house.row(ran)).phase == "paused"
    house.pass_time(timedelta(hours=2))
    await departures.settle()
    for server in (ran, rested):
        assert (await house.phase(server, "archived")).source == SAVED
        assert "archive_asked" in await kinds(house, server)
    await departures.joined(GUILD)
    await house.until(ran, lambda row: row.phase == "running" and row.bound == 2)
    assert (await house.row(rested)).phase == "archived"
    await house.servers.power.resume(ADA, rested)
    await house.until(rested, lambda row: row.phase == "running" and row.bound == 2)


async def test_after_thirty_days_they_are_purged(house: Any, departures: Departures) -> None:
    server = await running(house)
    await house.guilds.greet(GUILD)
    await departures.left(GUILD)
    await house.phase(server, "paused")
    house.pass_time(timedelta(days=8))
    await departures.settle()
    await house.phase(server, "archived")
    house.pass_time(timedelta(days=21))
    await departures.settle()
    assert (await house.row(server)).phase == "archived"
    house.pass_time(timedelta(days=1, hours=1))
    await departures.settle()
    await house.phase(server, "deleted")
    assert len(await house.told(server, DeletionFinal)) == 1
    await departures.joined(GUILD)
    assert (await house.row(server)).phase == "deleted"
    assert await house.guilds.greet(GUILD), "whoever invites it now is new here"


async def test_a_world_that_cannot_be_saved_is_not_purged(
    house: Any, departures: Departures, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, refused = await running(house), asyncio.Event()

    async def refuse(*_: Any) -> Receipt:
        refused.set()
        raise ClusterError("a chunk is wrong", problem=Problem.WORLD_DAMAGED)

    sealed = house.cluster.seal
    monkeypatch.setattr(house.cluster, "seal", refuse)
    await departures.left(GUILD)
    await house.phase(server, "paused")
    house.pass_time(timedelta(days=31))
    await departures.settle()
    async with asyncio.timeout(30):
        await refused.wait()
    assert (await house.row(server)).phase == "deleting"
    assert ("remove", server) not in house.cluster.calls
    monkeypatch.setattr(house.cluster, "seal", sealed)
    await house.until(server, lambda row: row.phase == "deleted")


async def test_nothing_starts_where_the_bot_was_removed(house: Any, departures: Departures) -> None:
    server = await running(house)
    await departures.left(GUILD)
    await house.phase(server, "paused")
    for asked in (
        house.servers.power.resume(ADA, server),
        house.servers.power.restart(ADA, server),
        house.create("Lake"),
    ):
        with pytest.raises(Refusal) as refused:
            await asked
        assert refused.value.message == "guild.left"


async def test_who_died_after_it_was_written_down_is_made_up_for(
    house: Any, departures: Departures, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await running(house)

    async def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Departures, "_settle", die)
        with pytest.raises(KeyboardInterrupt):
            await departures.left(GUILD)
    assert (await house.row(server)).desired == "running"
    await house.another().departures.settle()
    house.controller.wake(server)
    assert (await house.phase(server, "paused")).because == "guild_gone"
    with monkeypatch.context() as patch:
        patch.setattr(Departures, "_settle", die)
        with pytest.raises(KeyboardInterrupt):
            await departures.joined(GUILD)
    await house.another().departures.settle()
    house.controller.wake(server)
    await house.phase(server, "running")


async def test_told_twice_it_happens_once(house: Any, departures: Departures) -> None:
    server = await running(house)
    for _ in range(2):
        await departures.left(GUILD)
        await house.another().departures.left(GUILD)
    await house.phase(server, "paused")
    house.pass_time(timedelta(days=3))
    await departures.left(GUILD)
    for _ in range(2):
        await departures.joined(GUILD)
    await house.phase(server, "running")
    assert [kind for kind in await kinds(house, server) if kind in ("paused", "resumed")] == ["paused", "resumed"]


async def test_maintenance_is_waited_for(house: Any, departures: Departures) -> None:
    server = await running(house)
    await departures.left(GUILD)
    await house.phase(server, "paused")
    await house.core.operations.maintain("", by=9)
    await departures.joined(GUILD)
    assert (await house.row(server)).desired == "paused"
    await house.core.operations.maintain(None, by=9)
    await departures.settle()
    await house.phase(server, "running")


async def test_guilds_that_a_list_lacks(house: Any, departures: Departures) -> None:
    for guild in (1, 2, 3):
        await house.guilds.greet(guild)
    await departures.left(2)
    assert await departures.not_among({3, 4}) == [1]
