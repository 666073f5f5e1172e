"""Threads: who may write there, what is archived, and what the bot hears of it."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest

from bot.demo.guild.cast import ADA, CHAT, CY, DIRECT_CHANNELS, EVERYONE, PLAYERS
from bot.demo.guild.permissions import Permission
from bot.demo.guild.person import Person
from bot.demo.guild.server import Guild


async def thread_of(bot: Any, guild: Guild) -> discord.Thread:
    made = guild.world.create_thread(CHAT, "burrow", CY)
    return await bot.fetch_channel(int(made["id"]))  # type: ignore[no-any-return]


async def test_a_message_goes_into_a_thread(bot: Any, guild: Guild, ada: Person) -> None:
    thread = await thread_of(bot, guild)
    await thread.send("hello")
    assert [message["content"] for message in await ada.read(str(thread.id))] == ["hello"]
    assert (thread.parent_id, thread.archived) == (int(CHAT), False)


async def test_a_message_opens_an_archived_thread_and_an_edit_does_not(bot: Any, guild: Guild) -> None:
    thread = await thread_of(bot, guild)
    message = await thread.send("one")
    guild.world.edit_thread(str(thread.id), archived=True)
    with pytest.raises(discord.HTTPException) as refused:
        await message.edit(content="two")
    assert refused.value.code == 50083
    await thread.send("three")
    await message.edit(content="two")


async def test_an_archived_thread_is_opened_by_whoever_may_write_there(bot: Any, guild: Guild) -> None:
    thread = await thread_of(bot, guild)
    guild.world.edit_thread(str(thread.id), archived=True)
    await thread.edit(archived=False)
    assert guild.world.active_threads() != []


async def test_a_locked_thread_takes_nothing(bot: Any, guild: Guild) -> None:
    thread = await thread_of(bot, guild)
    message = await thread.send("one")
    guild.world.edit_thread(str(thread.id), locked=True)
    for attempt in (thread.send("two"), message.edit(content="two")):
        with pytest.raises(discord.HTTPException) as refused:
            await attempt
        assert refused.value.code == 160005
    guild.world.edit_thread(str(thread.id), archived=True)
    with pytest.raises(discord.Forbidden):
        await thread.edit(archived=False)


async def test_in_a_thread_another_permission_says_who_may_write(bot: Any, guild: Guild) -> None:
    thread = await thread_of(bot, guild)
    denied = {"id": EVERYONE, "type": 0, "allow": "0", "deny": str(int(Permission.SEND_MESSAGES))}
    mine = {"id": "1455000000000000022", "type": 0, "allow": "0", "deny": denied["deny"]}
    guild.world.edit_channel(CHAT, permission_overwrites=[denied, mine])
    await thread.send("still")


async def test_who_shares_no_guild_with_the_bot_takes_no_direct_message(bot: Any, guild: Guild) -> None:
    direct = await bot.fetch_channel(int(DIRECT_CHANNELS[ADA]))
    guild.world.invite_bot(present=False)
    with pytest.raises(discord.Forbidden) as refused:
        await direct.send("hello")
    assert refused.value.code == 50278


async def test_a_deleted_role_is_nobodys(bot: Any, guild: Guild) -> None:
    told = asyncio.ensure_future(bot.wait_for("guild_role_delete", timeout=5))
    await asyncio.sleep(0)
    guild.world.delete_role(PLAYERS)
    assert (await told).id == int(PLAYERS)
    assert all(PLAYERS not in member["roles"] for member in guild.world.members.values())
