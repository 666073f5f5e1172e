"""A guild's storage as it is counted, warned of and limited, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.assemble import assemble
from core.errors import BadInput, NotAllowed
from core.games.catalogue import Catalogue
from core.guilds.access import Actor
from core.guilds.quotas import Quotas
from tests.guilds.conftest import GIB, GUILD, hold, limit, warnings

ADA = Actor(user=1, guild=GUILD, name="Ada")
CY = Actor(user=3, guild=GUILD, name="Cy", manages_guild=True)


@pytest.fixture
async def pond(house: Any) -> str:
    """Of a guild that may store 100 GiB, in worlds of 10."""
    await limit(house, GUILD, storage_bytes=100 * GIB)
    return str(await house.create())


async def uses(house: Any, server: str, gib: float, world: float = 0) -> None:
    await hold(house, server, int(gib * GIB), int(world * GIB))
    await house.quotas.watch()


async def test_a_guild_is_warned_once_for_each_mark_it_crosses(house: Any, pond: str) -> None:
    for gib in (10, 80, 90, 95, 99, 100, 110):
        await uses(house, pond, gib)
    assert await warnings(house, GUILD) == [80, 95, 100]


async def test_what_fell_below_and_came_back_is_told_again(house: Any, pond: str) -> None:
    for gib in (85, 70, 85):
        await uses(house, pond, gib)
    assert await warnings(house, GUILD) == [80, 80]


async def test_a_world_of_its_own_is_warned_of_likewise(house: Any, pond: str) -> None:
    for gib in (5, 8, 9, 9.6, 7, 8.5):
        await uses(house, pond, 20, world=gib)
    assert await warnings(house, GUILD, pond) == [80, 95, 80]
    assert await warnings(house, GUILD) == []


async def test_all_servers_count_together_but_for_deleted_ones(house: Any, pond: str) -> None:
    lake = str(await house.create("Lake"))
    await hold(house, lake, 50 * GIB)
    await uses(house, pond, 40)
    assert (await house.quotas.status(CY)).storage.used == 90 * GIB
    assert await warnings(house, GUILD) == [80]
    await house.servers.removal.delete(ADA, lake, "Lake")
    assert (await house.quotas.status(CY)).storage.used == 40 * GIB


async def test_another_guilds_worlds_do_not_count(house: Any, pond: str) -> None:
    await uses(house, pond, 90)
    assert (await house.quotas.status(Actor(user=9, guild=701, manages_guild=True))).storage.used == 0


async def test_a_lower_limit_warns_at_once_and_a_higher_one_makes_room(house: Any, pond: str) -> None:
    await uses(house, pond, 40)
    await house.quotas.set(CY, {"storage": 41 * GIB})
    assert await warnings(house, GUILD) == [95]
    await house.quotas.set(CY, {"storage": 100 * GIB})
    await uses(house, pond, 81)
    assert await warnings(house, GUILD) == [95, 80]


async def test_the_host_gives_what_it_gives(house: Any, pond: str) -> None:
    quotas = house.another(replace(house.core.rules, guild_storage=50 * GIB)).quotas
    assert (await quotas.status(CY)).limits.storage_bytes == 50 * GIB
    with pytest.raises(BadInput, match=r"quota\.storage_most"):
        await quotas.set(CY, {"storage": 51 * GIB})


def quotas_with_disks_of(house: Any, gib: int) -> Quotas:
    game = house.core.catalogue.get("meadow").model_copy(update={"volume": gib})
    return assemble(house.database, Catalogue([game]), house.cluster, house.core.rules, house.core.now).quotas


async def test_a_world_may_be_as_large_as_the_largest_disk_of_a_game(house: Any, pond: str) -> None:
    """And as large as the default, however small the disks are: that is no promise, and no new limit."""
    quotas = quotas_with_disks_of(house, 40)
    with pytest.raises(BadInput, match=r"quota\.world_most"):
        await quotas.set(CY, {"world": 41 * GIB})
    found = await quotas.set(CY, {"world": 40 * GIB})
    assert (found.limits.world_bytes, found.most_world) == (40 * GIB, 40 * GIB)
    small = quotas_with_disks_of(house, 1)
    assert (await small.set(CY, {"world": 10 * GIB})).most_world == 10 * GIB


async def test_only_admins_see_and_set_it(house: Any, pond: str) -> None:
    for refused in (house.quotas.status(ADA), house.quotas.set(ADA, {"servers": 1})):
        with pytest.raises(NotAllowed):
            await refused


@pytest.mark.parametrize("forged", [{"servers": -1}, {"servers": 11}, {"world": 11 * GIB}, {"retention": "lean"}])
async def test_what_no_option_offers_is_refused(house: Any, pond: str, forged: dict[str, Any]) -> None:
    before = (await house.quotas.status(CY)).limits
    with pytest.raises(BadInput):
        await house.quotas.set(CY, forged)
    assert (await house.quotas.status(CY)).limits == before
