"""Forums, planned events and roles: what people make on the page, and what a bot sees of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import discord
import pytest

from bot.demo.guild.cast import ADA, BO, BOT, CHAT, FORUM, GUILD, PLAYERS
from bot.demo.guild.errors import PageError
from bot.demo.guild.permissions import Permission
from bot.demo.guild.person import Person
from bot.demo.guild.server import Guild

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
LATER = SOON + timedelta(hours=2)


async def refused(code: int, attempt: Awaitable[object]) -> None:
    with pytest.raises(discord.HTTPException) as found:
        await attempt
    assert found.value.code == code


async def forum_of(bot: Any, cy: Person) -> discord.ForumChannel:
    heard = asyncio.ensure_future(bot.wait_for("guild_channel_create", timeout=5))
    await asyncio.sleep(0)
    await cy.create_channel("games", kind=FORUM)
    made = await heard
    assert isinstance(made, discord.ForumChannel)
    return made


async def test_a_post_is_a_thread_with_a_first_message_of_the_same_id(bot: Any, guild: Guild, cy: Person) -> None:
    forum = await forum_of(bot, cy)
    thread, message = await forum.create_thread(name="Pond", content="hello")
    assert (thread.id, thread.parent_id, thread.owner_id) == (message.id, forum.id, int(BOT))
    assert [each["content"] for each in await cy.read(str(thread.id))] == ["hello"]
    await thread.send("more")
    await message.edit(content="hello again")
    assert [each["content"] for each in await cy.read(str(thread.id))] == ["hello again", "more"]


async def test_a_forum_takes_posts_and_no_messages(bot: Any, guild: Guild, cy: Person, bo: Person) -> None:
    forum = await forum_of(bot, cy)
    await refused(40058, bot.http.request(discord.http.Route("POST", f"/channels/{forum.id}/messages"), json={}))
    with pytest.raises(PageError):
        await bo.say(str(forum.id), "hello")
    await refused(50024, bot.http.request(discord.http.Route("POST", f"/channels/{GUILD[:-2]}34/threads"), json={}))


async def test_a_person_posts_archives_and_opens_by_writing(bot: Any, guild: Guild, cy: Person, bo: Person) -> None:
    forum = await forum_of(bot, cy)
    heard = asyncio.ensure_future(bot.wait_for("thread_create", timeout=5))
    await asyncio.sleep(0)
    post = await bo.create_thread(str(forum.id), "Pond", "Who plays?")
    assert (await heard).name == "Pond"
    await bo.edit_thread(post["id"], archived=True)
    assert guild.world.is_archived(guild.world.channel(post["id"]))
    await bo.say(post["id"], "Me")
    assert not guild.world.is_archived(guild.world.channel(post["id"]))
    await cy.edit_thread(post["id"], locked=True)
    with pytest.raises(PageError):
        await bo.say(post["id"], "Still me")
    with pytest.raises(PageError):
        await bo.edit_thread(post["id"], locked=False)


async def test_archived_posts_are_listed_newest_first(bot: Any, guild: Guild, cy: Person) -> None:
    forum = await forum_of(bot, cy)
    for name in ("one", "two", "three"):
        thread, _ = await forum.create_thread(name=name, content=name)
        if name != "three":
            await thread.edit(archived=True)
    assert [thread.name async for thread in forum.archived_threads(limit=10)] == ["two", "one"]
    assert [thread.name for thread in await bot.get_guild(int(GUILD)).active_threads()] == ["three"]


async def test_a_post_without_a_title_or_a_message_is_refused(bot: Any, guild: Guild, cy: Person) -> None:
    forum = await forum_of(bot, cy)
    route = discord.http.Route("POST", f"/channels/{forum.id}/threads")
    await refused(50035, bot.http.request(route, json={"name": "", "message": {"content": "x"}}))
    await refused(50035, bot.http.request(route, json={"name": "x"}))
    await refused(50006, bot.http.request(route, json={"name": "x", "message": {"content": ""}}))
    guild.world.edit_channel(str(forum.id), flags=1 << 4)
    await refused(40067, bot.http.request(route, json={"name": "x", "message": {"content": "x"}}))


async def test_a_deleted_channel_takes_its_threads_along(bot: Any, guild: Guild, cy: Person, bo: Person) -> None:
    forum = await forum_of(bot, cy)
    thread, _ = await forum.create_thread(name="Pond", content="hello")
    with pytest.raises(PageError):
        await bo.delete_channel(str(forum.id))
    await cy.delete_channel(str(forum.id))
    await refused(10003, bot.fetch_channel(forum.id))
    await refused(10003, bot.fetch_channel(thread.id))


# what is planned


async def test_a_planned_event_is_heard_of_changed_begun_and_ended(bot: Any, guild: Guild, ada: Person) -> None:
    heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    async def created(event: discord.ScheduledEvent) -> None:
        heard.put_nowait(("create", event))

    async def updated(_before: discord.ScheduledEvent, after: discord.ScheduledEvent) -> None:
        heard.put_nowait((after.status.name, after.location))

    async def deleted(event: discord.ScheduledEvent) -> None:
        heard.put_nowait(("delete", event.id))

    for name, listener in (("create", created), ("update", updated), ("delete", deleted)):
        bot.add_listener(listener, f"on_scheduled_event_{name}")

    async def next_one() -> tuple[str, Any]:
        return await asyncio.wait_for(heard.get(), 5)

    plan = await ada.plan("Raid", "Pond", SOON, LATER)
    _, event = await next_one()
    assert (event.name, event.location, event.creator_id) == ("Raid", "Pond", int(ADA))
    assert (event.start_time, event.end_time) == (SOON, LATER)
    await ada.edit_plan(plan["id"], location="Lake")
    assert await next_one() == ("scheduled", "Lake")
    await ada.edit_plan(plan["id"], status=2)
    assert await next_one() == ("active", "Lake")
    await ada.edit_plan(plan["id"], status=3)
    assert await next_one() == ("completed", "Lake")
    assert await bot.get_guild(int(GUILD)).fetch_scheduled_events(with_counts=False) == []
    other = await ada.plan("Raid", "Pond", SOON, LATER)
    await next_one()
    await ada.delete_plan(other["id"])
    assert await next_one() == ("delete", int(other["id"]))


async def test_a_bot_plans_too_and_changes_only_its_own(bot: Any, guild: Guild, ada: Person) -> None:
    home = bot.get_guild(int(GUILD))
    made = await home.create_scheduled_event(
        name="Raid",
        start_time=SOON,
        end_time=LATER,
        entity_type=discord.EntityType.external,
        privacy_level=discord.PrivacyLevel.guild_only,
        location="Pond",
    )
    assert (await home.fetch_scheduled_event(made.id, with_counts=False)).creator_id == int(BOT)
    await (await made.start()).end()
    await refused(10070, home.fetch_scheduled_event(made.id, with_counts=False))
    theirs = await ada.plan("Raid", "Pond", SOON, LATER)
    await refused(50013, (await home.fetch_scheduled_event(int(theirs["id"]), with_counts=False)).delete())


async def test_who_may_not_manage_events_changes_no_others(guild: Guild, ada: Person, bo: Person, cy: Person) -> None:
    plan = await ada.plan("Raid", "Pond", SOON, LATER)
    with pytest.raises(PageError):
        await bo.delete_plan(plan["id"])
    with pytest.raises(PageError):
        await ada.edit_plan(plan["id"], ends=SOON)
    await cy.delete_plan(plan["id"])
    assert (await ada.state())["planned"] == []


async def test_a_bot_that_comes_later_reads_what_is_planned(guild: Guild, ada: Person, bot: Any) -> None:
    await ada.plan("Raid", "Pond", SOON, LATER)
    home = bot.get_guild(int(GUILD))
    [event] = await home.fetch_scheduled_events(with_counts=False)
    assert event.name == "Raid"


# roles


async def test_roles_are_made_given_taken_and_deleted(guild: Guild, ada: Person, bo: Person, cy: Person) -> None:
    with pytest.raises(PageError):
        await ada.create_role("Diggers")
    role = (await cy.create_role("Diggers"))["id"]
    await cy.give_role(BO, role)
    assert guild.world.members[BO]["roles"] == [PLAYERS, role]
    await cy.give_role(BO, PLAYERS, take=True)
    assert guild.world.members[BO]["roles"] == [role]
    async with cy.events() as events:
        await cy.delete_role(role)
        left = await events.next("roles")
    assert role not in [each["id"] for each in left]
    assert guild.world.members[BO]["roles"] == []
    with pytest.raises(PageError):
        await cy.delete_role(GUILD)


async def test_a_bot_without_a_tokens_right_makes_no_thread(guild: Guild, api: aiohttp.ClientSession) -> None:
    denied = {"id": BOT, "type": 1, "allow": "0", "deny": str(int(Permission.CREATE_PUBLIC_THREADS))}
    guild.world.edit_channel(CHAT, permission_overwrites=[denied])
    async with api.post(f"channels/{CHAT}/threads", json={"name": "x"}) as response:
        assert (response.status, (await response.json())["code"]) == (403, 50013)
