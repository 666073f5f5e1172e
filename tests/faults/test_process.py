"""The process as a whole: how it begins while Discord is away, and what ends it."""

from __future__ import annotations

import asyncio
import signal

import pytest
from faults import Faults
from shipped import Shipped

from bot.demo.guild.cast import CHAT

pytestmark = pytest.mark.process


async def ends(house: Shipped) -> int:
    assert house.process is not None
    return await asyncio.wait_for(house.process.wait(), 10)


@pytest.mark.parametrize("route", [("GET", "/users/@me"), ("GET", "/gateway/bot"), ("PUT", "/applications/*/commands")])
async def test_started_while_discord_is_away_it_keeps_trying(
    fresh: Shipped, its_faults: Faults, route: tuple[str, str]
) -> None:
    assert await fresh.stop() == 0
    for command in list(fresh.guild.world.commands):
        fresh.guild.world.delete_command(command)
    for file in (fresh.folder / "bot").glob("dormouse.db*"):  # so that it has to sync them
        file.unlink()
    refused = its_faults.answer(*route, 503)
    await fresh.start()
    async with asyncio.timeout(10):
        while not fresh.guild.world.commands:
            await asyncio.sleep(0.05)
    assert refused.left == 0
    assert (await fresh.people["Ada"].slash(CHAT, "server list"))["answer"] == "deferred"


@pytest.mark.parametrize("code", [4004, 4014])
async def test_a_refusal_by_the_gateway_ends_it_in_words(fresh: Shipped, its_faults: Faults, code: int) -> None:
    await its_faults.close(code)
    assert await ends(fresh) == 1
    assert "Dormouse cannot start like this" in fresh.log
    assert "Traceback" not in fresh.log


async def test_a_token_that_discord_does_not_know_ends_it_in_words(fresh: Shipped, its_faults: Faults) -> None:
    assert await fresh.stop() == 0
    its_faults.answer("GET", "/users/@me", 401)
    with pytest.raises(AssertionError, match="does not know this token"):
        await fresh.start()
    assert await ends(fresh) == 1
    assert "Traceback" not in fresh.log


async def test_it_can_be_stopped_while_it_waits_to_sign_in_again(fresh: Shipped, its_faults: Faults) -> None:
    since = len(fresh.guild.gateway.log)
    await its_faults.close(4009)
    await its_faults.turn("closed", 2, since=since)  # it came back, was told to begin anew, and waits 5 s
    try:
        assert fresh.process is not None
        fresh.process.send_signal(signal.SIGTERM)
        assert await ends(fresh) == 0
    finally:
        await fresh.stop(signal.SIGKILL)
