"""The process as a whole: how it begins while Discord is away, and what ends it."""

from __future__ import annotations

import asyncio
import re
import signal
from typing import Any

import aiohttp
import pytest
from faults import EDIT, SEND, Faults, Rule
from shipped import Shipped

from bot.demo.guild.cast import CHAT, SERVERS

pytestmark = pytest.mark.process

WATCHED = {"IDLE_AFTER": "0", "HEALTH": "127.0.0.1:0"}


async def ends(house: Shipped) -> int:
    assert house.process is not None
    return await asyncio.wait_for(house.process.wait(), 10)


async def unsynced(house: Shipped) -> None:
    """It is stopped, and has to sync its commands when it starts."""
    assert await house.stop() == 0
    for command in list(house.guild.world.commands):
        house.guild.world.delete_command(command)
    for file in (house.folder / "bot").glob("dormouse.db*"):
        file.unlink()


@pytest.mark.parametrize("route", [("GET", "/users/@me"), ("GET", "/gateway/bot"), ("PUT", "/applications/*/commands")])
async def test_started_while_discord_is_away_it_keeps_trying(
    fresh: Shipped, its_faults: Faults, route: tuple[str, str]
) -> None:
    await unsynced(fresh)
    refused = its_faults.answer(*route, 503)
    await fresh.start()
    async with asyncio.timeout(60):
        while not fresh.guild.world.commands:
            await asyncio.sleep(0.05)
    assert refused.left == 0
    assert (await fresh.people["Ada"].slash(CHAT, "server list"))["answer"] == "deferred"


async def asked(house: Shipped, path: str) -> dict[str, Any]:
    """Of its health address, which the log tells."""
    url = re.findall(r'"url": ?"(http://[^"]+)"', house.log)[-1]
    async with aiohttp.ClientSession() as web, web.get(url + path) as response:
        return await response.json()  # type: ignore[no-any-return]


async def until_logged(house: Shipped, words: str) -> None:
    async with asyncio.timeout(60):
        while re.search(words, house.log) is None:
            await asyncio.sleep(0.05)


async def refused(house: Shipped, rule: Rule) -> None:
    """Start it, and come back once it was refused; it goes on by itself."""
    assert await house.stop() == 0
    starting = asyncio.create_task(house.start())
    await asyncio.wait([starting, asyncio.ensure_future(rule.struck.wait())], return_when=asyncio.FIRST_COMPLETED)
    assert rule.met, starting.result()
    house.starting = starting  # type: ignore[attr-defined]


@pytest.mark.parametrize("fresh", [WATCHED], indirect=True)
@pytest.mark.parametrize("route", [("GET", "/users/@me"), ("GET", "/oauth2/applications/@me"), ("GET", "/gateway/bot")])
async def test_an_address_that_discord_refuses_waits_as_long_as_it_is_told_and_says_so(
    fresh: Shipped, its_faults: Faults, route: tuple[str, str]
) -> None:
    rule = its_faults.ban(*route, times=1, seconds=3)
    await refused(fresh, rule)
    since = len(fresh.guild.requests)
    assert (await asked(fresh, "/healthz"))["live"]
    assert "refuses this address for" in (await asked(fresh, "/readyz"))["missing"]["discord"]
    assert len(fresh.guild.requests) == since, "nothing is asked meanwhile"
    await fresh.starting  # type: ignore[attr-defined]
    assert (await fresh.people["Ada"].slash(CHAT, "server list"))["answer"] == "deferred"
    assert "Discord refuses us" in fresh.log
    assert "Traceback" not in fresh.log


@pytest.mark.parametrize("fresh", [WATCHED], indirect=True)
async def test_an_address_that_is_refused_for_something_else_while_it_signs_in_is_no_error(
    fresh: Shipped, its_faults: Faults
) -> None:
    """The commands are refused while the way to the gateway is asked for: that is not even sent then."""
    await unsynced(fresh)
    its_faults.answer("GET", "/gateway/bot", 503)
    its_faults.ban("PUT", "/applications/*/commands", times=1, seconds=3)
    await fresh.start()
    assert re.search(r'"why": ?"Discord refuses this address for .*"Discord refuses us"', fresh.log)
    assert "signing in failed" not in fresh.log
    assert "Traceback" not in fresh.log


async def test_an_address_that_is_refused_for_nobody_knows_how_long_waits_longer_each_time(
    fresh: Shipped, its_faults: Faults
) -> None:
    rule = its_faults.ban("GET", "/users/@me", times=2)
    await refused(fresh, rule)
    await fresh.starting  # type: ignore[attr-defined]
    assert re.findall(r'"again_in": ?([\d.]+), "event": ?"Discord refuses us"', fresh.log) == ["5.0", "10.0"]


@pytest.mark.parametrize("fresh", [WATCHED], indirect=True)
async def test_an_address_that_is_refused_while_it_runs_asks_nothing_but_answers(
    fresh: Shipped, its_faults: Faults
) -> None:
    await fresh.create()
    await fresh.message("**Pond** is ready")
    its_faults.ban(*EDIT, seconds=600)
    await fresh.people["Ada"].slash(CHAT, "server pause", server="Pond")
    await until_logged(fresh, "Discord refuses this address: too many bad requests")
    since = len(fresh.guild.requests)
    await fresh.people["Ada"].slash(CHAT, "server create", game="meadow", name="Brook")
    await fresh.message("**Brook** is being made")
    await until_logged(fresh, r'"why": "Discord refuses this address for \d+ s", "times": 1, "event": "card not shown"')
    assert "refuses this address for" in (await asked(fresh, "/readyz"))["missing"]["discord"]
    assert its_faults.count(*SEND, since=since) + its_faults.count(*EDIT, since=since) == 0


@pytest.mark.parametrize("code", [4004, 4014])
async def test_a_refusal_by_the_gateway_ends_it_in_words(fresh: Shipped, its_faults: Faults, code: int) -> None:
    await its_faults.close(code)
    assert await ends(fresh) == 1
    assert "Dormouse cannot go on like this" in fresh.log
    assert "cannot start" not in fresh.log
    told = "Discord no longer takes this token" in fresh.log and "Make a new one on the page Bot" in fresh.log
    assert told == (code == 4004)
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


@pytest.mark.parametrize("fresh", [{"IDLE_AFTER": "3600"}], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_card_whose_edit_was_slow_says_what_is_true_after_a_start(
    fresh: Shipped, its_faults: Faults, number: signal.Signals
) -> None:
    await fresh.create()
    await fresh.message("**Pond** is ready")
    await asyncio.sleep(2)  # the least time between two edits of a card
    slow, since = its_faults.delay(*EDIT, 3, times=1), len(fresh.guild.requests)
    await fresh.people["Ada"].slash(SERVERS, "server keep", server="Pond")
    await asyncio.wait_for(slow.struck.wait(), 20)
    await fresh.people["Ada"].slash(SERVERS, "server pause", server="Pond")
    async with asyncio.timeout(60):
        while not its_faults.count(*EDIT, since=since):
            await asyncio.sleep(0.01)
    await fresh.stop(number)
    await fresh.start()
    await fresh.message("### Pond", "Paused")
    assert len(await fresh.cards()) == 1
