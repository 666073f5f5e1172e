"""A port that something else uses is exchanged for another one before the game starts, and people are told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from core.data.tables import PortRow
from core.guilds.access import Actor
from core.notices.kinds.notices import AddressNotice, StartFailedNotice
from core.servers.controller import MOST_MOVES
from core.words import EventKind, PodPhase, Problem

ADA = Actor(user=1, guild=700, name="Ada")
POOL = range(25500, 25504)  # the fixture's rules


async def port(house: Any, server: str) -> int:
    async with house.database.session() as session:
        return int((await session.exec(select(PortRow.port).where(PortRow.server == server))).one())


async def paused(house: Any, name: str = "Pond") -> str:
    server = str(await house.create(name))
    await house.phase(server, "running")
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    return server


async def test_a_resume_takes_another_port_and_tells_the_new_address(house: Any) -> None:
    server = await paused(house)
    before = await port(house, server)
    house.cluster.taken.add(before)
    await house.servers.power.resume(ADA, server)
    row = await house.phase(server, "running")
    after = await port(house, server)
    assert after != before
    assert after in POOL
    assert (row.run, row.problem) == (3, None)
    assert house.cluster.specs[server].ports[0].host == after
    assert await house.told(server, AddressNotice) == [AddressNotice((before,))]
    view = await house.servers.lookup.get(ADA, server)
    assert view.address == f"127.0.0.1:{after}"
    moved = [each for each in await house.events(server) if each.kind == EventKind.PORTS_MOVED]
    assert [each.data for each in moved] == [{"ports": ["game"], "before": [before], "after": [after]}]


async def test_while_it_starts_its_card_says_why_the_address_is_new(house: Any) -> None:
    server = await paused(house)
    before = await port(house, server)
    house.cluster.taken.add(before)
    house.cluster.ready_at_once = False
    await house.servers.power.resume(ADA, server)
    await house.until(server, lambda row: row.run == 3 == house.cluster.pods[server].run)
    view = await house.servers.lookup.get(ADA, server)
    assert (view.taken, view.problem) == ((before,), None)
    house.cluster.become_ready(server)
    await house.phase(server, "running")
    assert (await house.servers.lookup.get(ADA, server)).taken == ()


async def test_a_new_server_never_starts_on_a_port_that_something_else_uses(house: Any) -> None:
    house.cluster.taken |= set(POOL[:-1])
    server = await house.create()
    await house.phase(server, "running")
    assert await port(house, server) == POOL[-1]


async def test_two_that_move_at_once_take_two_ports(house: Any) -> None:
    servers = [await paused(house, name) for name in ("Pond", "Oak")]
    house.cluster.taken |= {await port(house, server) for server in servers}
    await asyncio.gather(*(house.servers.power.resume(ADA, server) for server in servers))
    for server in servers:
        await house.phase(server, "running")
    now = {await port(house, server) for server in servers}
    assert len(now) == 2
    assert not now & house.cluster.taken


async def test_two_that_choose_the_same_port_look_again(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    oak = await paused(house, "Oak")
    server = await paused(house)
    house.cluster.taken.add(await port(house, server))
    taken_meanwhile, listenable = await port(house, oak), house.cluster.listenable

    async def late(ports: Any, most: int) -> list[int]:
        monkeypatch.setattr(house.cluster, "listenable", listenable)
        return [taken_meanwhile]

    monkeypatch.setattr(house.cluster, "listenable", late)
    await house.servers.power.resume(ADA, server)
    await house.phase(server, "running")
    assert await port(house, server) not in (taken_meanwhile, *house.cluster.taken)
    assert await port(house, oak) == taken_meanwhile


async def test_after_a_move_an_effect_that_fails_is_made_again(house: Any) -> None:
    server = await paused(house)
    before = await port(house, server)
    house.cluster.taken.add(before)
    ensure = house.cluster.ensure

    async def once(spec: Any) -> None:
        if spec.ports[0].host != before:
            house.cluster.ensure = ensure
            raise ConnectionError("the bot died here")
        await ensure(spec)

    house.cluster.ensure = once
    await house.servers.power.resume(ADA, server)
    await house.phase(server, "running")
    assert len(await house.told(server, AddressNotice)) == 1


async def test_where_no_port_is_free_it_is_a_problem_in_words_and_the_start_is_given_up(house: Any) -> None:
    server = await paused(house)
    before = await port(house, server)
    house.cluster.taken |= set(POOL)
    await house.servers.power.resume(ADA, server)
    row = await house.until(server, lambda row: row.problem == Problem.PORT_TAKEN)
    assert (await port(house, server), row.run) == (before, 2)
    async with house.database.begin() as session:
        row = await session.get_one(type(row), server)
        row.start_by = house.parts.now()
        session.add(row)
    house.controller.wake(server)
    await house.phase(server, "paused")
    [told] = await house.told(server, StartFailedNotice)
    assert told.trouble.problem is Problem.PORT_TAKEN
    assert await house.told(server, AddressNotice) == []


async def test_a_port_that_comes_free_is_taken_at_the_next_look(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.servers.controller.NO_PORT_AGAIN", 0.05)
    server = await paused(house)
    house.cluster.taken |= set(POOL)
    await house.servers.power.resume(ADA, server)
    await house.until(server, lambda row: row.problem == Problem.PORT_TAKEN)
    house.cluster.taken.discard(POOL[-1])
    if await port(house, server) == POOL[-1]:
        house.cluster.taken.discard(POOL[0])
    row = await house.phase(server, "running")
    assert row.problem is None


async def test_a_cluster_that_finds_no_port_good_is_not_given_others_for_ever(house: Any) -> None:
    server = await paused(house)
    house.cluster.taken |= set(POOL)

    async def any_of(ports: Any, most: int) -> list[int]:
        return list(ports[:most])

    house.cluster.listenable = any_of
    await house.servers.power.resume(ADA, server)
    await house.until(server, lambda row: row.problem == Problem.PORT_TAKEN)
    assert len(await house.told(server, AddressNotice)) == MOST_MOVES


async def test_the_ports_of_a_game_that_is_up_are_let_be(house: Any) -> None:
    server = await house.create()
    row = await house.phase(server, "running")
    house.cluster.taken.add(await port(house, server))
    await house.servers.editing.set_idle(ADA, server, minutes=20, warn=None, voice=None)
    house.controller.wake(server)
    assert (await house.row(server)).run == row.run
    assert house.cluster.pods[server].pod is PodPhase.READY


async def test_a_closed_port_is_open_to_nobody(house: Any) -> None:
    row = await house.row(await house.create())
    row.game = "minecraft-java"
    async with house.database.session() as session:
        context = await house.parts.rows.context(session, row)
    context.ports.append(PortRow(server=row.id, name="rcon", port=25503, protocol="tcp"))  # as it was given once
    spec = house.parts.projections.spec(row, context, replicas=1)
    assert {each.name: each.host is not None for each in spec.ports} == {"game": True, "rcon": False}
    assert list(house.parts.views.make(row, context).addresses) == ["game"]
