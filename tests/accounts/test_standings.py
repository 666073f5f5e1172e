"""What a guild gives to who people are elsewhere: to create, to be admin, or nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.accounts.claims import Identity
from core.errors import BadInput, NotAllowed
from core.guilds.access import Actor, Standing
from core.guilds.membership import Present
from tests.conftest import ADA, BO, CY, GUILD, House

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"


async def now(house: House, actor: Actor) -> Actor:
    """As whom they act now, as every face makes it."""
    return replace(actor, standing=await house.core.standings.of(actor.guild, actor.user))


async def link(house: House, actor: Actor, *roles: str, groups: tuple[str, ...] = ()) -> None:
    identity = Identity(TENANT, f"of {actor.user}", actor.name, "contoso.example", frozenset(roles), frozenset(groups))
    await house.core.identities.link(actor.user, actor.name, identity)


async def test_a_link_can_be_needed_to_create(house: House) -> None:
    await house.guilds.setup(CY, {"link_to_create": True})
    with pytest.raises(NotAllowed, match=r"create\.link"):
        await house.create("Pond", await now(house, ADA))
    await link(house, ADA)
    await house.create("Pond", await now(house, ADA))
    await house.create("Lake", await now(house, CY))  # admins can, as with a role


async def test_a_role_elsewhere_stands_for_admin(house: House) -> None:
    server = await house.create("Pond")
    await link(house, BO, "Keepers")
    with pytest.raises(NotAllowed):
        await house.guilds.setup(await now(house, BO), {"names": False})
    view = await house.guilds.setup(CY, {"entra_admin": "Keepers, other"})
    assert view.entra_admin == ("Keepers", "other")
    bo = await now(house, BO)
    assert not (await house.guilds.setup(bo, {"names": False})).names
    await house.servers.power.pause(bo, server)


async def test_a_group_elsewhere_may_create_and_then_nobody_else(house: House) -> None:
    await house.guilds.setup(CY, {"entra_create": [f"{TENANT}/7"]})
    await link(house, ADA, groups=("7",))
    await link(house, BO, groups=("8",))
    await house.create("Pond", await now(house, ADA))
    with pytest.raises(NotAllowed, match=r"create\.elsewhere"):
        await house.create("Lake", await now(house, BO))
    await house.guilds.setup(CY, {"entra_create": None})
    await house.create("Lake", await now(house, BO))


async def test_what_was_told_ends_after_a_day_and_with_the_link(house: House) -> None:
    await house.guilds.setup(CY, {"entra_admin": ["Keepers"]})
    await link(house, BO, "Keepers")
    assert await house.core.standings.of(GUILD, BO.user) == Standing(linked=True, admin=True)
    house.pass_time(timedelta(hours=25))  # type: ignore[attr-defined]
    assert await house.core.standings.of(GUILD, BO.user) == Standing(linked=True)
    await link(house, BO, "Keepers")
    assert (await house.core.standings.of(GUILD, BO.user)).admin
    await house.core.identities.unlink(BO.user)
    assert await house.core.standings.of(GUILD, BO.user) == Standing()


async def test_another_guild_is_none_of_it(house: House) -> None:
    await house.guilds.setup(CY, {"entra_admin": ["Keepers"]})
    await link(house, BO, "Keepers")
    assert await house.core.standings.of(GUILD + 7, BO.user) == Standing()


async def test_too_many_names_are_refused_in_words(house: House) -> None:
    with pytest.raises(BadInput, match=r"guild\.elsewhere"):
        await house.guilds.setup(CY, {"entra_admin": [f"role{n}" for n in range(21)]})


async def test_members_over_http_have_what_they_have_in_discord(house: House) -> None:
    await house.guilds.setup(CY, {"entra_admin": ["Keepers"]})
    await link(house, BO, "Keepers")
    house.membership.present = {BO.user: Present()}
    assert (await house.core.members.actor(GUILD, BO.user)).standing.admin
    assert (await house.core.members.among([GUILD], BO.user))[0].standing.admin
