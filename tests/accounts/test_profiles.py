"""What somebody sets for themselves, and what they are told of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from core.accounts.profiles import Profile
from core.data.tables import AccountRow
from core.errors import BadInput
from core.zones import suggest_zones
from tests.conftest import ADA, BO, GUILD


async def test_nothing_is_set_at_first_and_nothing_is_kept_by_looking(house: Any) -> None:
    assert ADA.user not in await house.core.accounts.languages()
    assert await house.core.accounts.show(ADA) == Profile()


async def test_what_is_set_holds_in_every_guild_and_the_rest_stays(house: Any) -> None:
    await house.core.accounts.edit(ADA, {"language": "de"})
    await house.core.accounts.edit(ADA, {"time_zone": "europe/berlin"})
    found = await house.core.accounts.show(replace(ADA, guild=GUILD + 7))
    assert (found.language, found.time_zone) == ("de", "Europe/Berlin")
    assert BO.user not in await house.core.accounts.languages()
    assert (await house.core.accounts.edit(ADA, {"language": None})).time_zone == "Europe/Berlin"
    assert ADA.user not in await house.core.accounts.languages()


@pytest.mark.parametrize("wrong", [{"language": "fr"}, {"time_zone": "Oak/Hollow"}, {"time_zone": "../etc/passwd"}])
async def test_what_there_is_not_is_refused_and_nothing_is_set(house: Any, wrong: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        await house.core.accounts.edit(ADA, {"language": "de", **wrong})
    assert await house.core.accounts.show(ADA) == Profile()


async def test_edits_at_once_are_all_kept(house: Any) -> None:
    edits = ({"language": "de"}, {"time_zone": "Europe/Berlin"}, {"language": "de"})
    await asyncio.gather(*(house.core.accounts.edit(ADA, each) for each in edits))
    found = await house.core.accounts.show(ADA)
    assert (found.language, found.time_zone) == ("de", "Europe/Berlin")


async def test_servers_are_told_by_name_here_and_by_number_elsewhere(house: Any) -> None:
    await house.create("Pond")
    await house.create("Lake", replace(ADA, guild=GUILD + 7))
    gone = await house.create("Brook")
    await house.servers.removal.delete(ADA, gone, "Brook")
    found = await house.core.accounts.show(ADA)
    assert (found.name, found.here, found.servers, found.elsewhere) == ("Ada", ("Pond",), 1, 1)


def test_zones_are_suggested_by_region_and_city() -> None:
    assert suggest_zones("berl", most=3) == ["Europe/Berlin"]
    assert suggest_zones("new y", most=1) == ["America/New_York"]
    assert suggest_zones("", most=2)[0] == "UTC"
    assert suggest_zones("nowhere", most=5) == []


@pytest.mark.parametrize("typed", ["", " ", None])
async def test_who_has_set_nothing_is_not_kept(house: Any, typed: str | None) -> None:
    await house.core.accounts.edit(ADA, {"time_zone": "Europe/Berlin"})
    found = await house.core.accounts.edit(ADA, {"time_zone": typed})
    assert found.time_zone is None
    async with house.database.session() as session:
        assert list(await session.exec(select(AccountRow))) == []
