"""Cards and notices in threads and forums: each once, and elsewhere when their place is closed or gone."""

from __future__ import annotations

from typing import Any

import pytest
from faults import EDIT, POST, When
from town import Town, has

from bot.demo.guild.cast import ADA, CHAT, CY, DIRECT_CHANNELS, GUILD, SERVERS
from bot.demo.guild.events import Message
from bot.demo.guild.permissions import Permission
from cogs import card_delivery


class Forum:
    """Pond's guild, whose cards and notices go to a forum."""

    def __init__(self, town: Town, channel: str) -> None:
        self.town, self.id, self.world = town, channel, town.guild.world
        self.pond = ""

    @property
    def posts(self) -> list[Any]:
        return self.world.threads_of(self.id)

    def read(self, post: str) -> list[Message]:
        return self.town.read(post)

    async def once(self, post: str, *words: str) -> Message:
        """The one message of a post that says this, once it is there."""
        await self.town.until(lambda: [each for each in self.read(post) if has(each, *words)])
        [found] = [each for each in self.read(post) if has(each, *words)]
        return found

    async def change(self, text: str) -> None:
        await self.town.wire.core.servers.editing.edit(self.town.wire.actor(), self.pond, {"description": text})


async def forum_of(town: Town, **rules: str) -> Forum:
    made = Forum(town, town.faults.forum())
    await town.until(lambda: town.wire.client.get_channel(int(made.id)))
    await town.set_up(**{key: int(value or made.id) for key, value in rules.items()})
    return made


@pytest.fixture(autouse=True)
def cards_wait_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_delivery, "QUIET_GAP", 0.05)
    monkeypatch.setattr(card_delivery, "CHANGE_GAP", 0.05)


@pytest.fixture
async def forum(hollow_oak: Town) -> Forum:
    made = await forum_of(hollow_oak, server_channel="", notice_channel="")
    made.pond = await hollow_oak.create()
    return made


async def test_a_card_is_a_post_of_the_servers_name_and_notices_are_replies_in_it(forum: Forum) -> None:
    [post] = forum.posts
    assert post["name"] == "Pond"
    card = await forum.once(post["id"], "### Pond", "Running")
    assert card.id == post["id"]
    ready = await forum.once(post["id"], "**Pond** is ready")
    assert ready.data["message_reference"]["message_id"] == card.id
    await forum.town.pause(forum.pond)
    await forum.once(post["id"], "### Pond", "Paused")
    await forum.once(post["id"], "**Pond** was paused")
    assert len(forum.posts) == 1


async def test_a_renamed_server_gives_its_post_a_new_title(forum: Forum) -> None:
    await forum.town.wire.core.servers.editing.edit(forum.town.wire.actor(), forum.pond, {"name": "Lake"})
    await forum.town.until(lambda: [each["name"] for each in forum.posts] == ["Lake"])


async def test_a_notice_channel_that_is_another_forum_takes_posts_of_their_own(hollow_oak: Town) -> None:
    forum = await forum_of(hollow_oak, notice_channel="")
    await hollow_oak.create()
    assert [each["name"] for each in forum.posts] == ["Pond"]
    await hollow_oak.message("### Pond", "Running")
    assert not hollow_oak.having("**Pond** is ready")


@pytest.mark.parametrize("fault", ["500 after", "cut before", "cut after"])
async def test_a_post_whose_request_failed_is_there_once(hollow_oak: Town, fault: str) -> None:
    forum = await forum_of(hollow_oak, server_channel="", notice_channel="")
    match fault:
        case "500 after":
            rule = hollow_oak.faults.answer_after(*POST, 500)
        case "cut before":
            rule = hollow_oak.faults.cut(*POST, When.BEFORE)
        case _:
            rule = hollow_oak.faults.cut(*POST, When.AFTER)
    forum.pond = await hollow_oak.create()
    assert rule.met == 1
    [post] = [each for each in forum.posts if forum.read(each["id"]) and has(forum.read(each["id"])[0], "### Pond")]
    await forum.once(post["id"], "### Pond", "Running")


async def test_an_archived_post_is_opened_once_for_what_is_new(forum: Forum) -> None:
    [post] = forum.posts
    forum.town.faults.archive(post["id"])
    await forum.change("all year")
    await forum.once(post["id"], "### Pond", "all year")
    assert len(forum.posts) == 1
    assert forum.town.faults.count("PATCH", f"/channels/{post['id']}") == 1


async def test_an_archived_post_is_found_after_a_kill(forum: Forum) -> None:
    """The card was posted, the bot died before it knew, and somebody archived the post meanwhile."""
    [post] = forum.posts
    await forum.town.cards_rest()
    await forum.town.silence()
    async with forum.town.wire.database.begin() as session:
        card = await session.merge(await forum.town.card(forum.pond))
        card.message, card.posting_at, card.shown, card.shown_at = None, forum.town.wire.now(), "", None
    forum.town.faults.archive(post["id"])
    await forum.town.announce()
    await forum.town.until(lambda: not forum.world.is_archived(forum.world.channel(post["id"])))
    await forum.town.cards_rest()
    assert len(forum.posts) == 1
    assert (await forum.town.card(forum.pond)).message == int(post["id"])


@pytest.mark.parametrize("how", ["locked", "deleted"])
async def test_a_post_that_is_closed_gets_a_successor_once(forum: Forum, how: str) -> None:
    [post] = forum.posts
    if how == "locked":
        forum.town.faults.lock(post["id"])
    else:
        forum.town.faults.delete_channel(post["id"])
    await forum.change("all year")

    def others() -> list[str]:
        return [each["id"] for each in forum.posts if each["id"] != post["id"]]

    await forum.town.until(others)
    [new] = others()
    await forum.once(new, "### Pond", "all year")
    await forum.town.pause(forum.pond)
    await forum.once(new, "**Pond** was paused")
    assert others() == [new]


async def test_whoever_closes_each_post_gets_one_successor_and_the_card_goes_elsewhere(forum: Forum) -> None:
    for number, text in enumerate(("all year", "in spring"), start=1):
        [open_one] = [each["id"] for each in forum.posts if not each["thread_metadata"]["locked"]]
        forum.town.faults.lock(open_one)
        await forum.change(text)
        await forum.town.message("### Pond", text, channel=None)
        assert len(forum.posts) == 2, number
    await forum.change("in autumn")
    await forum.town.message("### Pond", "in autumn")
    assert len(forum.posts) == 2


async def test_a_lock_that_only_discord_knows_of_counts_as_well(forum: Forum) -> None:
    [post] = forum.posts
    forum.town.faults.answer("PATCH", f"/channels/{post['id']}/messages/*", 403, code=160005, times=None)
    await forum.change("all year")
    await forum.town.until(lambda: len(forum.posts) == 2)
    await forum.once(forum.posts[1]["id"], "### Pond", "all year")


async def test_a_deleted_forum_sends_the_card_to_where_the_server_was_created(forum: Forum) -> None:
    forum.town.faults.delete_channel(forum.id)
    await forum.change("all year")
    await forum.town.message("### Pond", "all year")
    await forum.town.pause(forum.pond)
    await forum.town.message("**Pond** was paused")


async def test_a_forum_where_nobody_may_post_is_passed_over_without_a_storm(hollow_oak: Town) -> None:
    forum = await forum_of(hollow_oak, server_channel="", notice_channel="")
    hollow_oak.faults.forbid(forum.id)
    await hollow_oak.create()
    assert forum.posts == []
    assert hollow_oak.faults.count(*POST) <= 1


async def test_a_forum_that_asks_for_a_tag_gets_one(hollow_oak: Town) -> None:
    forum = await forum_of(hollow_oak, server_channel="", notice_channel="")
    tags = [
        {"id": "71", "name": "staff", "moderated": True, "emoji_id": None, "emoji_name": None},
        {"id": "72", "name": "game", "moderated": False, "emoji_id": None, "emoji_name": None},
    ]
    forum.world.edit_channel(forum.id, flags=1 << 4, available_tags=tags)
    await hollow_oak.create()
    assert [each["applied_tags"] for each in forum.posts] == [["72"]]


# threads


async def test_a_thread_as_server_channel_is_opened_for_its_card_and_when_locked_passed_over(hollow_oak: Town) -> None:
    thread = hollow_oak.faults.thread(CHAT)
    await hollow_oak.set_up(server_channel=int(thread))
    pond = await hollow_oak.create(channel=SERVERS)
    assert hollow_oak.having("### Pond", channel=thread)
    hollow_oak.faults.archive(thread)
    await hollow_oak.pause(pond)
    await hollow_oak.message("### Pond", "Paused", channel=thread)
    assert hollow_oak.faults.count("PATCH", f"/channels/{thread}") <= 1
    hollow_oak.faults.lock(thread)
    await hollow_oak.resume(pond)
    await hollow_oak.message("### Pond", "Running", channel=SERVERS)
    await hollow_oak.cards_rest()
    assert len(hollow_oak.having("### Pond", channel=None)) <= 2


async def test_without_any_place_it_goes_to_the_owner(forum: Forum) -> None:
    for channel in (forum.id, CHAT):
        forum.town.faults.forbid(channel, Permission.VIEW_CHANNEL)
    await forum.town.pause(forum.pond)
    await forum.town.message("**Pond** was paused", channel=DIRECT_CHANNELS[ADA])
    assert forum.town.faults.count(*EDIT) < 12


# what a guild's admins choose


async def test_an_archived_thread_can_be_chosen_and_is_not_taken_for_deleted(hollow_oak: Town) -> None:
    wire, thread = hollow_oak.wire, hollow_oak.faults.thread(CHAT)
    hollow_oak.faults.archive(thread)
    said = (await wire.command(CY, "guild setup", server_channel=thread)).text
    assert f"<#{thread}>" in said
    assert "was deleted" not in said
    hollow_oak.faults.open(thread)
    hollow_oak.faults.archive(thread)
    assert "was deleted" not in (await wire.command(CY, "guild setup")).text
    hollow_oak.faults.delete_channel(thread)
    await hollow_oak.until(lambda: wire.client.get_guild(int(GUILD)).get_thread(int(thread)) is None)
    assert "was deleted" in (await wire.command(CY, "guild setup")).text


async def test_after_a_start_an_archived_thread_is_known(hollow_oak: Town) -> None:
    thread = hollow_oak.faults.thread(CHAT)
    await hollow_oak.set_up(server_channel=int(thread))
    hollow_oak.faults.archive(thread)
    await hollow_oak.silence()
    await hollow_oak.wire.disconnect()
    await hollow_oak.wire.connect()
    await hollow_oak.until(lambda: hollow_oak.wire.client.get_guild(int(GUILD)).get_thread(int(thread)))
    assert "was deleted" not in (await hollow_oak.wire.command(CY, "guild setup")).text


async def test_what_it_may_not_do_in_a_thread_or_forum_is_named(hollow_oak: Town) -> None:
    forum, thread = hollow_oak.faults.forum(), hollow_oak.faults.thread(CHAT)
    await hollow_oak.until(lambda: hollow_oak.wire.client.get_channel(int(forum)))
    for channel in (forum, CHAT):
        hollow_oak.faults.forbid(channel, Permission.SEND_MESSAGES_IN_THREADS)
    said = (await hollow_oak.wire.command(CY, "guild setup", server_channel=forum, notice_channel=thread)).text
    assert said.count("Send Messages in Threads") == 2
