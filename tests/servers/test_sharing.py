"""With whom a server is shared, and what that lets them do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from core.data.tables import ShareRow
from core.errors import BadInput, NotAllowed, NotFound
from core.guilds.access import Actor, Level
from core.notices import events
from core.notices.kinds.events import Shared
from core.servers.sharing import MOST_SHARES, Shares, Target
from core.words import EventKind, Sharer, ShareRole
from tests.conftest import ADA, BO, CY, GUILD

WITH_BO = Target(BO.user, Sharer.MEMBER)
PLAYERS = Target(90, Sharer.ROLE)
DI = Actor(user=4, guild=GUILD, name="Di")


async def share(house: Any, server: str, target: Target, role: ShareRole | None, actor: Actor = ADA) -> Shares:
    return await house.servers.sharing.share(actor, server, target, role)


async def level(house: Any, actor: Actor) -> Level:
    return (await house.servers.lookup.get_with_rights(actor, "Pond"))[1].level


async def told(house: Any, server: str) -> list[Shared]:
    found = [events.read(row) for row in await house.events(server) if row.kind == EventKind.SHARED]
    return [each for each in found if isinstance(each, Shared)]


async def test_a_manager_may_what_an_owner_may_but_not_share(house: Any) -> None:
    pond = await house.create()
    assert await level(house, BO) is Level.PLAYER
    shares = await share(house, pond, WITH_BO, ShareRole.MANAGER)
    assert [(each.target, each.kind, each.role) for each in shares.all] == [(BO.user, "member", "manager")]
    assert await level(house, BO) is Level.MANAGER
    assert await level(house, DI) is Level.PLAYER, "nobody is shut out by a manager"
    with pytest.raises(NotAllowed):
        await share(house, pond, PLAYERS, ShareRole.PLAYER, BO)


async def test_once_it_has_players_only_they_play(house: Any) -> None:
    pond = await house.create()
    await share(house, pond, PLAYERS, ShareRole.PLAYER)
    assert await level(house, DI) is Level.NOBODY
    assert await level(house, replace(DI, roles=frozenset({PLAYERS.id}))) is Level.PLAYER
    assert await level(house, CY) is Level.ADMIN
    await share(house, pond, PLAYERS, None)
    assert await level(house, DI) is Level.PLAYER


async def test_each_change_is_written_down_once_with_what_was_before(house: Any) -> None:
    pond = await house.create()
    for role in (ShareRole.PLAYER, ShareRole.PLAYER, ShareRole.MANAGER, None, None):
        await share(house, pond, WITH_BO, role)
    assert await told(house, pond) == [
        Shared(BO.user, "member", "", "player", by=ADA.user),
        Shared(BO.user, "member", "player", "manager", by=ADA.user),
        Shared(BO.user, "member", "manager", "", by=ADA.user),
    ]


async def test_two_who_share_at_once_with_the_same_person_do_it_once(house: Any) -> None:
    pond = await house.create()
    answers = await asyncio.gather(
        *(share(house, pond, WITH_BO, ShareRole.MANAGER, actor) for actor in (ADA, CY, ADA, CY))
    )
    assert sorted(each.changed for each in answers) == [False, False, False, True]
    assert len(await told(house, pond)) == 1


async def test_with_everybody_as_player_it_is_open_again_also_where_a_role_is_gone(house: Any) -> None:
    pond = await house.create()
    everybody = Target(GUILD, Sharer.ROLE)
    assert not (await share(house, pond, everybody, ShareRole.PLAYER)).changed
    for target in (PLAYERS, WITH_BO):
        await share(house, pond, target, ShareRole.PLAYER)
    await share(house, pond, Target(DI.user, Sharer.MEMBER), ShareRole.MANAGER)
    shares = await share(house, pond, everybody, ShareRole.PLAYER)
    assert shares.changed
    assert [each.role for each in shares.all] == ["manager"]
    assert await level(house, replace(BO, user=77)) is Level.PLAYER


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (Target(ADA.user, Sharer.MEMBER), "share.owner"),
        (Target(GUILD, Sharer.ROLE), "share.everyone"),
        (Target(50, Sharer.MEMBER, is_bot=True), "share.bot"),
    ],
)
async def test_with_whom_it_makes_no_sense(house: Any, target: Target, why: str) -> None:
    pond = await house.create()
    with pytest.raises(BadInput) as refused:
        await share(house, pond, target, ShareRole.MANAGER)
    assert refused.value.message == why
    assert await told(house, pond) == []


async def test_with_no_more_than_a_message_can_name(house: Any) -> None:
    pond = await house.create()
    for number in range(MOST_SHARES):
        await share(house, pond, Target(1000 + number, Sharer.MEMBER), ShareRole.PLAYER)
    with pytest.raises(BadInput):
        await share(house, pond, WITH_BO, ShareRole.PLAYER)
    await share(house, pond, Target(1000, Sharer.MEMBER), ShareRole.MANAGER)
    await share(house, pond, Target(1000, Sharer.MEMBER), None)
    assert len((await share(house, pond, WITH_BO, ShareRole.PLAYER)).all) == MOST_SHARES


async def test_a_member_of_another_guild_is_told_that_there_is_no_such_server(house: Any) -> None:
    pond = await house.create()
    with pytest.raises(NotFound):
        await share(house, pond, WITH_BO, ShareRole.PLAYER, replace(ADA, guild=GUILD + 7))
    async with house.database.session() as session:
        assert list(await session.exec(select(ShareRow))) == []
