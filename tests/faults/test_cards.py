"""A card shows what is true, and is there: after a stop, a kill, and when somebody deleted it."""

from __future__ import annotations

import asyncio

import pytest
from faults import EDIT, When
from town import Town

from bot.demo.guild.cast import ADA, CHAT, SERVERS
from core.servers.cards import COMMITTED_WITHIN

ONE = ("GET", "/channels/*/messages/*")


async def describe(town: Town, server: str, text: str) -> None:
    await town.wire.core.servers.editing.edit(town.wire.actor(), server, {"description": text})


async def again(town: Town) -> None:
    """The bot stops where it stands, and is started."""
    await town.silence()
    await town.announce()


# as old as the reading


async def test_a_change_during_a_slow_edit_is_shown_after_a_stop(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    slow = hollow_oak.faults.delay(*EDIT, 1, times=1)
    await describe(hollow_oak, pond, "all year")
    await slow.struck.wait()
    await hollow_oak.wire.core.servers.power.pause(hollow_oak.wire.actor(), pond)
    await hollow_oak.wire.until(pond, "paused")
    await hollow_oak.message("### Pond", "all year", "Running")
    async with asyncio.timeout(30):
        while not (await hollow_oak.card(pond)).shown:
            await asyncio.sleep(0.01)
    await again(hollow_oak)
    await hollow_oak.message("### Pond", "Paused")


async def test_a_kill_right_after_an_edit_leaves_no_card_that_nobody_mends(
    hollow_oak: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    pond, killed = await hollow_oak.create(), asyncio.Event()
    await hollow_oak.cards_rest()  # else the edit that dies may be an earlier one

    async def dies(*_: object) -> None:
        await killed.wait()
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(hollow_oak.cards, "shown", dies)
        try:
            await describe(hollow_oak, pond, "all year")
            await hollow_oak.message("### Pond", "all year")
            silenced = asyncio.create_task(hollow_oak.silence())
            await asyncio.sleep(0)
        finally:
            killed.set()
        await silenced
    await describe(hollow_oak, pond, "")  # as it was, and as it is remembered to be shown
    await hollow_oak.announce()
    await hollow_oak.until(lambda: not hollow_oak.having("all year"))


@pytest.mark.parametrize("when", When)
async def test_an_edit_of_which_nobody_knows_whether_it_happened_is_made_again(
    hollow_oak: Town, monkeypatch: pytest.MonkeyPatch, when: When
) -> None:
    pond = await hollow_oak.create()
    cut = hollow_oak.faults.cut(*EDIT, when)
    await describe(hollow_oak, pond, "all year")
    await cut.struck.wait()
    await describe(hollow_oak, pond, "")
    await hollow_oak.cards_rest()
    assert not hollow_oak.having("all year")


async def test_a_change_that_was_committed_after_it_was_stamped_is_not_missed(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    await hollow_oak.silence()
    async with hollow_oak.wire.database.begin() as session:
        row = await session.get_one(type(await hollow_oak.wire.row(pond)), pond)
        row.description, row.changed_at = "all year", row.changed_at - COMMITTED_WITHIN / 2
        session.add(row)
    await hollow_oak.announce()
    await hollow_oak.message("### Pond", "all year")


async def test_what_is_shown_for_long_is_not_read_at_every_start(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    reading = await hollow_oak.cards.get(pond)
    assert reading is not None
    await hollow_oak.cards.unchanged(pond, reading.at + COMMITTED_WITHIN)
    assert await hollow_oak.cards.stale() == []


async def test_what_is_noted_is_not_written_again(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    await hollow_oak.cards_rest()
    reading = await hollow_oak.cards.get(pond)
    assert reading is not None
    await hollow_oak.cards.unchanged(pond, reading.at + COMMITTED_WITHIN)
    hollow_oak.announcer.touch(pond)  # type: ignore[union-attr]
    await hollow_oak.cards_rest()
    assert (await hollow_oak.card(pond)).shown_at == reading.at


# nothing tells that it is gone


@pytest.mark.parametrize("state", ["running", "paused"])
async def test_a_card_that_was_deleted_while_the_bot_was_away_is_posted_anew(hollow_oak: Town, state: str) -> None:
    pond = await hollow_oak.create()
    if state == "paused":
        await hollow_oak.pause(pond)
    card = await hollow_oak.message("### Pond", state.capitalize())
    await hollow_oak.silence()
    hollow_oak.faults.delete_message(CHAT, card.id)
    await hollow_oak.announce()
    assert (await hollow_oak.message("### Pond")).id != card.id


async def test_a_card_that_was_deleted_is_posted_anew_when_discord_begins_a_new_session(hollow_oak: Town) -> None:
    await hollow_oak.create()
    await hollow_oak.looked()
    hollow_oak.faults.delete_message(CHAT, (await hollow_oak.message("### Pond")).id)
    hollow_oak.faults.invalidate(resumable=False)
    await hollow_oak.message("### Pond")


async def test_a_card_that_was_deleted_is_posted_anew_when_somebody_asks_for_the_server(hollow_oak: Town) -> None:
    await hollow_oak.create()
    hollow_oak.faults.delete_message(CHAT, (await hollow_oak.message("### Pond")).id)
    said = await hollow_oak.wire.command(ADA, "server show", server="Pond")
    assert "Pond" in said.text
    await hollow_oak.message("### Pond")


async def test_each_card_is_looked_at_once_in_a_while(hollow_oak: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogs.announcer.LOOK_EVERY", 0.2)
    await again(hollow_oak)
    await hollow_oak.create()
    hollow_oak.faults.delete_message(CHAT, (await hollow_oak.message("### Pond")).id)
    await hollow_oak.message("### Pond")


async def test_a_look_at_a_card_that_is_right_changes_nothing(hollow_oak: Town) -> None:
    await hollow_oak.create()
    since = len(hollow_oak.guild.requests)
    await again(hollow_oak)
    await hollow_oak.until(lambda: hollow_oak.faults.count(*ONE, since=since))
    await hollow_oak.cards_rest()
    assert hollow_oak.faults.count(*EDIT, since=since) == 0


async def test_a_look_mends_a_card_that_shows_something_else(hollow_oak: Town) -> None:
    await hollow_oak.create()
    card = await hollow_oak.message("### Pond")
    await hollow_oak.silence()
    other = [{"type": 10, "content": "nothing of the kind"}]
    hollow_oak.guild.world.messages.edit(card, {"components": other}, [])
    await hollow_oak.announce()
    await hollow_oak.message("### Pond", "Running")


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (403, 50013), (404, 999999)])
async def test_a_look_that_is_refused_takes_no_card_away(hollow_oak: Town, status: int, code: int) -> None:
    pond = await hollow_oak.create()
    refused = hollow_oak.faults.answer(*ONE, status, code=code, times=None)
    await again(hollow_oak)
    await refused.struck.wait()
    await hollow_oak.pause(pond)
    await hollow_oak.message("### Pond", "Paused")
    assert len(hollow_oak.having("### Pond")) == 1


async def test_the_cards_of_servers_that_are_gone_for_good_are_not_looked_at(hollow_oak: Town) -> None:
    await hollow_oak.create()
    await hollow_oak.purged(3)
    await again(hollow_oak)
    await hollow_oak.looked()
    assert hollow_oak.faults.count("GET", f"/channels/{SERVERS}/messages/*") == 0


async def test_a_card_that_no_channel_takes_is_not_asked_for_again_and_again(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    hollow_oak.faults.delete_channel(CHAT)
    await hollow_oak.wire.command(ADA, "server show", server="Pond")
    async with asyncio.timeout(30):
        while not (await hollow_oak.card(pond)).broken:
            await asyncio.sleep(0.02)
    assert await hollow_oak.cards.doubted() == []
    assert await hollow_oak.cards.standing() == [pond]


async def test_a_notice_that_overtakes_its_card_goes_to_the_notice_channel(hollow_oak: Town) -> None:
    await hollow_oak.set_up(notice_channel=int(SERVERS))
    hollow_oak.faults.delay("POST", f"/channels/{CHAT}/messages", 0.5, times=1)
    await hollow_oak.create()
    assert hollow_oak.having("**Pond** is ready", channel=SERVERS)
