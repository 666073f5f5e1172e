"""The server itself: restarts, hooks, its log, and the rest of what the page asks."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.demo.guild.cast import ADA, CHAT, SERVERS
from bot.demo.guild.errors import PageError
from bot.demo.guild.person import Person
from bot.demo.guild.server import Guild, Request


async def test_the_guild_survives_a_restart(tmp_path: Path) -> None:
    guild = Guild(tmp_path)
    await guild.start()
    async with Person(guild.page_url, ADA) as ada:
        said = await ada.say(CHAT, "remember")
        attachment = await ada.upload("seed.txt", b"seed")
        await ada.admin("POST", "/channels", {"name": "attic"})
    await guild.stop()

    again = Guild(tmp_path)
    await again.start()
    async with Person(again.page_url, ADA) as ada, aiohttp.ClientSession() as session:
        assert [message["id"] for message in await ada.read(CHAT)] == [said["id"]]
        assert "attic" in [channel["name"] for channel in (await ada.state())["channels"]]
        newer = await ada.say(CHAT, "newer")
        async with session.get(f"{again.page_url}/page/files/{attachment['id']}/seed.txt") as response:
            assert await response.read() == b"seed"
    await again.stop()
    assert int(newer["id"]) > int(attachment["id"])


async def test_what_was_flushed_needs_no_orderly_stop(tmp_path: Path) -> None:
    guild = Guild(tmp_path)
    await guild.start()
    async with Person(guild.page_url, ADA) as ada:
        await ada.say(CHAT, "remember")
    await guild.world.storage.flush()

    again = Guild(tmp_path)
    await again.start()
    async with Person(again.page_url, ADA) as ada:
        assert [message["content"] for message in await ada.read(CHAT)] == ["remember"]
    await again.stop()
    await guild.stop()


async def test_a_hook_answers_in_place_of_the_guild(guild: Guild, api: aiohttp.ClientSession) -> None:
    async def broken(request: web.Request) -> web.StreamResponse | None:
        return web.json_response({"message": "no"}, status=503) if request.method == "POST" else None

    guild.before.append(broken)
    async with api.post(f"channels/{CHAT}/messages", json={"content": "x"}) as response:
        assert response.status == 503
    assert list(guild.world.messages.newest_first(CHAT)) == []


async def test_a_hook_cuts_the_line_after_the_effect(guild: Guild, api: aiohttp.ClientSession) -> None:
    async def cut(request: web.Request, response: web.StreamResponse) -> None:
        assert request.transport is not None
        request.transport.abort()

    guild.after.append(cut)
    with pytest.raises(aiohttp.ClientError):
        await api.post(f"channels/{CHAT}/messages", json={"content": "x"})
    assert [message.data["content"] for message in guild.world.messages.newest_first(CHAT)] == ["x"]


async def test_requests_are_logged(guild: Guild, api: aiohttp.ClientSession) -> None:
    async with api.get("users/@me"):
        pass
    assert list(guild.requests) == [Request("GET", "/users/@me", 200)]


async def test_the_state_names_everybody(guild: Guild, ada: Person) -> None:
    state = await ada.state()
    assert [member["user"]["username"] for member in state["members"]] == ["ada", "bo", "cy", "Dormouse"]
    assert [channel["name"] for channel in state["channels"]][:5] == ["Guild", "welcome", "servers", "chat", "Burrow"]
    assert state["bots"][0]["online"] is False


async def test_a_person_is_online_while_looking(ada: Person, bo: Person) -> None:
    async with ada.events() as seen:
        async with bo.events():
            assert await seen.next("presence", lambda each: each["user_id"] == bo.id) == {
                "user_id": bo.id,
                "online": True,
            }
        assert not (await seen.next("presence", lambda each: each["user_id"] == bo.id))["online"]


async def test_typing_is_shown(bot: Any, ada: Person) -> None:
    async with ada.events() as events, bot.text_channel(SERVERS).typing():
        shown = await events.next("typing")
    assert shown["channel_id"] == SERVERS


async def test_strangers_are_refused(guild: Guild) -> None:
    async with Person(guild.page_url, "1") as nobody:
        with pytest.raises(PageError):
            await nobody.state()


async def test_a_deleted_channel_is_gone_for_everybody(bot: Any, ada: Person) -> None:
    gone = asyncio.create_task(bot.wait_for("guild_channel_delete", timeout=5))
    await asyncio.sleep(0)
    await ada.admin("DELETE", f"/channels/{SERVERS}")
    assert (await gone).id == int(SERVERS)
    with pytest.raises(PageError):
        await ada.say(SERVERS, "hello?")


async def test_other_sites_in_the_browser_may_not_act(guild: Guild) -> None:
    url, headers = f"{guild.page_url}/page/channels/{CHAT}/messages?as={ADA}", {"Sec-Fetch-Site": "cross-site"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json={"content": "x"}, headers=headers) as response,
    ):
        assert response.status == 403
