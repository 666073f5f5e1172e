"""Being forgotten: all that is personal goes, what others need stays."""

from __future__ import annotations

from sqlmodel import select

from core.accounts.claims import Identity
from core.accounts.flows import Flow, Step
from core.accounts.forgetting import PERSONAL
from core.accounts.scopes import READ
from core.data.tables import EventRow, FollowRow, MemberRow, QuestionRow
from tests.conftest import ADA, BO, GUILD, House


async def test_all_that_is_personal_goes_and_servers_stay(house: House) -> None:
    core, server = house.core, await house.create("Pond")
    for who in (ADA, BO):
        await core.accounts.edit(who, {"language": "de"})
        await core.identities.link(who.user, who.name, Identity("issuer", who.name))
        await core.sessions.begin(who.user, who.name)
        await core.tokens.make(who, "script", READ)
        await core.flows.begin("browser", Flow(Step.OPENID, linking=True, then="/", user=who.user))
        async with house.database.begin() as session:
            session.add(FollowRow(server=server, user=who.user))
            session.add(QuestionRow(id=who.name, guild=GUILD, user=who.user, mark="", at=core.now()))
    assert (await core.forgetting.forget(ADA)).servers == 1
    async with house.database.session() as session:
        for table in PERSONAL:
            assert {row.user for row in await session.exec(select(table))} == {BO.user}, table
        assert [row.by for row in await session.exec(select(EventRow).where(EventRow.kind == "created"))] == [ADA.user]
    assert (await house.row(server)).owner == ADA.user


async def test_looking_erases_nothing(house: House) -> None:
    await house.create("Pond")
    assert (await house.core.forgetting.stays(ADA)).servers == 1
    async with house.database.session() as session:
        assert (await session.get(MemberRow, (GUILD, ADA.user))) is not None
