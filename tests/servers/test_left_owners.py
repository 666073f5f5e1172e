"""An owner who left the guild: their servers are offered to the managers, then to the admins, and then are theirs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from core.data.tables import ShareRow
from core.errors import LimitReached, NotAllowed, NotFound, Refusal
from core.guilds.access import Level
from core.notices.kinds.notices import (
    OfferOver,
    OwnerGoneAdmins,
    OwnerGoneBack,
    OwnerGoneNotice,
    OwnerGoneOver,
    OwnerGonePassed,
    OwnerGoneTaken,
)
from core.servers import left_owners
from core.servers.sharing import Target
from core.words import ADMINS, EventKind, Sharer, ShareRole
from tests.conftest import ADA, BO, CY, GUILD

DI = replace(BO, user=4, name="Di")
DAY = timedelta(days=1)
OF_OWNERS = (EventKind.OWNER_GONE, EventKind.OWNER_BACK, EventKind.TRANSFERRED, EventKind.OFFER_ENDED)
STATES = OwnerGoneNotice | OwnerGonePassed | OwnerGoneAdmins | OwnerGoneTaken | OwnerGoneBack | OwnerGoneOver


async def share(house: Any, server: str, actor: Any, role: ShareRole = ShareRole.MANAGER) -> None:
    await house.servers.sharing.share(ADA, server, Target(actor.user, Sharer.MEMBER), role)


async def nights(house: Any, count: int = 1) -> None:
    """The look-up of so many nights."""
    for _ in range(count):
        await house.servers.left_owners.look()
        house.pass_time(DAY)


async def ada_left(house: Any, *, managed: bool = True) -> str:
    """Pond, whose manager is Bo; its owner is gone since last night."""
    pond = await house.create()
    if managed:
        await share(house, pond, BO)
    house.membership.gone.add(ADA.user)
    await nights(house)
    return str(pond)


async def states(house: Any, server: str) -> list[type]:
    return [type(each) for each in await house.told(server, STATES)]


async def kinds(house: Any, server: str) -> list[str]:
    return [row.kind for row in await house.events(server) if row.kind in OF_OWNERS]


async def deliver(house: Any) -> None:
    """All messages get into a channel."""
    now = house.core.now()
    for key in await house.core.outbox.due_keys(now):
        for row in await house.core.outbox.due(now, key):
            await house.core.outbox.trying(row.id, 1, now)
            await house.core.outbox.sent(row.id, 1000 + row.id, row.revision, now)


async def test_managers_then_admins_are_asked_once_each_and_after_seven_days_it_is_the_admins(house: Any) -> None:
    pond = await ada_left(house)
    [first] = await house.told(pond, OwnerGoneNotice)
    assert (first.owner, first.admins) == (ADA.user, False)
    await deliver(house)
    await nights(house, 2)
    assert await kinds(house, pond) == ["owner_gone"], "each step is told once"
    await nights(house)
    assert await states(house, pond) == [OwnerGonePassed, OwnerGoneNotice]
    await deliver(house)
    await nights(house, 3)
    assert (await house.row(pond)).owner == ADA.user
    await nights(house, 3)
    assert await states(house, pond) == [OwnerGonePassed, OwnerGonePassed, OwnerGoneAdmins]
    assert await kinds(house, pond) == ["owner_gone", "owner_gone", "transferred"]
    row = await house.row(pond)
    assert (row.owner, row.owner_gone_since, row.desired) == (ADMINS, None, "running")


async def test_without_managers_the_admins_are_asked_at_once(house: Any) -> None:
    pond = await ada_left(house, managed=False)
    [told] = await house.told(pond, OwnerGoneNotice)
    assert told.admins
    await house.servers.left_owners.take(CY, pond)
    assert (await house.row(pond)).owner == CY.user


async def test_a_manager_who_left_too_counts_for_none(house: Any) -> None:
    house.membership.gone.add(BO.user)
    pond = await ada_left(house)
    assert [each.admins for each in await house.told(pond, OwnerGoneNotice)] == [True]


async def test_what_belongs_to_the_admins_has_nobody_as_owner_and_is_given_by_them(house: Any) -> None:
    pond = await ada_left(house)
    await nights(house, 8)
    rights = {}
    for actor in (ADA, BO, CY):
        rights[actor.name] = (await house.servers.lookup.get_with_rights(actor, pond))[1]
    assert [each.level for each in rights.values()] == [Level.PLAYER, Level.MANAGER, Level.ADMIN]
    with pytest.raises(NotAllowed) as refused:
        await house.servers.transfers.offer(BO, pond, Target(DI.user, Sharer.MEMBER))
    assert not refused.value.values["who"].owned
    await house.servers.transfers.offer(CY, pond, Target(DI.user, Sharer.MEMBER))
    await house.servers.transfers.take(DI, pond)
    assert (await house.row(pond)).owner == DI.user
    assert await managers(house) == {BO.user}


async def test_who_takes_it_owns_it_and_the_one_who_left_stays_nothing(house: Any) -> None:
    pond = await ada_left(house)
    await deliver(house)
    await asyncio.gather(*(house.servers.left_owners.take(BO, pond) for _ in range(3)))
    assert (await house.row(pond)).owner == BO.user
    assert await managers(house) == set()
    assert await kinds(house, pond) == ["owner_gone", "transferred"]
    assert await states(house, pond) == [OwnerGoneTaken]
    await nights(house, 2)
    assert await kinds(house, pond) == ["owner_gone", "transferred"]


async def test_of_two_who_press_at_once_one_has_it(house: Any) -> None:
    pond = await ada_left(house)
    await share_by_admin(house, pond, DI)
    takes = await asyncio.gather(
        *(house.servers.left_owners.take(who, pond) for who in (BO, DI)), return_exceptions=True
    )
    assert sorted(isinstance(each, Refusal) for each in takes) == [False, True]
    assert (await kinds(house, pond)).count("transferred") == 1


async def test_whom_it_is_not_offered_to_does_not_get_it(house: Any) -> None:
    pond = await ada_left(house)
    for who, why in ((DI, "heir.managers"), (CY, "heir.managers")):
        with pytest.raises(NotAllowed) as refused:
            await house.servers.left_owners.take(who, pond)
        assert refused.value.message == why
    await nights(house, 3)
    with pytest.raises(NotAllowed) as refused:
        await house.servers.left_owners.take(DI, pond)
    assert refused.value.message == "heir.admins"
    await house.servers.left_owners.take(CY, pond)


async def test_the_takers_quota_counts(house: Any) -> None:
    pond = await ada_left(house)
    for name in ("Brook", "Lake"):
        await house.create(name, BO)
    with pytest.raises(LimitReached):
        await house.servers.left_owners.take(BO, pond)
    assert (await house.row(pond)).owner == ADA.user


async def test_an_offer_that_stands_ends_when_another_takes_it(house: Any) -> None:
    pond = await ada_left(house)
    await house.servers.transfers.offer(CY, pond, Target(DI.user, Sharer.MEMBER))
    await house.servers.left_owners.take(BO, pond)
    assert await kinds(house, pond) == ["owner_gone", "offer_ended", "transferred"]
    assert [type(each) for each in await house.told(pond, OfferOver)] == [OfferOver]
    with pytest.raises(Refusal):
        await house.servers.transfers.take(DI, pond)


@pytest.mark.parametrize("how", ["the next look-up", "they press something"])
async def test_an_owner_who_is_back_keeps_it(house: Any, how: str) -> None:
    pond = await ada_left(house)
    await deliver(house)
    if how == "the next look-up":
        house.membership.gone.clear()
        await nights(house)
    else:
        await house.servers.left_owners.seen(replace(ADA, direct=True))
        assert (await house.row(pond)).owner_gone_since is not None, "direct messages tell nothing of that"
        await house.servers.left_owners.seen(ADA)
    assert (await house.row(pond)).owner_gone_since is None
    assert await states(house, pond) == [OwnerGoneBack]
    assert await kinds(house, pond) == ["owner_gone", "owner_back"]
    with pytest.raises(Refusal) as refused:
        await house.servers.left_owners.take(BO, pond)
    assert refused.value.message == "heir.over"


async def test_who_left_has_no_say_by_direct_message(house: Any) -> None:
    pond, from_afar = await ada_left(house), replace(ADA, direct=True)
    with pytest.raises(NotFound):
        await house.servers.power.pause(from_afar, pond)
    await house.servers.left_owners.seen(ADA)
    await house.servers.power.pause(from_afar, pond)


async def test_what_nobody_knows_makes_nobody_gone(house: Any) -> None:
    pond = await house.create()
    house.membership.unknown.add(ADA.user)
    await nights(house, 9)
    assert await kinds(house, pond) == []
    house.membership.away = True
    house.membership.gone, house.membership.unknown = {ADA.user}, set()
    await nights(house, 2)
    assert await kinds(house, pond) == []


async def test_a_deleted_server_is_offered_to_nobody(house: Any) -> None:
    pond = await ada_left(house)
    await house.servers.removal.delete(CY, pond, "Pond")
    assert await states(house, pond) == [OwnerGoneOver]
    await nights(house, 2)
    assert await kinds(house, pond) == ["owner_gone"]
    await house.servers.removal.undo(CY, pond)
    await nights(house)
    assert await kinds(house, pond) == ["owner_gone", "owner_gone"], "it begins anew"


async def test_each_owner_is_asked_for_once_a_day_a_few_at_a_time(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left_owners, "AT_ONCE", 2)
    for actor, name in ((ADA, "Pond"), (ADA, "Brook"), (BO, "Lake"), (DI, "Moor")):
        await house.create(name, actor)
    look = house.servers.left_owners.look
    await look()
    assert house.membership.asked == [1, 2]
    await house.another().servers.left_owners.look()
    assert house.membership.asked == [1, 2, 4]
    for _ in range(3):
        await look()
    assert house.membership.asked == [1, 2, 4], "until tomorrow"
    house.pass_time(DAY)
    await look()
    assert house.membership.asked == [1, 2, 4, 1, 2]


async def test_in_a_guild_that_the_bot_left_nobody_is_asked_for(house: Any) -> None:
    await house.create()
    await house.core.departures.left(GUILD)
    await nights(house)
    assert house.membership.asked == []


async def managers(house: Any) -> set[int]:
    async with house.database.session() as session:
        found = await session.exec(select(ShareRow).where(ShareRow.role == ShareRole.MANAGER))
        return {each.target for each in found}


async def share_by_admin(house: Any, server: str, actor: Any) -> None:
    await house.servers.sharing.share(CY, server, Target(actor.user, Sharer.MEMBER), ShareRole.MANAGER)
