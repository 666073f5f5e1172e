"""A server is offered to another member, who takes it or not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.errors import BadInput, LimitReached, NotAllowed, NotFound, Refusal
from core.guilds.access import Level
from core.notices.kinds.notices import OfferNotice, OfferOver, OfferTaken
from core.servers.sharing import Target
from core.servers.transfers import OFFER_STANDS
from core.words import EventKind, Sharer, ShareRole
from tests.conftest import ADA, BO, CY, GUILD

TO_BO = Target(BO.user, Sharer.MEMBER)


async def kinds_of(house: Any, server: str) -> list[str]:
    wanted = (EventKind.OFFERED, EventKind.OFFER_ENDED, EventKind.TRANSFERRED)
    return [row.kind for row in await house.events(server) if row.kind in wanted]


async def level(house: Any, actor: Any) -> Level:
    return (await house.servers.lookup.get_with_rights(actor, "Pond"))[1].level


async def test_who_takes_it_owns_it_and_the_owner_before_stays_a_manager(house: Any) -> None:
    pond = await house.create()
    await house.servers.sharing.share(ADA, pond, TO_BO, ShareRole.PLAYER)
    await house.servers.transfers.offer(ADA, pond, TO_BO)
    assert (await house.row(pond)).owner == ADA.user
    await house.servers.transfers.take(BO, pond)
    assert (await house.row(pond)).owner == BO.user
    assert (await level(house, BO), await level(house, ADA)) == (Level.OWNER, Level.MANAGER)
    assert await kinds_of(house, pond) == ["offered", "transferred"]
    assert await house.told(pond, OfferTaken) == [OfferTaken(BO.user)]


async def test_taken_twice_at_once_it_is_taken_once(house: Any) -> None:
    pond = await house.create()
    await house.servers.transfers.offer(ADA, pond, TO_BO)
    await asyncio.gather(*(house.servers.transfers.take(BO, pond) for _ in range(4)))
    assert await kinds_of(house, pond) == ["offered", "transferred"]


async def test_offered_twice_it_is_one_offer_and_to_another_the_first_ends(house: Any) -> None:
    pond = await house.create()
    for _ in range(2):
        await house.servers.transfers.offer(ADA, pond, TO_BO)
    assert await kinds_of(house, pond) == ["offered"]
    await house.servers.transfers.offer(ADA, pond, Target(CY.user, Sharer.MEMBER))
    assert await kinds_of(house, pond) == ["offered", "offer_ended", "offered"]
    with pytest.raises(NotAllowed):
        await house.servers.transfers.take(BO, pond)
    assert [type(each) for each in await house.told(pond, OfferNotice | OfferOver)] == [OfferOver, OfferNotice]


async def test_an_offer_ends_by_itself_after_seven_days(house: Any) -> None:
    pond = await house.create()
    await house.servers.transfers.offer(ADA, pond, TO_BO)
    house.pass_time(OFFER_STANDS - timedelta(minutes=1))
    assert (await house.row(pond)).offered_to == BO.user
    house.pass_time(timedelta(minutes=1))
    with pytest.raises(Refusal) as refused:
        await house.servers.transfers.take(BO, pond)
    assert refused.value.message == "transfer.over"
    assert (await house.row(pond)).owner == ADA.user
    await house.servers.transfers.offer(ADA, pond, TO_BO)
    assert [type(each) for each in await house.told(pond, OfferNotice | OfferOver)] == [OfferOver, OfferNotice]
    await house.servers.transfers.take(BO, pond)


@pytest.mark.parametrize("who", [ADA, BO, CY], ids=["its owner", "who was asked", "an admin"])
async def test_who_may_end_an_offer(house: Any, who: Any) -> None:
    pond = await house.create()
    await house.servers.transfers.offer(ADA, pond, TO_BO)
    await house.servers.transfers.decline(who, pond)
    assert await house.told(pond, OfferOver) == [OfferOver(who.user)]
    with pytest.raises(Refusal):
        await house.servers.transfers.take(BO, pond)


async def test_nobody_else_takes_or_ends_it(house: Any) -> None:
    pond = await house.create()
    await house.servers.transfers.offer(ADA, pond, TO_BO)
    di = replace(BO, user=4, name="Di")
    for act in (house.servers.transfers.take, house.servers.transfers.decline):
        with pytest.raises(NotAllowed):
            await act(di, pond)
        with pytest.raises(NotFound):
            await act(replace(BO, guild=GUILD + 7), pond)


async def test_who_has_as_many_servers_as_they_may_has_to_let_go_of_one_first(house: Any) -> None:
    pond = await house.create()
    for name in ("Brook", "Lake"):
        await house.create(name, BO)
    await house.servers.transfers.offer(ADA, pond, TO_BO)
    with pytest.raises(LimitReached):
        await house.servers.transfers.take(BO, pond)
    await house.servers.removal.delete(BO, "Lake", "Lake")
    await house.servers.transfers.take(BO, pond)
    assert (await house.row(pond)).owner == BO.user


async def test_a_deleted_server_is_offered_to_nobody(house: Any) -> None:
    pond = await house.create()
    await house.servers.transfers.offer(ADA, pond, TO_BO)
    await house.servers.removal.delete(ADA, pond, "Pond")
    assert await house.told(pond, OfferOver) == [OfferOver()]
    with pytest.raises(Refusal):
        await house.servers.transfers.take(BO, pond)
    await house.servers.removal.undo(ADA, pond)
    with pytest.raises(Refusal) as refused:
        await house.servers.transfers.take(BO, pond)
    assert refused.value.message == "transfer.over"


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (Target(90, Sharer.ROLE), "transfer.role"),
        (Target(50, Sharer.MEMBER, is_bot=True), "transfer.bot"),
        (Target(ADA.user, Sharer.MEMBER), "transfer.owner"),
    ],
)
async def test_to_whom_it_makes_no_sense(house: Any, to: Target, why: str) -> None:
    pond = await house.create()
    with pytest.raises(BadInput) as refused:
        await house.servers.transfers.offer(ADA, pond, to)
    assert refused.value.message == why
