"""Which games and sizes a guild offers, and that what it does not offer is not made."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from samples import CATALOGUE

from bot.demo.guild.validation import V2, check_message
from cogs import games, guild_pages
from cogs.cards import components
from core.errors import BadInput, NotAllowed, Refusal
from core.guilds.games import Offer, offer_of
from core.guilds.limits import Limits, Quota
from core.guilds.quotas import Special, Status
from core.guilds.storage import Storage
from core.servers.audit import Asked
from core.text import languages
from core.words import Sharer
from tests.conftest import ADA, BO, CHANNEL, CY


@pytest.mark.parametrize("language", languages())
async def test_pages_of_games_and_quotas_are_such_that_discord_takes_them(language: str) -> None:
    """Also with far more in them than there will be."""
    game = CATALOGUE.find("minecraft-java")
    many = [Offer(game.model_copy(update={"id": f"game_{n}", "name": f"Game {n}" * 5}), ("small",)) for n in range(60)]
    special = tuple(Special(2**62 + n, Sharer.MEMBER, Quota(10, 10**6)) for n in range(50))
    status = Status(Storage((), Limits(memory=10**6)), {}, 2**40, 2**40, memory=10**6, special=special)
    made = [games.listing(many, language), games.page(Offer(game, ()), language), guild_pages.quota(status, language)]
    made += [guild_pages.status(status, language), guild_pages.quota_of(status, 2**62, Sharer.MEMBER, language)]
    for layout in made:
        assert list(check_message({"flags": V2, "components": components(layout)})) == []


async def create(house: Any, size: str | None = None, name: str = "Pond") -> str:
    view = await house.servers.creation.create(ADA, channel=CHANNEL, game="meadow", name=name, size=size)
    return str(view.size)


async def test_a_game_that_is_not_offered_is_not_made_and_servers_of_it_go_on(house: Any) -> None:
    pond = await house.create()
    assert (await house.core.games.offer(CY, "Meadow", offered=False)).sizes == ()
    assert "meadow" not in [game.id for game in await house.core.games.offered(ADA.guild)]
    with pytest.raises(Refusal) as refused:
        await create(house, name="Lake")
    assert refused.value.message == "games.withheld"
    assert "Meadow" not in refused.value.values["games"]
    await house.servers.power.restart(ADA, pond)
    await house.servers.power.pause(ADA, pond)
    await house.servers.power.resume(ADA, pond)
    await house.core.games.offer(CY, "meadow", offered=True)
    assert await create(house, name="Lake") == "small"


async def test_without_a_wish_it_is_the_smallest_size_that_is_offered(house: Any) -> None:
    await house.core.games.choose_sizes(CY, "meadow", ["medium", "large"])
    assert await create(house) == "medium"
    with pytest.raises(Refusal) as refused:
        await create(house, "small", "Lake")
    assert (refused.value.message, refused.value.values["sizes"]) == ("games.size_withheld", "medium, large")
    with pytest.raises(BadInput):
        await create(house, "huge", "Lake")


async def test_where_nothing_is_offered_that_is_said(house: Any) -> None:
    for game in house.core.catalogue:
        await house.core.games.offer(CY, game.id, offered=False)
    with pytest.raises(Refusal, match=r"games\.none"):
        await create(house)


@pytest.mark.parametrize("sizes", [[], ["large"]])
async def test_a_game_taken_back_comes_in_the_sizes_that_were_chosen_or_in_all(house: Any, sizes: list[str]) -> None:
    chosen, game = house.core.games, house.core.catalogue.find("meadow")
    if sizes:
        await chosen.choose_sizes(CY, "meadow", sizes)
    for _ in range(2):
        await chosen.offer(CY, "meadow", offered=False)
    assert (await chosen.offer(CY, "meadow", offered=True)).sizes == tuple(sizes or ("small", "medium", "large"))
    assert offer_of(game, {f"meadow/{each.id}" for each in game.sizes}).sizes == ()


async def test_no_race_makes_what_was_withdrawn_before(house: Any) -> None:
    """Whoever commits second sees what the first decided."""
    made, _ = await asyncio.gather(
        create(house), house.core.games.offer(CY, "meadow", offered=False), return_exceptions=True
    )
    assert isinstance(made, str | Refusal)
    with pytest.raises(Refusal):
        await create(house, name="Lake")


async def test_only_admins_decide_it_and_each_decision_is_told_once(house: Any) -> None:
    chosen = house.core.games
    for refused in (chosen.look(BO), chosen.look_at(BO, "meadow"), chosen.offer(BO, "meadow", offered=False)):
        with pytest.raises(NotAllowed):
            await refused
    with pytest.raises(BadInput):
        await chosen.choose_sizes(CY, "meadow", ["huge"])
    for _ in range(2):
        await chosen.choose_sizes(CY, "meadow", ["small"])
    [event] = [entry.event for entry in (await house.core.audit.read(CY, Asked())).entries]
    assert (event.game, event.sizes, event.before, event.by) == (
        "meadow", ("small",), ("small", "medium", "large"), CY.user
    )  # fmt: skip
