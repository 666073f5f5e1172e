"""Messages over REST: sending, nonces, replies, files, edits, and who may."""

import io
from typing import Any

import aiohttp
import discord
import pytest

from bot.demo.guild.cast import ADA, BOT_ROLE, CHAT, DIRECT_CHANNELS, EVERYONE, SERVERS
from bot.demo.guild.errors import PageError
from bot.demo.guild.permissions import Permission
from bot.demo.guild.person import Person
from bot.demo.guild.server import Guild

UNKNOWN = "1455000000000009999"


async def test_a_message_is_sent_edited_and_deleted(bot: Any, ada: Person) -> None:
    message = await bot.text_channel(CHAT).send("one")
    await message.edit(content="two")
    (seen,) = await ada.read(CHAT)
    assert (seen["content"], seen["edited_timestamp"] is not None) == ("two", True)

    await message.delete()
    assert await ada.read(CHAT) == []


async def test_a_layout_view_keeps_its_numbers(bot: Any, ada: Person) -> None:
    view = discord.ui.LayoutView()
    container: Any = discord.ui.Container(discord.ui.TextDisplay("Pond"), id=4711)
    view.add_item(container)

    sent = await bot.text_channel(CHAT).send(view=view)

    (seen,) = await ada.read(CHAT)
    assert seen["components"][0]["id"] == 4711
    assert sent.components[0].children[0].id == 1


async def test_the_same_nonce_gives_the_same_message(bot: Any, ada: Person) -> None:
    channel = bot.text_channel(CHAT)
    first = await channel.send("once", nonce="n1")
    again = await channel.send("once", nonce="n1")
    assert first.id == again.id
    assert len(await ada.read(CHAT)) == 1


async def test_a_nonce_whose_message_was_deleted_is_unknown(bot: Any) -> None:
    channel = bot.text_channel(CHAT)
    await (await channel.send("once", nonce="n1")).delete()
    with pytest.raises(discord.NotFound) as refused:
        await channel.send("once", nonce="n1")
    assert refused.value.code == 10008


async def test_a_nonce_is_forgotten_after_five_minutes() -> None:
    now = 1_800_000_000.0
    guild = Guild(clock=lambda: now)
    await guild.start()
    headers = {"Authorization": "Bot t"}
    body = {"content": "x", "nonce": "n", "enforce_nonce": True}
    async with aiohttp.ClientSession(guild.api_url + "/", headers=headers) as api:
        first = await (await api.post(f"channels/{CHAT}/messages", json=body)).json()
        now += 301
        second = await (await api.post(f"channels/{CHAT}/messages", json=body)).json()
    await guild.stop()
    assert first["id"] != second["id"]


async def test_history_reads_before_after_and_around(bot: Any) -> None:
    channel = bot.text_channel(CHAT)
    sent = [await channel.send(str(number)) for number in range(6)]

    async def read(**where: Any) -> list[str]:
        return [message.content async for message in channel.history(**where)]

    assert await read(limit=2) == ["5", "4"]
    assert await read(before=sent[2]) == ["1", "0"]
    assert await read(after=sent[3]) == ["4", "5"]
    assert await read(around=sent[3], limit=3) == ["4", "3", "2"]


async def test_a_reply_shows_what_it_answers(bot: Any, ada: Person) -> None:
    question = await ada.say(CHAT, "anyone?")
    channel = bot.text_channel(CHAT)
    await channel.send("me", reference=channel.get_partial_message(int(question["id"])))
    seen = (await ada.read(CHAT))[-1]
    assert (seen["type"], seen["referenced_message"]["content"]) == (19, "anyone?")


async def test_a_file_can_be_fetched_by_bot_and_page(bot: Any, guild: Guild) -> None:
    sent = await bot.text_channel(CHAT).send(file=discord.File(io.BytesIO(b"seed"), "seed.txt"))
    assert await sent.attachments[0].read() == b"seed"


async def test_a_component_shows_an_attached_file(bot: Any, ada: Person) -> None:
    view = discord.ui.LayoutView()
    view.add_item(discord.ui.MediaGallery(discord.MediaGalleryItem("attachment://map.png")))
    await bot.text_channel(CHAT).send(view=view, file=discord.File(io.BytesIO(b"png"), "map.png"))
    (seen,) = await ada.read(CHAT)
    assert seen["components"][0]["items"][0]["media"]["url"] == seen["attachments"][0]["url"]


async def test_a_direct_message_reaches_the_person(bot: Any, ada: Person) -> None:
    user = await bot.fetch_user(int(ADA))
    await user.send("hush")
    assert [message["content"] for message in await ada.read(DIRECT_CHANNELS[ADA])] == ["hush"]


async def test_closed_direct_messages_are_refused(bot: Any, ada: Person) -> None:
    await ada.admin("PATCH", f"/members/{ADA}", {"direct_closed": True})
    user = await bot.fetch_user(int(ADA))
    with pytest.raises(discord.Forbidden) as refused:
        await user.send("hush")
    assert refused.value.code == 50007


@pytest.mark.parametrize(("denied", "code"), [(Permission.VIEW_CHANNEL, 50001), (Permission.SEND_MESSAGES, 50013)])
async def test_the_bot_needs_permission_to_send(bot: Any, ada: Person, denied: Permission, code: int) -> None:
    overwrite = {"id": BOT_ROLE, "type": 0, "allow": "0", "deny": str(int(denied))}
    await ada.admin("PATCH", f"/channels/{SERVERS}", {"permission_overwrites": [overwrite]})
    with pytest.raises(discord.Forbidden) as refused:
        await bot.text_channel(SERVERS).send("?") if denied != Permission.VIEW_CHANNEL else await bot.http.request(
            discord.http.Route("GET", f"/channels/{SERVERS}")
        )
    assert refused.value.code == code


async def test_people_neither_see_nor_read_a_hidden_channel(ada: Person, cy: Person) -> None:
    hidden = {"id": EVERYONE, "type": 0, "allow": "0", "deny": str(int(Permission.VIEW_CHANNEL))}
    await cy.admin("PATCH", f"/channels/{SERVERS}", {"permission_overwrites": [hidden]})

    assert SERVERS not in [channel["id"] for channel in (await ada.state())["channels"]]
    with pytest.raises(PageError):
        await ada.read(SERVERS)
    assert await cy.read(SERVERS) == []


async def test_only_authors_and_keepers_delete(ada: Person, bo: Person, cy: Person) -> None:
    message = await ada.say(CHAT, "mine")
    with pytest.raises(PageError):
        await bo.delete(message)
    await cy.delete(message)
    assert await ada.read(CHAT) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", f"channels/{UNKNOWN}", None, 404, 10003),
        ("GET", f"channels/{CHAT}/messages/{UNKNOWN}", None, 404, 10008),
        ("PATCH", f"channels/{CHAT}/messages/{UNKNOWN}", {"content": "x"}, 404, 10008),
        ("POST", f"channels/{CHAT}/messages", {}, 400, 50006),
        ("POST", f"channels/{CHAT}/messages", {"content": "x" * 2001}, 400, 50035),
        ("POST", "channels/1455000000000000030/messages", {"content": "x"}, 400, 50008),
        ("GET", f"guilds/{UNKNOWN}", None, 404, 10004),
        ("GET", f"users/{UNKNOWN}", None, 404, 10013),
        ("GET", "no/such/route", None, 404, 0),
    ],
)
async def test_refusals_carry_discords_codes(
    api: aiohttp.ClientSession, method: str, path: str, body: Any, status: int, code: int
) -> None:
    async with api.request(method, path, json=body) as response:
        assert (response.status, (await response.json())["code"]) == (status, code)
        assert response.headers["Content-Type"] == "application/json"


async def test_a_broken_field_is_named(api: aiohttp.ClientSession) -> None:
    async with api.post(f"channels/{CHAT}/messages", json={"content": "x" * 2001}) as response:
        errors = (await response.json())["errors"]
    assert errors["content"]["_errors"][0]["code"] == "BASE_TYPE_MAX_LENGTH"


async def test_without_a_token_nothing_is_answered(guild: Guild) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{guild.api_url}/users/@me") as response:
        assert response.status == 401


async def test_components_v2_cannot_be_taken_back(bot: Any) -> None:
    view = discord.ui.LayoutView()
    view.add_item(discord.ui.TextDisplay("V2"))
    sent = await bot.text_channel(CHAT).send(view=view)
    with pytest.raises(discord.HTTPException) as refused:
        await sent.edit(content="V1", view=None)
    assert refused.value.code == 50035
