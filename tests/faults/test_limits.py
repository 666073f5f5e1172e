"""Discord's limits are for each channel: what waits for one holds up no other, and none is exceeded."""

from __future__ import annotations

import asyncio

import pytest
from faults import EDIT, SEND
from town import Town

from bot.demo.guild.cast import CHAT, SERVERS

MANY = 10
"""Servers of one channel: more than are worked on at once."""


async def crowd(town: Town) -> list[str]:
    """Servers in one channel."""
    await town.wire.allow(MANY + 2)
    servers = await asyncio.gather(*(town.create(f"Pond {number}", channel=SERVERS) for number in range(MANY)))
    await asyncio.sleep(1.6)  # the least time between two edits of a card
    return servers


async def test_one_channels_limit_holds_up_no_other_channel(hollow_oak: Town) -> None:
    await crowd(hollow_oak)
    limit = hollow_oak.faults.bucket(*EDIT, most=2, seconds=2)
    await hollow_oak.set_up(language="de")
    await hollow_oak.until(lambda: hollow_oak.having("Läuft", channel=SERVERS))
    await hollow_oak.wire.core.servers.creation.create(
        hollow_oak.wire.actor(), channel=int(CHAT), game="meadow", name="Brook", size=None
    )
    await hollow_oak.message("### Brook")
    assert len(hollow_oak.having("Läuft", channel=SERVERS)) < MANY, "others still wait for their turn"
    await hollow_oak.until(lambda: len(hollow_oak.having("Läuft", channel=SERVERS)) == MANY, 60)
    assert (limit.exceeded, limit.at_once) == (0, 1)


async def test_messages_to_one_channel_go_one_after_the_other(hollow_oak: Town) -> None:
    servers = await crowd(hollow_oak)
    send = hollow_oak.faults.bucket(*SEND, most=5, seconds=1)
    edit = hollow_oak.faults.bucket(*EDIT, most=5, seconds=1)
    for route in (SEND, EDIT):
        hollow_oak.faults.delay(*route, 0.1)
    await asyncio.gather(*(hollow_oak.wire.core.servers.power.pause(hollow_oak.wire.actor(), each) for each in servers))
    await hollow_oak.until(lambda: len(hollow_oak.having("was paused", channel=SERVERS)) == MANY, 60)
    await hollow_oak.until(lambda: len(hollow_oak.having("**Paused**", channel=SERVERS)) == MANY, 60)
    assert (send.exceeded, send.at_once, edit.exceeded, edit.at_once) == (0, 1, 0, 1)


async def test_cards_do_not_wait_for_notices(hollow_oak: Town) -> None:
    servers = await crowd(hollow_oak)
    crowded = True
    await hollow_oak.silence()
    await hollow_oak.announce(lambda: crowded)
    await asyncio.gather(*(hollow_oak.wire.core.servers.power.pause(hollow_oak.wire.actor(), each) for each in servers))
    await hollow_oak.until(lambda: len(hollow_oak.having("**Paused**", channel=SERVERS)) == MANY, 60)
    assert not hollow_oak.having("was paused", channel=SERVERS)
    crowded = False
    await hollow_oak.until(lambda: len(hollow_oak.having("was paused", channel=SERVERS)) == MANY, 60)


async def test_no_flood_of_cards_silences_notices(hollow_oak: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogs.cards_first.PATIENCE", 0.2)
    await hollow_oak.silence()
    await hollow_oak.announce(lambda: True)
    await hollow_oak.pause(await hollow_oak.create())
    await hollow_oak.message("was paused", channel=None)


async def test_the_cards_of_servers_that_are_gone_for_good_are_left_alone(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    await hollow_oak.purged(24)
    since = len(hollow_oak.guild.requests)
    await hollow_oak.set_up(language="de")
    await hollow_oak.message("### Pond", "Läuft")
    await hollow_oak.pause(pond)
    await hollow_oak.message("### Pond", "Pausiert")
    assert hollow_oak.faults.count("PATCH", f"/channels/{SERVERS}/messages/*", since=since) == 0


async def test_a_card_says_once_that_its_server_is_gone_for_good(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    await hollow_oak.wire.core.servers.removal.delete(hollow_oak.wire.actor(), pond, "Pond")
    await hollow_oak.message("### Pond", "can be brought back")
    async with hollow_oak.wire.database.begin() as session:
        row = await session.get_one(type(await hollow_oak.wire.row(pond)), pond)
        row.purge_at = hollow_oak.wire.now()
        session.add(row)
    hollow_oak.wire.core.controller.wake(pond)
    await hollow_oak.wire.until(pond, "deleted")
    gone = await hollow_oak.until(lambda: not hollow_oak.having("can be brought back until") and hollow_oak.read())
    since = len(hollow_oak.guild.requests)
    await hollow_oak.set_up(language="de")
    hollow_oak.announcer.touch(pond)
    await hollow_oak.cards_rest()
    assert len(gone) == len(hollow_oak.read())
    assert hollow_oak.faults.count(*EDIT, since=since) == 0
