"""The bot is removed from a guild: its servers pause, the guild is left alone. Invited back, all is as it was."""

from __future__ import annotations

from typing import Any

from town import Town
from wire import ADA

from bot.demo.guild import cast
from bot.demo.guild.cast import CHAT
from core.data.tables import GuildRow

LONG = 60.0  # seconds; nothing waits so long by itself


async def is_left(town: Town) -> bool:
    async with town.wire.database.session() as session:
        return (await session.get_one(GuildRow, int(cast.GUILD))).left_at is not None


def asked_since(town: Town, since: int) -> list[str]:
    return [f"{each.method} {each.path}" for each in list(town.guild.requests)[since:]]


async def gone(town: Town, server: str) -> Any:
    row = await town.wire.until(server, "paused")
    assert (row.because, row.by) == ("guild_gone", None)
    return row


async def test_its_servers_pause_and_no_request_is_sent_for_it(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    hollow_oak.faults.remove_bot()
    await gone(hollow_oak, pond)
    since = len(hollow_oak.guild.requests)
    await hollow_oak.wire.core.servers.editing.edit(hollow_oak.wire.actor(ADA), pond, {"description": "all year"})
    await hollow_oak.silence()
    await hollow_oak.announce()  # with nothing remembered, all cards are looked at
    await hollow_oak.looked()
    await hollow_oak.cards_rest()
    assert asked_since(hollow_oak, since) == []


async def test_invited_again_all_is_as_it_was(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    lake = await hollow_oak.create("Lake")
    await hollow_oak.pause(lake)
    await hollow_oak.message("**Lake** was paused by")
    greetings = len(hollow_oak.having("Set up", channel=None))
    hollow_oak.faults.remove_bot()
    await gone(hollow_oak, pond)
    hollow_oak.faults.invite_bot()
    await hollow_oak.wire.until(pond, "running")
    await hollow_oak.message("**Pond** was paused, and is resumed.", within=LONG)
    await hollow_oak.message("### Pond", "Running", within=LONG)
    assert (await hollow_oak.wire.row(lake)).because == "owner"
    assert len(hollow_oak.having("### Pond")) == len(hollow_oak.having("### Lake")) == 1
    assert len(hollow_oak.having("Set up", channel=None)) == greetings
    assert (await hollow_oak.wire.command(ADA, "server pause", server="Pond")).kind == "message"
    await hollow_oak.message("### Pond", "Paused", within=LONG)


async def test_an_outage_is_no_removal(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    with hollow_oak.faults.outage():
        client, since = hollow_oak.wire.client, len(hollow_oak.guild.gateway.log)
        assert client is not None
        await hollow_oak.until(lambda: client.get_guild(int(cast.GUILD)).unavailable)
        await hollow_oak.faults.close(4009)  # its next session begins during the outage
        await hollow_oak.faults.turn("identify", since=since, within=LONG)
        await hollow_oak.until(client.is_ready, LONG)
        assert not await is_left(hollow_oak)
    assert (await hollow_oak.wire.row(pond)).desired == "running"


async def test_what_happened_while_nobody_listened_is_found_at_the_start(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    await hollow_oak.silence()
    await hollow_oak.wire.disconnect()
    hollow_oak.faults.remove_bot()
    since = len(hollow_oak.guild.requests)
    await hollow_oak.wire.connect()
    await gone(hollow_oak, pond)
    asked = [each for each in asked_since(hollow_oak, since) if each.endswith(f"/guilds/{cast.GUILD}")]
    assert asked == [f"GET /guilds/{cast.GUILD}"], "asked once whether that is so"
    await hollow_oak.wire.disconnect()
    hollow_oak.faults.invite_bot()
    await hollow_oak.wire.connect()
    await hollow_oak.wire.until(pond, "running")


async def test_what_a_lost_session_would_have_told_is_found_in_the_next(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    client = hollow_oak.wire.client
    assert client is not None
    hollow_oak.guild.gateway.forget()
    hollow_oak.faults.remove_bot()
    await hollow_oak.faults.close(4009)
    await gone(hollow_oak, pond)
    assert client.get_guild(int(cast.GUILD)) is None


async def test_a_list_that_lacks_a_guild_is_not_believed_alone(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    client = hollow_oak.wire.client
    assert client is not None
    life = client.get_cog("LifeCog")
    client.listed[0] = frozenset()
    client._connection._remove_guild(client.get_guild(int(cast.GUILD)))
    await life.on_shard_ready(0)  # type: ignore[union-attr]
    assert not await is_left(hollow_oak)
    assert (await hollow_oak.wire.row(pond)).desired == "running"


async def test_a_button_in_direct_messages_says_that_nothing_starts_there(hollow_oak: Town) -> None:
    pond = await hollow_oak.create()
    hollow_oak.faults.remove_bot()
    await gone(hollow_oak, pond)
    said = await hollow_oak.wire.press(ADA, f"dm:resume:{pond}:{cast.GUILD}", direct=True)
    assert "I was removed from there" in said.text
    assert (await hollow_oak.wire.row(pond)).desired == "paused"
    assert hollow_oak.having("I was removed", channel=CHAT) == []
