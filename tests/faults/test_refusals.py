"""What Discord refuses: mended once where that helps, else said elsewhere; nothing is asked for ever."""

from __future__ import annotations

import discord
import pytest
from faults import EDIT, SEND
from town import Town

from bot.demo.guild import cast
from bot.demo.guild.cast import ADA, CHAT, DIRECT_CHANNELS, SERVERS
from bot.demo.guild.permissions import Permission
from cogs.refusals import CODES, TRIES, Then, ends_answer, then

DIRECT = DIRECT_CHANNELS[ADA]


async def again(town: Town) -> None:
    """Another process, with nothing remembered."""
    await town.silence()
    await town.wire.disconnect()
    await town.wire.connect()
    await town.announce()


class _Response:
    reason = "refused"

    def __init__(self, status: int) -> None:
        self.status = status


def refusal(status: int, code: int = 0, **body: object) -> discord.HTTPException:
    return discord.HTTPException(_Response(status), {"code": code, "message": "no", **body})  # type: ignore[arg-type]


# the table


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408, 401])
def test_what_is_no_messages_fault_is_tried_again(status: int) -> None:
    assert then(refusal(status)) is Then.AGAIN


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413])
def test_a_refusal_that_nobody_knows_gets_a_few_tries(status: int) -> None:
    assert then(refusal(status, 999999)) is Then.UNKNOWN


@pytest.mark.parametrize("code", CODES)
def test_the_code_decides_whatever_the_status_is(code: int) -> None:
    assert {then(refusal(status, code)) for status in (400, 403, 404)} == {CODES[code][0]}


def test_a_reply_to_what_is_gone_becomes_a_message_of_its_own() -> None:
    errors = {"message_reference": {"_errors": [{"code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message"}]}}
    assert then(refusal(400, 50035, errors=errors)) is Then.PLAIN
    assert then(refusal(400, 50035)) is Then.UNKNOWN


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060), (404, 10004), (403, 50001), (403, 999999)])
def test_an_answer_that_nobody_waits_for_is_nobodys_fault(status: int, code: int) -> None:
    assert ends_answer(refusal(status, code))


@pytest.mark.parametrize(("status", "code"), [(400, 50035), (500, 0), (429, 0)])
def test_an_answer_that_discord_does_not_understand_is_ours_to_mend(status: int, code: int) -> None:
    assert not ends_answer(refusal(status, code))


# dead: the next place


@pytest.mark.parametrize("code", [50278, 50007, 50033, 10013, 40007])
async def test_somebody_who_cannot_be_reached_is_asked_once(hollow_oak: Town, code: int) -> None:
    pond = await hollow_oak.create()
    hollow_oak.faults.forbid(CHAT)
    hollow_oak.faults.answer("POST", f"/channels/{DIRECT}/messages", 403, code=code, times=None)
    await hollow_oak.pause(pond)
    await hollow_oak.notice("paused", "dead")
    assert hollow_oak.faults.count("POST", f"/channels/{DIRECT}/messages") == 1
    hollow_oak.faults.allow(CHAT)
    await hollow_oak.resume(pond)
    await hollow_oak.until(lambda: len(hollow_oak.having("**Pond** is ready")) == 2)


@pytest.mark.parametrize(("status", "code"), [(400, 999999), (403, 0), (404, 0)])
async def test_what_nobody_knows_gets_a_few_tries_and_then_goes_elsewhere(
    hollow_oak: Town, status: int, code: int
) -> None:
    pond = await hollow_oak.create()
    since = len(hollow_oak.guild.requests)
    hollow_oak.faults.answer("POST", f"/channels/{CHAT}/messages", status, code=code, times=None)
    await hollow_oak.pause(pond)
    await hollow_oak.message("**Pond** was paused", channel=DIRECT)
    assert hollow_oak.faults.count("POST", f"/channels/{CHAT}/messages", since=since) == TRIES


async def test_a_message_that_is_not_wanted_shuts_the_place_for_no_other(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    hollow_oak.faults.answer("POST", f"/channels/{CHAT}/messages", 400, code=200000)
    await hollow_oak.pause(pond)
    await hollow_oak.message("**Pond** was paused", channel=DIRECT)
    await hollow_oak.resume(pond)
    await hollow_oak.until(lambda: len(hollow_oak.having("**Pond** is ready")) == 2)


async def test_a_card_that_is_refused_for_good_is_not_edited_at_every_change(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    refused = hollow_oak.faults.answer(*EDIT, 403, code=50001, times=None)
    for change in (hollow_oak.pause, hollow_oak.resume, hollow_oak.pause):
        await change(pond)
        await hollow_oak.cards_rest()
    assert refused.met == 1
    refused.lift()
    hollow_oak.guild.world.edit_role(cast.BOT_ROLE, color=1)  # something changed that may let us in
    await hollow_oak.message("### Pond", "Paused")


async def test_a_card_of_another_bots_time_is_posted_anew(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    hollow_oak.faults.answer(*EDIT, 403, code=50005)
    await hollow_oak.pause(pond)
    await hollow_oak.message("### Pond", "Paused")
    assert len(hollow_oak.having("### Pond")) == 2


async def test_a_direct_message_is_edited_where_it_stands(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    hollow_oak.faults.forbid(CHAT)
    await hollow_oak.pause(pond)
    told = await hollow_oak.message("**Pond** was paused by", channel=DIRECT)
    await again(hollow_oak)  # nobody remembers whose channel that was
    hollow_oak.faults.allow(CHAT)
    await hollow_oak.resume(pond)
    assert (await hollow_oak.message("resumed it", channel=DIRECT)).id == told.id
    assert hollow_oak.having("was paused", channel=CHAT) == []


# threads


async def test_a_card_in_an_archived_thread_opens_it_once(hollow_oak: Town) -> None:
    thread = hollow_oak.faults.thread(CHAT)
    pond = await hollow_oak.create(channel=thread)
    hollow_oak.faults.archive(thread)
    since = len(hollow_oak.guild.requests)
    await hollow_oak.wire.core.servers.editing.edit(hollow_oak.wire.actor(ADA), pond, {"description": "all year"})
    await hollow_oak.message("### Pond", "all year", channel=thread)
    assert hollow_oak.faults.count("PATCH", f"/channels/{thread}", since=since) == 1
    assert len(hollow_oak.having("### Pond", channel=None)) == 1


async def test_a_thread_that_is_archived_in_this_moment_is_opened_once(hollow_oak: Town) -> None:
    thread = hollow_oak.faults.thread(CHAT)
    pond = await hollow_oak.create(channel=thread)
    hollow_oak.faults.answer(*EDIT, 400, code=50083)
    await hollow_oak.pause(pond)
    await hollow_oak.message("### Pond", "Paused", channel=thread)
    assert hollow_oak.faults.count("PATCH", f"/channels/{thread}") == 1


@pytest.mark.parametrize("archived", [False, True])
async def test_what_a_locked_thread_does_not_take_goes_beside_it(hollow_oak: Town, archived: bool) -> None:
    thread = hollow_oak.faults.thread(CHAT)
    pond = await hollow_oak.create(channel=thread)
    hollow_oak.faults.lock(thread, archived=archived)
    await hollow_oak.pause(pond)
    await hollow_oak.message("### Pond", "Paused", channel=CHAT)
    await hollow_oak.message("**Pond** was paused", channel=CHAT)
    await hollow_oak.resume(pond)
    await hollow_oak.message("### Pond", "Running", channel=CHAT)
    assert len(hollow_oak.having("### Pond", channel=CHAT)) == 1


async def test_a_lock_that_discord_did_not_tell_of_counts_as_well(hollow_oak: Town) -> None:
    thread = hollow_oak.faults.thread(CHAT)
    pond = await hollow_oak.create(channel=thread)
    for route in (SEND, EDIT):
        path = route[1].replace("*", thread, 1)
        hollow_oak.faults.answer(route[0], path, 403, code=160005, times=None)
    await hollow_oak.pause(pond)
    await hollow_oak.message("### Pond", "Paused", channel=CHAT)
    await hollow_oak.message("**Pond** was paused", channel=CHAT)


# replies


async def test_without_the_right_to_read_a_notice_is_no_reply(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    assert "message_reference" in (await hollow_oak.message("**Pond** is ready")).data
    hollow_oak.faults.forbid(CHAT, Permission.READ_MESSAGE_HISTORY)
    await hollow_oak.pause(pond)
    assert "message_reference" not in (await hollow_oak.message("**Pond** was paused")).data
    refused = [each for each in hollow_oak.guild.requests if 400 <= each.status < 500]
    assert not [each for each in refused if each.path.startswith("/channels/")]


@pytest.mark.parametrize("status", [400, 403])
async def test_a_reply_that_is_refused_is_sent_as_a_message_of_its_own(hollow_oak: Town, status: int) -> None:
    pond = await hollow_oak.create()
    hollow_oak.faults.answer("POST", f"/channels/{CHAT}/messages", status, code=160002)
    await hollow_oak.pause(pond)
    assert "message_reference" not in (await hollow_oak.message("**Pond** was paused")).data


async def test_a_message_that_is_refused_as_a_reply_and_without_goes_elsewhere(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    since = len(hollow_oak.guild.requests)
    hollow_oak.faults.answer("POST", f"/channels/{CHAT}/messages", 403, code=160002, times=None)
    await hollow_oak.pause(pond)
    await hollow_oak.message("**Pond** was paused", channel=DIRECT)
    assert hollow_oak.faults.count("POST", f"/channels/{CHAT}/messages", since=since) == 2
    await hollow_oak.set_up(notice_channel=int(SERVERS))
    await hollow_oak.resume(pond)
    await hollow_oak.message("**Pond** is ready", channel=SERVERS)
