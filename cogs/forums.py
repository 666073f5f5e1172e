"""Posts in a forum: a thread with a title, whose first message has the thread's id.

No nonce guards such a message, so it is sent once only, by whoever looked before whether it is there (`ours`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import discord
from discord.http import Route, handle_message_parameters

from cogs.refusals import Then, then

LONGEST_TITLE = 100
OPEN_FOR = 7 * 24 * 60  # minutes without a message until Discord archives it: the longest there is
LOOKED_AT = 20  # posts, when one of ours is looked for


class Unclear(Exception):
    """Nobody knows whether the post was made: look before it is tried again."""


class _Once(list[dict[str, Any]]):
    """A form that is sent once: discord.py sends again by itself what may have had its effect."""

    sent = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if self.sent:
            raise Unclear("the forum did not say whether it took the post")
        self.sent = True
        return super().__iter__()


async def begin(forum: discord.ForumChannel, layout: Any, title: str) -> int:
    """Post it, with a tag where the forum asks for one. Its id; Unclear."""
    tags = [str(tag.id) for tag in forum.available_tags if not tag.moderated] if forum.flags.require_tag else []
    thread = {
        "name": (title or forum.guild.me.display_name)[:LONGEST_TITLE],
        "auto_archive_duration": OPEN_FOR,
        "applied_tags": tags[:1],
    }
    nobody = discord.AllowedMentions.none()
    with handle_message_parameters(view=layout, allowed_mentions=nobody, channel_payload=thread) as made:
        field = {"name": "payload_json", "value": json.dumps(made.payload), "content_type": "application/json"}
    route = Route("POST", "/channels/{channel_id}/threads", channel_id=forum.id)
    answer = await forum._state.http.request(route, form=_Once([field]))
    return int(answer["id"])


async def ours(forum: discord.ForumChannel, me: int, after: datetime | None) -> AsyncIterator[discord.Message]:
    """The first messages of our posts since then, newest first: of those that are open, and of some archived ones."""
    threads = [thread for thread in await forum.guild.active_threads() if thread.parent_id == forum.id]
    try:
        threads += [thread async for thread in forum.archived_threads(limit=LOOKED_AT)]
    except discord.HTTPException as refused:
        if then(refused) is Then.AGAIN:
            raise
    found = [
        thread
        for thread in threads
        if thread.owner_id == me and (after is None or discord.utils.snowflake_time(thread.id) >= after)
    ]
    for thread in sorted(found, key=lambda each: each.id, reverse=True)[:LOOKED_AT]:
        try:
            yield await thread.fetch_message(thread.id)
        except discord.HTTPException as refused:
            if then(refused) is Then.AGAIN:
                raise
