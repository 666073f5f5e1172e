"""Being forgotten: all that is personal goes, what others need stays."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger
from sqlmodel import SQLModel, select

from core.accounts.claims import Identity
from core.accounts.flows import Flow, Step
from core.accounts.forgetting import KEPT, PERSONAL
from core.accounts.scopes import READ
from core.data.tables import EventRow, FollowRow, MemberRow, QuestionRow, RequestKeyRow
from tests.conftest import ADA, BO, GUILD, House

NOBODY = {
    "activity_buckets": "start seconds",
    "cards": "channel message",
    "events": "guild volume_bytes stored_bytes",
    "guilds": "id server_channel notice_channel admin_role create_role world_bytes storage_bytes player_names "
    "games_withheld entra_admin entra_create",
    "interactions": "id",
    "licences": "guild name",
    "notices": "guild channel message",
    "occasions": "id guild name roles",
    "ports": "name",
    "quotas": "guild storage",
    "servers": "guild name name_key settings channel run_settings idle_voice bound saved_name saved_bytes saved_new "
    "saved_gaps stored_bytes",
    "webhook_deliveries": "event",
    "webhooks": "guild kinds cursor",
}
"""Columns that could hold somebody by what they are, and do not: things, places, sizes."""
OF_GAMES = {"play_sessions.name", "servers.players", "servers.last_players"}
"""Names of players, which an owner forgets (core.activity.reading)."""


def test_each_column_that_holds_somebody_is_erased_or_says_why_it_stays() -> None:
    erased = {table.__tablename__ for table in PERSONAL}
    could = {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if table.name not in erased and (isinstance(column.type, BigInteger | JSON) or "name" in column.name)
    }
    nobody = {f"{table}.{name}" for table, names in NOBODY.items() for name in names.split()}
    assert could == nobody | OF_GAMES | set(KEPT)
    assert not nobody & set(KEPT)


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
            session.add(RequestKeyRow(user=who.user, key="key", digest="", at=core.now()))
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
