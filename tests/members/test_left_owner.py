"""An owner leaves the guild: those who can take their server read of it, and take it by the notice's button."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from town import Town, town
from wire import ADA, BO, CY, Said

from bot.demo.guild import cast
from bot.demo.guild.components import walk
from bot.demo.guild.interactions import COMPONENT
from core.data.tables import MetaRow, ServerRow

LOOKED_FOR = ("GET", f"/guilds/{cast.GUILD}/members/{ADA}")


@pytest.fixture
async def oak(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as made:
        yield made


async def night(oak: Town) -> None:
    async with oak.wire.database.begin() as session:
        if (row := await session.get(MetaRow, "owners")) is not None:
            await session.delete(row)  # the round of last night
    await oak.wire.core.servers.left_owners.look()


async def press(oak: Town, who: str, label: str) -> Said:
    message = await oak.message("is not here any more")
    [button] = [each for each, _ in walk(message.data["components"]) if each.get("label") == label]
    data = {"custom_id": button["custom_id"], "component_type": button["type"]}
    return await oak.wire.send(who, COMPONENT, data, source=message)


@pytest.mark.parametrize("code", [10007, 10013])
async def test_an_admin_takes_it_and_the_notice_says_so(oak: Town, code: int) -> None:
    pond = await oak.create()
    oak.faults.answer(*LOOKED_FOR, 404, code=code, times=None)
    await night(oak)
    await oak.message(f"<@{ADA}>, who owns **Pond**, is not here any more.", "or an admin can take it")
    assert (await press(oak, BO, "Take it")).text == "Only a manager of Pond or an admin can take it."
    assert (await press(oak, CY, "Take it")).text == "**Pond** is yours now, with its world."
    message = await oak.message(f"**Pond** belongs to <@{CY}> now.")
    assert [each for each, _ in walk(message.data["components"]) if "custom_id" in each] == []
    assert (await oak.wire.row(pond)).desired == "running"
    audit = await oak.wire.command(CY, "guild audit")
    assert f"<@{ADA}>, its owner, left" in audit.text
    assert f"New owner: <@{ADA}> → <@{CY}>" in audit.text


async def test_an_owner_who_does_anything_here_is_back(oak: Town) -> None:
    await oak.create()
    rule = oak.faults.answer(*LOOKED_FOR, 404, code=10007, times=None)
    await night(oak)
    await oak.message("is not here any more")
    await oak.wire.command(ADA, "server list")
    await oak.message(f"<@{ADA}> is back: **Pond** stays theirs.")
    rule.lift()
    await night(oak)
    assert len(oak.having("is not here any more")) == 0


async def test_what_discord_does_not_say_makes_nobody_gone(oak: Town) -> None:
    pond = await oak.create()
    for status, code in ((403, 50001), (404, 10004), (404, 0)):
        oak.faults.answer(*LOOKED_FOR, status, code=code)
        await night(oak)
    with oak.faults.outage():
        client = oak.wire.client
        assert client is not None
        await oak.until(lambda: client.get_guild(int(cast.GUILD)).unavailable)
        await night(oak)
    row = await oak.wire.row(pond)
    assert (row.owner, row.owner_gone_since) == (int(ADA), None)


async def test_a_server_of_the_admins_says_so_and_can_be_given_away(oak: Town) -> None:
    pond = await oak.create()
    oak.faults.answer(*LOOKED_FOR, 404, code=10007, times=None)
    await night(oak)
    async with oak.wire.database.begin() as session:
        row = await session.get_one(ServerRow, pond)
        assert row.owner_gone_since is not None
        row.owner_gone_since -= timedelta(days=8)
        session.add(row)
    await night(oak)
    await oak.message("It belongs to the admins now")
    for command, options in (("server list", {}), ("server show", {"server": "Pond"})):
        assert "owned by the admins here" in (await oak.wire.command(BO, command, **options)).text
    said = await oak.wire.command(BO, "server delete", server="Pond")
    assert said.text == "Only an admin can delete Pond."
    await oak.wire.command(CY, "server transfer", server="Pond", to=BO)
    await oak.wire.core.servers.transfers.take(oak.wire.actor(BO), pond)
    assert f"owned by <@{BO}>" in (await oak.wire.command(CY, "server list")).text


async def test_what_no_channel_takes_is_not_sent_after_an_owner_who_left(oak: Town) -> None:
    pond = await oak.create()
    oak.faults.answer(*LOOKED_FOR, 404, code=10007, times=None)
    await night(oak)
    oak.faults.forbid(cast.CHAT)
    await oak.wire.core.servers.power.pause(replace(oak.wire.actor(CY), manages_guild=True), pond)
    await oak.notice("paused", "dead")
    assert oak.faults.count("POST", "/users/@me/channels") == 0
