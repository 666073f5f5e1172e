"""The guild is unavailable for a while: nothing is lost or sent to the wrong place, and there is no storm."""

from __future__ import annotations

import asyncio

import pytest
from faults import EDIT, SEND, Faults
from shipped import Shipped, has

from bot.demo.guild.cast import ADA, DIRECT_CHANNELS, SERVERS

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

WAITING = 1.5
"""Seconds in which a message would have been sent to a wrong place; nothing tells that it was not."""


async def awake(house: Shipped) -> None:
    await house.people["Ada"].slash(SERVERS, "server resume", server="Pond")
    await house.message("### Pond", "Running")
    await house.until(lambda found: not any(has(m, "**Pond** was paused by") for m in found))


async def told_once(house: Shipped) -> None:
    """That it was paused: in the channel, and not to its owner as if there were no channel."""
    await house.message("**Pond** was paused by")
    await house.message("### Pond", "Paused")
    assert len(await house.cards()) == 1
    assert await house.people["Ada"].read(DIRECT_CHANNELS[ADA]) == []


async def test_what_happens_during_an_outage_is_told(house: Shipped, faults: Faults) -> None:
    await awake(house)
    since = len(house.guild.requests)
    with faults.outage():
        rules = [faults.answer(*SEND, 503, times=None), faults.answer(*EDIT, 503, times=None)]
        await house.people["Ada"].slash(SERVERS, "server pause", server="Pond")
        await asyncio.sleep(WAITING)
    for rule in rules:
        rule.lift()
    await told_once(house)
    assert len(house.guild.requests) - since < 25


async def test_signed_in_anew_during_an_outage_it_waits_for_the_guild(house: Shipped, faults: Faults) -> None:
    await awake(house)
    since = len(house.guild.gateway.log)
    with faults.outage():
        faults.invalidate(resumable=False)
        await faults.turn("identify", since=since)
        await house.people["Ada"].slash(SERVERS, "server pause", server="Pond")
        await asyncio.sleep(WAITING)
    await told_once(house)


async def test_started_during_an_outage_it_waits_for_the_guild(house: Shipped, faults: Faults) -> None:
    await awake(house)
    refused = faults.answer(*SEND, 503, times=None)
    await house.people["Ada"].slash(SERVERS, "server pause", server="Pond")
    await asyncio.wait_for(refused.struck.wait(), 10)
    assert await house.stop() == 0
    with faults.outage():
        refused.lift()
        await house.start()
        await asyncio.sleep(WAITING + 2)  # discord.py waits 2 s for guilds
    await told_once(house)
