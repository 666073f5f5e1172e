"""Where a message goes when its channel no longer takes it, without a storm of requests that must fail."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from faults import EDIT, SEND, Faults
from shipped import Shipped, has

from bot.demo.guild.cast import ADA, CHAT, DIRECT_CHANNELS, SERVERS
from bot.demo.guild.errors import Json
from bot.demo.guild.permissions import Permission

pytestmark = pytest.mark.process

IDLE = {"IDLE_AFTER": "6", "IDLE_WARN": "3", "IDLE_GRACE": "1"}


def when(house: Shipped, kind: str) -> datetime:
    """When this event happened, as the bot wrote it down."""
    with closing(sqlite3.connect(house.folder / "bot" / "dormouse.db")) as database:
        [(at,)] = database.execute("SELECT at FROM events WHERE kind = ?", (kind,))
    return datetime.fromisoformat(at)


async def arrives(house: Shipped, channel: str, *words: str, within: float = 60) -> Json:
    async with asyncio.timeout(within):
        while True:
            for message in await house.people["Ada"].read(channel):
                if has(message, *words):
                    return message
            await asyncio.sleep(0.05)


async def test_a_notice_goes_to_the_notice_channel_and_without_permission_to_the_cards(
    fresh: Shipped, its_faults: Faults
) -> None:
    await fresh.people["Cy"].slash(SERVERS, "guild setup", notice_channel=SERVERS)
    await fresh.create()
    await arrives(fresh, SERVERS, "**Pond** is ready")
    its_faults.forbid(SERVERS)
    await fresh.people["Ada"].slash(CHAT, "server pause", server="Pond")
    await arrives(fresh, CHAT, "**Pond** was paused by")
    await fresh.message("### Pond", "Paused")
    its_faults.forbid(SERVERS, Permission.VIEW_CHANNEL)
    await fresh.people["Ada"].slash(CHAT, "server resume", server="Pond")
    await arrives(fresh, CHAT, "**Pond** is ready")
    assert its_faults.count("POST", f"/channels/{SERVERS}/messages") == 1


async def test_without_any_channel_it_goes_to_the_owner_whose_buttons_work(fresh: Shipped, its_faults: Faults) -> None:
    await fresh.create()
    its_faults.forbid(CHAT)
    await fresh.people["Ada"].slash(SERVERS, "server pause", server="Pond")
    paused = await arrives(fresh, DIRECT_CHANNELS[ADA], "**Pond** was paused")
    await fresh.press("Resume", paused)
    await arrives(fresh, DIRECT_CHANNELS[ADA], "**Pond** is ready")
    assert its_faults.count(*SEND) + its_faults.count(*EDIT) < 12


async def test_a_refusal_that_the_permissions_did_not_tell_counts_as_well(fresh: Shipped, its_faults: Faults) -> None:
    await fresh.create()
    await fresh.message("**Pond** is ready")
    its_faults.answer("POST", f"/channels/{CHAT}/messages", 403, code=50013, times=None)
    await fresh.people["Ada"].slash(SERVERS, "server pause", server="Pond")
    await arrives(fresh, DIRECT_CHANNELS[ADA], "**Pond** was paused")
    assert its_faults.count("POST", f"/channels/{CHAT}/messages") < 8


@pytest.mark.parametrize("fresh", [IDLE], indirect=True)
async def test_a_warning_that_nobody_takes_waits_its_full_time_and_is_noted_on_the_card(
    fresh: Shipped, its_faults: Faults
) -> None:
    await fresh.create()
    refused = its_faults.answer("POST", "/channels/*/messages", 403, code=50013, times=None)
    async with asyncio.timeout(60):
        await refused.struck.wait()
    await fresh.message("### Pond", "The last warning could not be posted anywhere.")
    await fresh.message("### Pond", "Paused")
    warned, paused = when(fresh, "warned"), when(fresh, "paused")
    assert paused - warned >= timedelta(seconds=3)
    assert its_faults.count(*SEND) < 12


async def test_a_deleted_channel_makes_no_storm_and_its_notices_go_to_the_owner(
    fresh: Shipped, its_faults: Faults
) -> None:
    await fresh.create()
    await fresh.message("**Pond** is ready")
    before = len(fresh.guild.requests)
    its_faults.delete_channel(CHAT)
    await fresh.people["Ada"].slash(SERVERS, "server pause", server="Pond")
    await arrives(fresh, DIRECT_CHANNELS[ADA], "**Pond** was paused")
    await fresh.people["Ada"].slash(SERVERS, "server resume", server="Pond")
    await arrives(fresh, DIRECT_CHANNELS[ADA], "**Pond** is ready")
    assert len(fresh.guild.requests) - before < 25


async def test_a_deleted_card_channel_moves_the_card_to_the_server_channel(fresh: Shipped, its_faults: Faults) -> None:
    await fresh.create()
    await fresh.people["Cy"].slash(SERVERS, "guild setup", server_channel=SERVERS)
    its_faults.delete_channel(CHAT)
    await fresh.people["Ada"].slash(SERVERS, "server pause", server="Pond")
    await arrives(fresh, SERVERS, "### Pond", "Paused")
    await arrives(fresh, SERVERS, "**Pond** was paused")
    assert its_faults.count(*SEND) + its_faults.count(*EDIT) < 20


async def test_a_card_comes_back_with_the_permission(fresh: Shipped, its_faults: Faults) -> None:
    await fresh.create()
    its_faults.forbid(CHAT, Permission.VIEW_CHANNEL)
    await fresh.people["Ada"].slash(SERVERS, "server pause", server="Pond")
    await arrives(fresh, DIRECT_CHANNELS[ADA], "**Pond** was paused")
    its_faults.allow(CHAT)
    await fresh.people["Ada"].slash(SERVERS, "server resume", server="Pond")
    await fresh.message("### Pond", "Running")
    assert len(await fresh.cards()) == 1
