"""The gateway breaks in every way it can: the bot comes back and answers, with its session where it may keep it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from faults import FORGOTTEN, Faults
from ports import ports
from shipped import Shipped, shipped

from bot.demo.guild.cast import CHAT

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

IMPATIENT = """
import discord

patient = discord.Client.__init__

def impatient(self, *arguments, **options):
    patient(self, *arguments, heartbeat_timeout=3.0, **options)

discord.Client.__init__ = impatient

from bot.__main__ import main

main(["run"])
"""
"""The shipped process, but after 3 s in which it heard nothing; discord.py gives a connection up after 60 s."""

CODES = [1000, 1001, 4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009]


async def answers(house: Shipped) -> bool:
    answer = await house.people["Ada"].slash(CHAT, "server list")
    return bool(answer["answer"] == "deferred")


@pytest.mark.parametrize("code", CODES)
async def test_after_a_close_it_is_back_and_answers(house: Shipped, faults: Faults, code: int) -> None:
    since = len(house.guild.gateway.log)
    await faults.close(code)
    await faults.turn("identify" if code in FORGOTTEN else "resume", since=since)
    assert await answers(house)


async def test_a_press_while_it_was_away_is_replayed_and_answered(house: Shipped, faults: Faults) -> None:
    since = len(house.guild.gateway.log)
    await faults.close(4000)
    assert await answers(house)
    assert [turn.what for turn in list(house.guild.gateway.log)[since:] if turn.what != "closed"] == ["resume"]


async def test_asked_to_reconnect_it_resumes(house: Shipped, faults: Faults) -> None:
    since = len(house.guild.gateway.log)
    faults.ask_to_reconnect()
    await faults.turn("resume", since=since)
    assert await answers(house)


@pytest.mark.parametrize("resumable", [True, False])
async def test_an_invalid_session_is_resumed_or_begun_anew(house: Shipped, faults: Faults, resumable: bool) -> None:
    since = len(house.guild.gateway.log)
    faults.invalidate(resumable=resumable)
    await faults.turn("resume" if resumable else "identify", since=since)
    assert await answers(house)


async def test_a_connection_without_heartbeat_answers_is_given_up(tmp_path: Path) -> None:
    async with shipped(tmp_path, command=[sys.executable, "-c", IMPATIENT], PORTS=ports()) as house:
        faults = Faults(house.guild)
        async with faults.without_acknowledgement():
            await faults.turn("resume", 2)  # told of the shorter interval; given up and come back
        assert await answers(house)


async def test_all_that_left_the_process_as_it_was(house: Shipped) -> None:
    assert house.process is not None
    assert house.process.returncode is None
    assert "Traceback" not in house.log
    assert await house.stop(signal.SIGTERM) == 0
    assert house.guild.gateway.log[-1] == ("closed", 1000)
    await house.start()
