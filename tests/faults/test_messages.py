"""Cards and notices whose requests fail: each message is in the channel exactly once in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from faults import EDIT, SEND, Faults, Rule, When
from shipped import Shipped, has

from bot.demo.guild.cast import CHAT, SERVERS

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

POSTS: dict[str, Callable[[Faults], Rule]] = {
    "500": lambda faults: faults.answer(*SEND, 500, times=2),
    "500 after the effect": lambda faults: faults.answer_after(*SEND, 500, times=2),
    "cut before the effect": lambda faults: faults.cut(*SEND, When.BEFORE, times=2),
    "cut after the effect": lambda faults: faults.cut(*SEND, When.AFTER, times=2),
    "429 of the bucket": lambda faults: faults.rate_limit(*SEND, 0.5, times=2),
}
EDITS: dict[str, Callable[[Faults], Rule]] = {
    "cut": lambda faults: faults.cut(*EDIT, When.BEFORE),
    "429 of the bucket": lambda faults: faults.rate_limit(*EDIT, 0.5),
    "429 from in front of Discord": lambda faults: faults.ban(*EDIT, times=1),
}


async def public(house: Shipped, *words: str) -> list[dict[str, Any]]:
    return [m for m in await house.messages() if has(m, *words) and not m.get("ephemeral_for")]


# Commands are given elsewhere, so that the channel has public messages only.


async def pause(house: Shipped) -> dict[str, Any]:
    await house.people["Ada"].slash(SERVERS, "server pause", server="Pond")
    await house.message("**Pond** was paused by")
    return await house.message("### Pond", "Paused")


async def resume(house: Shipped) -> dict[str, Any]:
    """Until every message says so."""
    await house.people["Ada"].slash(SERVERS, "server resume", server="Pond")
    await house.until(lambda found: not any(has(m, "**Pond** was paused by") for m in found))
    return await house.message("### Pond", "Running")


@pytest.mark.parametrize("failure", POSTS)
async def test_messages_whose_post_failed_are_there_once(house: Shipped, faults: Faults, failure: str) -> None:
    """A card that is posted anew, and a notice. Both still change later: the bot knows which they are."""
    before = len(await public(house, "**Pond** was paused"))
    [card] = await house.cards()
    await house.people["Cy"].delete(card)
    rule = POSTS[failure](faults)
    await pause(house)
    await resume(house)
    assert rule.left == 0
    assert len(await house.cards()) == 1
    assert len(await public(house, "**Pond** was paused")) == before + 1


@pytest.mark.parametrize("failure", EDITS)
async def test_an_edit_that_failed_is_shown_in_the_end(house: Shipped, faults: Faults, failure: str) -> None:
    [card] = await house.cards()
    since = len(house.guild.requests)
    rule = EDITS[failure](faults)
    assert (await pause(house))["id"] == card["id"]
    assert (await resume(house))["id"] == card["id"]
    assert rule.left == 0
    assert faults.count(*EDIT, since=since) < 15


async def test_a_notice_that_somebody_deleted_stays_deleted(house: Shipped, faults: Faults) -> None:
    before, since = len(await public(house, "**Pond** was paused")), len(house.guild.requests)
    await pause(house)
    await house.people["Cy"].delete(await house.message("**Pond** was paused by"))
    await resume(house)
    assert len(await public(house, "**Pond** was paused")) == before
    assert faults.count(*EDIT, since=since) < 15


async def test_a_long_rate_limit_of_one_card_holds_up_no_other(house: Shipped, faults: Faults) -> None:
    [card] = await house.cards()
    limited = faults.rate_limit("PATCH", f"/channels/{CHAT}/messages/{card['id']}", 600, times=None)
    await house.people["Ada"].slash(SERVERS, "server pause", server="Pond")
    await asyncio.wait_for(limited.struck.wait(), 10)
    await house.people["Bo"].slash(CHAT, "server create", game="meadow", name="Brook")
    await house.message("### Brook", "Running", who="Bo")
    assert limited.met < 4, "each counts towards the 10,000 bad answers after which an address is blocked"
