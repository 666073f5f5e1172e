"""Servers that an older version paused keep no address that paused servers give back."""

from __future__ import annotations

import asyncio
from typing import Any

from core.data.tables import ServerRow
from core.guilds.access import Actor

ADA = Actor(user=1, guild=700, name="Ada")


async def paused(house: Any) -> str:
    server = str(await house.create())
    await house.phase(server, "running")
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    return server


async def given_back(house: Any) -> None:
    async with asyncio.timeout(30):
        while house.cluster.holds_address:
            await asyncio.sleep(0.01)


async def test_at_the_first_list_the_address_of_a_paused_server_is_given_back(house: Any) -> None:
    server = await paused(house)
    house.cluster.holds_address.add(server)
    house.cluster.calls.clear()
    house.cluster.come_back()  # a full list, as at a start
    await given_back(house)
    assert house.cluster.calls == [("ensure", server)]
    row = await house.row(server)
    assert (row.phase, house.cluster.specs[server].replicas, house.cluster.pods) == ("paused", 0, {})


async def test_of_a_deleted_server_too(house: Any) -> None:
    server = await paused(house)
    await house.servers.removal.delete(ADA, server, "Pond")
    house.cluster.holds_address.add(server)
    house.cluster.come_back()
    await given_back(house)


async def test_where_its_game_is_gone_it_is_left_and_no_problem_of_the_members(house: Any) -> None:
    server = await paused(house)
    async with house.database.begin() as session:
        row = await session.get_one(ServerRow, server)
        row.game = "gone"
        session.add(row)
    house.cluster.holds_address.add(server)
    house.cluster.come_back()
    other = await house.create("Oak")
    await house.phase(other, "running")
    assert (await house.row(server)).problem is None
