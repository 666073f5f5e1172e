"""The story of a server, through the shipped process: create, play, be warned, pause, resume; and kills in between."""

from __future__ import annotations

import json
import os
import re
import signal

import aiohttp
import pytest
from shipped import has

from bot.demo.guild.cast import CHAT, CY, DIRECT_CHANNELS
from bot.demo.guild.events import Message

pytestmark = pytest.mark.process


def address(card_text: str) -> str:
    found = re.search(r"127\.0\.0\.1:\d+", card_text)
    assert found
    return found[0]


def direct(house) -> list[Message]:
    """What Cy got by direct message."""
    return list(house.guild.world.messages.oldest_first(DIRECT_CHANNELS[CY], after=0))


async def test_create_play_be_warned_pause_and_resume_with_the_same_world(house) -> None:
    card = await house.create()
    where = address(json.dumps(card["components"]))
    await house.people["Cy"].slash(CHAT, "server follow", server="Pond")
    async with aiohttp.ClientSession() as web, web.ws_connect(f"http://{where}/play?name=Bo") as player:
        await house.until(lambda found: next((m for m in found if "Players: 1 of 16" in json.dumps(m)), None))
        await house.until(lambda _: any("Bo joined **Pond**." in json.dumps(each.data) for each in direct(house)))
        await house.people["Ada"].slash(CHAT, "server console", server="Pond", command="players")
        await house.message("```\n> players\n", "Bo")
        await house.people["Ada"].slash(CHAT, "server logs", server="Pond")
        await house.message("### Pond", "Bo joined")
        await player.close()
    warning = await house.message("**Pond** has been empty since")
    assert "Bo" in json.dumps(warning["components"])
    await house.press("Keep alive", warning, who="Bo")
    kept = await house.message("kept awake by")
    assert kept["id"] == warning["id"]
    await house.people["Ada"].slash(CHAT, "server pause", server="Pond")
    card = await house.message("### Pond", "Paused")
    paused = await house.message("was paused by")
    await house.press("Resume", paused, who="Bo")
    await house.message("### Pond", "Running")
    assert len(await house.cards()) == 1


async def test_an_empty_server_is_warned_about_in_one_message_and_paused(house) -> None:
    await house.create()
    warning = await house.message("**Pond** has been empty since")
    paused = await house.message("**Pond** is paused: nobody was on")
    assert paused["id"] == warning["id"]
    await house.message("### Pond", "Paused")
    await house.press("Resume", paused, who="Bo")
    await house.message("### Pond", "Running")


@pytest.mark.parametrize("when", ["create", "warn", "pause", "resume", "delete"])
async def test_killed_in_the_middle_it_converges_with_one_effect_and_one_message(house, when) -> None:
    ada = house.people["Ada"]
    if when != "create":
        await house.create()
    match when:
        case "create":
            await ada.slash(CHAT, "server create", game="meadow", name="Pond")
            await house.message("is being made")
        case "warn":
            await house.message("**Pond** has been empty since")
        case "pause":
            await ada.slash(CHAT, "server pause", server="Pond")
            await house.message("saves its world")
        case "resume":
            await ada.slash(CHAT, "server pause", server="Pond")
            await house.message("### Pond", "Paused")
            await ada.slash(CHAT, "server resume", server="Pond")
            await house.message("is waking up")
        case "delete":
            asked = await ada.slash(CHAT, "server delete", server="Pond")
            await ada.submit(CHAT, asked["modal"], name="Pond")
            await house.message("is deleted. It can be brought back")
    await house.stop(signal.SIGKILL)
    await house.start()
    expected = {"create": "Running", "warn": "Paused", "pause": "Paused", "resume": "Running", "delete": "Deleted"}
    await house.message("### Pond", expected[when])
    assert len(await house.cards()) == 1
    if when == "warn":
        await house.message("nobody was on")  # it may come a moment after the card
        assert len([m for m in await house.messages() if has(m, "nobody was on")]) == 1


async def test_servers_outlive_the_bot_and_are_adopted(house) -> None:
    card = await house.create()
    where = address(json.dumps(card["components"]))
    assert await house.stop() == 0
    async with aiohttp.ClientSession() as web, web.get(f"http://{where}/status") as answer:
        assert answer.status == 200
    await house.start()
    shown = await house.people["Bo"].slash(CHAT, "server pause", server="Pond")
    assert shown["answer"] in ("deferred", "message")
    await house.message("Only Ada (owner) or an admin can pause Pond.", who="Bo")


async def test_a_name_of_markdown_and_mentions_is_refused_in_words(house) -> None:
    await house.people["Ada"].slash(CHAT, "server create", game="meadow", name="**<@1>**")
    await house.message("A name is made of letters")


async def test_who_joins_after_the_warning_is_not_paused_away(house) -> None:
    card = await house.create()
    where = address(json.dumps(card["components"]))
    warning = await house.message("**Pond** has been empty since")
    async with aiohttp.ClientSession() as web, web.ws_connect(f"http://{where}/play?name=Bo"):
        stays = await house.message("**Pond** stays on: Bo joined.")
        assert stays["id"] == warning["id"]
        with pytest.raises(TimeoutError):
            await house.message("### Pond", "Paused", within=8)


async def test_a_game_that_stops_answering_is_never_paused(house) -> None:
    card = await house.create()
    server = card["components"][0]["components"][-1]["components"][-1]["custom_id"].split(":")[2]
    state = json.loads((house.folder / "bot" / "servers" / server / "pod" / "state.json").read_text())
    os.kill(state["pid"], signal.SIGSTOP)
    try:
        await house.message("### Pond", "Starting")
        with pytest.raises(TimeoutError):
            await house.message("### Pond", "Paused", within=10)
    finally:
        os.kill(state["pid"], signal.SIGCONT)
    await house.message("### Pond", "Running")
