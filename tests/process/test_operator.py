"""The shipped process hears its operator in the direct messages of a guild on loopback. Cy owns the application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from shipped import Shipped, shipped

from bot.demo.guild import cast

pytestmark = pytest.mark.process


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Shipped]:
    """Without pauses of its own."""
    async with shipped(tmp_path, IDLE_AFTER="3600") as house:
        yield house


async def ask(house: Any, who: str, words: str) -> None:
    person = house.people[who]
    await person.say(cast.DIRECT_CHANNELS[person.id], f"<@{cast.BOT}> {words}")


async def answer(house: Any, who: str, *words: str) -> str:
    """The bot's newest direct message with these words, as soon as there is one."""
    person = house.people[who]
    async with asyncio.timeout(60):
        while True:
            for message in reversed(await person.read(cast.DIRECT_CHANNELS[person.id], limit=100)):
                if message["author"]["id"] == cast.BOT and all(word in message["content"] for word in words):
                    return str(message["content"])
            await asyncio.sleep(0.05)


async def test_the_operator_pauses_everything_and_keeps_it_so_until_maintenance_is_over(house: Any) -> None:
    await house.create()
    await ask(house, "Cy", "health")
    assert "1 running" in await answer(house, "Cy", "**Discord:**")

    await ask(house, "Ada", "maintenance on")
    await answer(house, "Ada", "I listen only to whoever runs me")

    await ask(house, "Cy", "maintenance on New disks")
    await answer(house, "Cy", "Maintenance is on")
    await ask(house, "Cy", "pause all New disks")
    await answer(house, "Cy", "Pausing 1 server")
    paused = await house.message("is paused: whoever runs this bot asked for it", "> New disks")
    await house.message("### Pond", "Paused")

    await house.press("Resume", paused, who="Bo")
    await house.message("No server can be started for now, says whoever runs this bot: New disks", who="Bo")

    await ask(house, "Cy", "maintenance off")
    await answer(house, "Cy", "Maintenance is off")
    await house.press("Resume", paused, who="Bo")
    await house.message("### Pond", "Running")


async def test_the_operator_has_the_commands_synced_again(house: Any) -> None:
    synced = [each for each in house.guild.requests if each.method == "PUT"]
    await ask(house, "Cy", "sync")
    await answer(house, "Cy", "Discord knows my commands")
    assert len([each for each in house.guild.requests if each.method == "PUT"]) == len(synced) + 1
