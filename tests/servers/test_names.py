"""A server is found by what people type: its id, its name, or a name that looks like an id."""

from __future__ import annotations

import pytest

from core.errors import BadInput, NotFound
from core.guilds.access import Actor, Do
from core.servers import names
from core.words import is_server_id

GUILD = 700
ADA = Actor(user=1, guild=GUILD, name="Ada")
STRANGER = Actor(user=9, guild=999, name="Eve", manages_guild=True)
LOOKS_LIKE_AN_ID = "summerisland"


@pytest.mark.parametrize(
    "typed", ["Summer Island", "Summer\tIsland", "Summer\nIsland", "  Summer \r\n Island ", "Summer\u00a0Island"]
)
def test_what_is_between_words_does_not_matter(typed: str) -> None:
    assert names.clean(typed) == "Summer Island"
    assert names.key(typed) == names.key("Summer Island")
    assert names.key(typed) != names.key("SummerIsland")


async def test_a_name_that_looks_like_an_id_is_found(house) -> None:
    assert is_server_id(LOOKS_LIKE_AN_ID)
    server = await house.create(LOOKS_LIKE_AN_ID)
    assert (await house.servers.lookup.get(ADA, LOOKS_LIKE_AN_ID)).id == server
    await house.servers.power.pause(ADA, LOOKS_LIKE_AN_ID)
    assert (await house.row(server)).desired == "paused"


async def test_an_id_goes_before_a_name(house) -> None:
    first = await house.create("Pond")
    await house.create(first)
    assert (await house.servers.lookup.get(ADA, first)).name == "Pond"


async def test_another_guilds_server_is_found_by_neither(house) -> None:
    server = await house.create(LOOKS_LIKE_AN_ID)
    for typed in (server, LOOKS_LIKE_AN_ID):
        with pytest.raises(NotFound):
            await house.servers.lookup.get(STRANGER, typed)


@pytest.mark.parametrize("pasted", ["Summer\tIsland", "Summer\nIsland"])
async def test_a_name_that_was_pasted_is_found_again(house, pasted: str) -> None:
    server = await house.create(pasted)
    for typed in (pasted, "summer island"):
        assert (await house.servers.lookup.get(ADA, typed)).id == server
        assert [found.id for found in await house.servers.lookup.suggest(ADA, typed, Do.SEE)] == [server]
    with pytest.raises(BadInput, match=r"name\.taken"):
        await house.create("Summer  Island")
    await house.servers.removal.delete(ADA, server, pasted)
    assert (await house.row(server)).desired == "deleted"
