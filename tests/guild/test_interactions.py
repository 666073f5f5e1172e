"""What a person does with the bot, and what the bot may answer."""

import asyncio
from typing import Any

import aiohttp
import discord
import pytest

from bot.demo.guild.cast import ADA, APPLICATION, BO, CHAT, DIRECT_CHANNELS, SERVERS
from bot.demo.guild.errors import PageError
from bot.demo.guild.person import Person
from bot.demo.guild.server import Guild


async def test_a_slash_command_is_answered_in_the_channel(bot: Any, ada: Person) -> None:
    answer = await ada.slash(CHAT, "hello", who=BO, times=2)

    assert (answer["answer"], answer["message"]["content"]) == ("message", "Hello Bo x2")
    assert [m["interaction_metadata"]["name"] for m in await ada.read(CHAT)] == ["hello"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "This option is required: who."),
        ({"who": BO, "times": 4}, "times must be between 1 and 3."),
        ({"who": BO, "times": "many"}, "times must be a whole number."),
        ({"who": "1"}, "What was chosen does not exist."),
        ({"who": BO, "colour": "red"}, "There is no option 'colour', or it is given twice."),
    ],
)
async def test_options_that_do_not_fit_never_reach_the_bot(
    bot: Any, ada: Person, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(PageError) as refused:
        await ada.slash(CHAT, "hello", **options)
    assert refused.value.reason == reason


async def test_autocomplete_offers_choices(bot: Any, ada: Person) -> None:
    choices = await ada.autocomplete(CHAT, "nut find", "kind", kind="ha")
    assert [choice["name"] for choice in choices] == ["hazel", "haw"]


async def test_a_sub_command_is_found_by_its_full_name(bot: Any, ada: Person) -> None:
    answer = await ada.slash(CHAT, "nut find", kind="wal")
    assert answer["message"]["content"] == "found wal"


async def test_a_modal_goes_to_the_person_and_back(bot: Any, ada: Person) -> None:
    opened = await ada.slash(CHAT, "rename")
    assert (opened["answer"], opened["modal"]["title"]) == ("modal", "Rename")

    answer = await ada.submit(CHAT, opened["modal"], name="Pond")
    assert answer["message"]["content"] == "renamed to Pond"


async def test_a_modal_refuses_what_is_too_short(bot: Any, ada: Person) -> None:
    opened = await ada.slash(CHAT, "rename")
    with pytest.raises(PageError, match="2 to 10 characters"):
        await ada.submit(CHAT, opened["modal"], name="P")


async def test_a_button_edits_its_message(bot: Any, ada: Person, bo: Person) -> None:
    message = (await ada.slash(CHAT, "acorn"))["message"]

    answer = await bo.press(message, "acorn:count")

    assert (answer["answer"], answer["message"]["content"]) == ("update", "acorns+")
    assert (await ada.read(CHAT))[0]["components"][0]["components"][0]["label"] == "6"


@pytest.mark.parametrize("custom_id", ["acorn:off", "acorn:none"])
async def test_a_disabled_or_missing_button_is_refused(bot: Any, ada: Person, custom_id: str) -> None:
    message = (await ada.slash(CHAT, "acorn"))["message"]
    with pytest.raises(PageError):
        await ada.press(message, custom_id)


async def test_an_ephemeral_answer_is_seen_by_its_person_only(bot: Any, ada: Person, bo: Person) -> None:
    answer = await ada.slash(CHAT, "whisper")

    assert answer["message"]["ephemeral_for"] == ADA
    assert await bo.read(CHAT) == []


async def test_follow_ups_reach_the_page(bot: Any, ada: Person) -> None:
    async with ada.events() as events:
        await ada.slash(CHAT, "whisper")
        more = await events.next("message_create", lambda message: message["content"] == "more")
    assert more["ephemeral_for"] == ADA


async def test_a_deferred_answer_thinks_and_is_edited(bot: Any, ada: Person) -> None:
    async with ada.events() as events:
        answer = await ada.slash(CHAT, "think")
        edited = await events.next("message_update")

    assert answer["answer"] == "deferred"
    assert answer["message"]["thinking"] is True
    assert (edited["id"], edited["content"]) == (answer["message"]["id"], "thought")
    assert "thinking" not in edited


@pytest.mark.parametrize("guild", [0.3], indirect=True)
async def test_no_answer_in_time_fails_and_later_ones_are_unknown(bot: Any, ada: Person) -> None:
    answer = await ada.slash(CHAT, "silent")
    assert (answer["answer"], answer["reason"]) == ("failed", "The application did not respond.")

    with pytest.raises(discord.NotFound) as late:
        await bot.last.response.send_message("late")
    assert late.value.code == 10062


async def test_a_second_answer_is_refused(bot: Any, ada: Person) -> None:
    await ada.slash(CHAT, "twice")
    assert (await asyncio.wait_for(bot.failed.get(), 5)).code == 40060


async def test_without_a_bot_an_interaction_fails_at_once(bot: Any, guild: Guild, ada: Person) -> None:
    await bot.close()
    answer = await ada.slash(CHAT, "hello", who=BO)
    assert answer["answer"] == "failed"


async def test_default_permissions_keep_others_out(bot: Any, bo: Person, cy: Person) -> None:
    with pytest.raises(PageError) as refused:
        await bo.slash(SERVERS, "keep")
    assert refused.value.status == 403
    assert (await cy.slash(SERVERS, "keep"))["message"]["content"] == "kept"


async def test_a_guild_only_command_is_refused_in_direct_messages(bot: Any, cy: Person) -> None:
    with pytest.raises(PageError):
        await cy.slash(DIRECT_CHANNELS[cy.id], "keep")


async def test_a_command_works_in_direct_messages(bot: Any, ada: Person) -> None:
    answer = await ada.slash(DIRECT_CHANNELS[ADA], "nut find", kind="haw")
    assert answer["message"]["content"] == "found haw"


async def test_an_interaction_token_ends_after_fifteen_minutes() -> None:
    now = 1_800_000_000.0
    guild = Guild(clock=lambda: now)
    await guild.start()
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(guild.gateway_url) as gateway,
        Person(guild.page_url, ADA) as ada,
    ):
        guild.world.put_command({"name": "hello", "description": "Hi"}, None)
        await gateway.send_json({"op": 2, "d": {"token": "t", "intents": 1}})
        while (await gateway.receive_json())["t"] != "GUILD_CREATE":
            pass
        asked = asyncio.create_task(ada.slash(CHAT, "hello"))
        while (event := await gateway.receive_json())["t"] != "INTERACTION_CREATE":
            pass
        token = event["d"]["token"]
        callback = f"{guild.api_url}/interactions/{event['d']['id']}/{token}/callback"
        async with session.post(callback, json={"type": 5}) as response:
            assert response.status == 204
        assert (await asked)["answer"] == "deferred"

        now += 15 * 60 + 1
        webhook = f"{guild.api_url}/webhooks/{APPLICATION}/{token}/messages/@original"
        async with session.patch(webhook, json={"content": "late"}) as response:
            assert (response.status, (await response.json())["code"]) == (401, 50027)
    await guild.stop()
