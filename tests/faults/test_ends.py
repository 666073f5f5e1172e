"""What ends the process, and how it ends in the middle of a fault: in order, and nothing lost or doubled after."""

from __future__ import annotations

import asyncio

import pytest
from faults import SEND, Faults, When
from shipped import Shipped, has

from bot.demo.guild.cast import CHAT, SERVERS

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize("fault", ["slow", "cut after", "429", "outage"])
async def test_stopped_in_the_middle_it_loses_and_doubles_nothing(house: Shipped, faults: Faults, fault: str) -> None:
    before = len([m for m in await house.messages() if has(m, "**Pond** was paused")])
    match fault:
        case "cut after":
            rule = faults.cut(*SEND, When.AFTER, times=None)
        case "429":
            rule = faults.rate_limit(*SEND, 3, everywhere=True)
        case _:
            rule = faults.delay(*SEND, 1, times=1)
    if fault == "outage":
        house.guild.world.outage()
    await house.people["Ada"].slash(SERVERS, "server pause", server="Pond")
    if fault != "outage":  # then it may wait for the guild
        await asyncio.wait_for(rule.struck.wait(), 10)
    assert await house.stop() == 0
    assert house.guild.gateway.log[-1] == ("closed", 1000)
    rule.lift()
    house.guild.world.outage(ends=True)
    await house.start()
    await house.message("**Pond** was paused by")
    await house.message("### Pond", "Paused")
    await house.people["Ada"].slash(SERVERS, "server resume", server="Pond")
    await house.message("### Pond", "Running")
    await house.until(lambda found: not any(has(m, "**Pond** was paused by") for m in found))
    assert len(await house.cards()) == 1
    assert len([m for m in await house.messages() if has(m, "**Pond** was paused")]) == before + 1


async def test_stopped_while_it_answers_it_finishes_the_answer(house: Shipped, faults: Faults) -> None:
    slow = faults.delay("PATCH", "/webhooks/*/*/messages/@original", 2)
    answer = await house.people["Ada"].slash(CHAT, "server list")
    await asyncio.wait_for(slow.struck.wait(), 10)
    assert await house.stop() == 0
    [shown] = [m for m in await house.messages() if m["id"] == answer["message"]["id"]]
    assert not shown.get("thinking")
    await house.start()
