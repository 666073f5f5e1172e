"""Logging in, being online, losing the connection and coming back."""

import asyncio
from typing import Any

import aiohttp
import discord
import pytest

from bot.demo.guild import cast
from bot.demo.guild.person import Person
from bot.demo.guild.server import Guild


async def test_a_bot_logs_in_and_sees_the_guild(bot: Any) -> None:
    (guild,) = bot.guilds
    assert (guild.name, guild.me.display_name, bot.user.id) == ("The Hollow Oak", "Dormouse", int(cast.BOT))
    assert [channel.name for channel in guild.text_channels] == ["welcome", "servers", "chat"]


async def test_synced_commands_are_in_the_state(bot: Any, ada: Person) -> None:
    names = {command["name"] for command in (await ada.state())["commands"]}
    assert {"hello", "nut", "keep"} <= names


async def test_syncing_again_keeps_the_ids(bot: Any, ada: Person) -> None:
    before = {command["id"] for command in (await ada.state())["commands"]}
    await bot.tree.sync()
    assert {command["id"] for command in (await ada.state())["commands"]} == before


async def test_only_the_bot_itself_is_cached_without_privileged_intents(bot: Any) -> None:
    assert [member.id for member in bot.guilds[0].members] == [int(cast.BOT)]


async def test_a_member_can_be_fetched(bot: Any) -> None:
    member = await bot.guilds[0].fetch_member(int(cast.CY))
    assert member.guild_permissions.manage_guild


async def test_resume_replays_what_was_missed(bot: Any, guild: Guild, ada: Person) -> None:
    async with ada.events():
        await guild.close_gateway(4000)
        await ada.say(cast.DIRECT_CHANNELS[cast.ADA], "while you were away")
        heard = await asyncio.wait_for(bot.heard.get(), 10)
        await asyncio.wait_for(bot.resumed.wait(), 10)
    assert heard.content == "while you were away"


async def test_a_reconnect_request_is_followed(bot: Any, guild: Guild) -> None:
    guild.gateway.reconnect()
    await asyncio.wait_for(bot.resumed.wait(), 10)
    assert guild.gateway.online


async def test_a_bot_that_says_goodbye_is_offline_at_once(guild: Guild, ada: Person) -> None:
    async with aiohttp.ClientSession() as session, ada.events() as events:
        socket = await _identify(session, guild)
        assert (await events.next("presence", _about_bot))["online"] is True
        await socket.close(code=1000)
        assert (await events.next("presence", _about_bot))["online"] is False


async def test_a_lost_bot_stays_online_for_a_while() -> None:
    guild = Guild(offline_after=0.1)
    await guild.start()
    async with aiohttp.ClientSession() as session, Person(guild.page_url, cast.ADA) as ada, ada.events() as events:
        socket = await _identify(session, guild)
        assert (await events.next("presence", _about_bot))["online"] is True
        await socket.close(code=4000)
        assert guild.gateway.online
        assert (await events.next("presence", _about_bot))["online"] is False
    await guild.stop()


@pytest.mark.parametrize(
    ("identify", "code"),
    [
        ({"token": "", "intents": 1}, 4004),
        ({"token": "t", "intents": -1}, 4013),
        ({"token": "t", "intents": 1 << 15}, 4014),
        ({"token": "t", "intents": 1, "shard": [2, 2]}, 4010),
    ],
)
async def test_a_bad_identify_is_closed(guild: Guild, identify: dict[str, Any], code: int) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(guild.gateway_url) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 2, "d": identify})
        assert (await socket.receive()).data == code


async def test_heartbeats_are_acknowledged(guild: Guild) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(guild.gateway_url) as socket:
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json({"op": 1, "d": None})
        assert (await socket.receive_json())["op"] == 11


async def test_an_unknown_session_is_invalid(guild: Guild) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(guild.gateway_url) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 6, "d": {"token": "t", "session_id": "none", "seq": 3}})
        assert await socket.receive_json() == {"op": 9, "d": False, "s": None, "t": None}


async def test_a_bot_without_compression_logs_in(
    point_at_guild: None, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_client: Any = vars(discord.gateway.DiscordWebSocket)["from_client"].__func__
    monkeypatch.setitem(from_client.__kwdefaults__, "compress", False)
    async with ada.events() as events:
        client = discord.Client(intents=discord.Intents(guilds=True))
        task = asyncio.create_task(client.start("a token"))
        await events.next("presence", _about_bot)
        await client.close()
        await asyncio.gather(task, return_exceptions=True)


async def test_guild_messages_come_only_with_the_intent(guild: Guild, ada: Person) -> None:
    async with aiohttp.ClientSession() as session:
        deaf = await _identify(session, guild, intents=1)
        hearing = await _identify(session, guild, intents=1 | 1 << 9)
        await ada.say(cast.CHAT, "hi")
        await ada.admin("PATCH", f"/channels/{cast.CHAT}", {"topic": "a fence after the message"})
        heard = [(await hearing.receive_json()) for _ in range(2)]
        assert (await deaf.receive_json())["t"] == "CHANNEL_UPDATE"
    assert [event["t"] for event in heard] == ["MESSAGE_CREATE", "CHANNEL_UPDATE"]
    assert heard[0]["d"]["content"] == ""


async def test_removing_the_bot_tells_it(bot: Any, guild: Guild, ada: Person) -> None:
    left = asyncio.create_task(bot.wait_for("guild_remove", timeout=5))
    await asyncio.sleep(0)
    await ada.admin("POST", "/bot", {"present": False})
    assert (await left).id == int(cast.GUILD)


async def test_voice_states_arrive(bot: Any, ada: Person) -> None:
    moved = asyncio.create_task(bot.wait_for("voice_state_update", timeout=5))
    await asyncio.sleep(0)
    await ada.admin("POST", "/voice", {"user_id": cast.ADA, "channel_id": cast.BURROW})
    member, _, after = await moved
    assert (member.display_name, after.channel.name) == ("Ada", "Burrow")


async def _identify(session: aiohttp.ClientSession, guild: Guild, intents: int = 1) -> aiohttp.ClientWebSocketResponse:
    """A bare gateway connection, past READY and GUILD_CREATE."""
    socket = await session.ws_connect(guild.gateway_url)
    await socket.receive_json()
    await socket.send_json({"op": 2, "d": {"token": "t", "intents": intents}})
    while (await socket.receive_json())["t"] != "GUILD_CREATE":
        pass
    return socket


def _about_bot(presence: dict[str, Any]) -> bool:
    return bool(presence["user_id"] == cast.BOT)
