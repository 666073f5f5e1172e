"""`/server transfer`: an owner offers, and the one who is asked answers by the buttons of the notice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from town import Town, town
from wire import ADA, BO, CY, Said

from bot.demo.guild.components import walk
from bot.demo.guild.interactions import COMPONENT


@pytest.fixture
async def oak(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as made:
        await made.create()
        said = await made.wire.command(ADA, "server transfer", server="Pond", to=BO)
        assert said.text.startswith(f"<@{BO}> is asked")
        yield made


async def press(oak: Town, who: str, label: str) -> Said:
    message = await oak.message("offers you **Pond**")
    [button] = [each for each, _ in walk(message.data["components"]) if each.get("label") == label]
    data = {"custom_id": button["custom_id"], "component_type": button["type"]}
    return await oak.wire.send(who, COMPONENT, data, source=message)


async def test_who_takes_it_owns_it_and_the_notice_says_so(oak: Town) -> None:
    assert (await press(oak, CY, "Take it")).text == f"Pond is offered to <@{BO}>, and to nobody else."
    said = await press(oak, BO, "Take it")
    assert said.text.startswith("**Pond** is yours now.")
    message = await oak.message(f"**Pond** belongs to <@{BO}> now.")
    assert [each for each, _ in walk(message.data["components"]) if "custom_id" in each] == []
    listed = await oak.wire.command(BO, "server list", whose="mine")
    assert "Pond" in listed.text


async def test_who_declines_is_asked_no_more(oak: Town) -> None:
    assert (await press(oak, BO, "No, thanks")).text == "The offer of **Pond** is over."
    await oak.message(f"**Pond** is not offered any more: <@{BO}> ended that.")
    assert "Pond" not in (await oak.wire.command(BO, "server list", whose="mine")).text


async def test_who_missed_the_notice_finds_the_offer_in_the_list(oak: Town) -> None:
    assert "Offered to you" not in (await oak.wire.command(CY, "server list")).text
    listed = await oak.wire.command(BO, "server list")
    assert "Offered to you until" in listed.text
    assert (await oak.wire.press(BO, listed.custom_id("Take it"))).text.startswith("**Pond** is yours now.")
    assert "Offered to you" not in (await oak.wire.command(BO, "server list")).text
