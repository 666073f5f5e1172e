"""Finding where a message may go, and telling for ever from not now."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import discord

GONE = {10003, 50001, 50013, 50007}
"""Unknown channel, no access, no permission, closed direct messages: for ever, as far as this message goes."""
NO_MESSAGE = 10008
NOBODY = discord.AllowedMentions.none()


class DeadDestination(Exception):
    """This channel can never take the message."""


class NotNow(Exception):
    """Discord does not show us that guild at the moment: ask again later, nothing is lost."""


@contextlib.contextmanager
def dead_ends() -> Iterator[None]:
    """Turns Discord's refusals that stay into DeadDestination; everything else goes on as it is."""
    try:
        yield
    except (discord.Forbidden, discord.NotFound) as wrong:
        if wrong.code in GONE:
            raise DeadDestination from wrong
        raise


async def channel_of(client: discord.Client, guild: int, channel: int) -> Any:
    """A channel that the bot may write in. Raises DeadDestination, or NotNow while the guild is not there."""
    home = client.get_guild(guild)
    if home is None or home.unavailable:
        raise NotNow(f"guild {guild} is not available")
    found: Any = home.get_channel_or_thread(channel)
    if found is None:
        with dead_ends():
            found = await client.fetch_channel(channel)  # a thread that is not in the cache
    if not hasattr(found, "send"):
        raise DeadDestination
    if isinstance(found, discord.abc.GuildChannel) and found.guild.me is not None:
        may = found.permissions_for(found.guild.me)
        if not (may.view_channel and may.send_messages):
            raise DeadDestination
    return found


async def direct_of(client: discord.Client, user: int) -> Any:
    with dead_ends():
        found = client.get_user(user) or await client.fetch_user(user)
        return found.dm_channel or await found.create_dm()


async def look_back(client: discord.Client, channel: Any, number: int, since: datetime) -> discord.Message | None:
    """Our message whose container has the component id `number`, if a send that seemed to fail happened after all."""
    me = client.user
    try:
        async for message in channel.history(limit=100, after=since - timedelta(seconds=30)):
            if me is not None and message.author.id == me.id and number in map(_id, message.components):
                return message  # type: ignore[no-any-return]
    except discord.Forbidden:
        return None  # without Read Message History only the nonce guards
    return None


def _id(component: Any) -> int | None:
    return getattr(component, "id", None)


def nonce_of(kind: str, number: int, count: int, channel: int) -> str:
    """At most 25 characters. Discord looks for it in all channels, so a message that moves needs another one."""
    return kind + hashlib.sha256(f"{number}-{count}-{channel}".encode()).hexdigest()[:20]
