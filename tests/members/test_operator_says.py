"""What whoever runs the bot says to a guild: one message, where it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from town import Town, town
from wire import ADA, CY

from bot.demo.guild import cast

GUILD = int(cast.GUILD)


@pytest.fixture
async def oak(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as made:
        yield made


async def test_a_block_is_told_once_and_each_answer_has_the_words(oak: Town) -> None:
    pond = await oak.create()
    operations = oak.wire.core.operations
    await operations.block(GUILD, "Mining *coins*", by=int(CY))
    await operations.settle_blocks()
    await oak.wire.until(pond, "paused")
    await oak.message("has blocked it here", "> Mining \\*coins\\*", channel=None)
    await oak.notice("blocked", "sent")
    for answer in (
        await oak.wire.command(ADA, "server resume", server="Pond"),
        await oak.wire.press(ADA, f"dm:restart:{pond}"),
        await oak.wire.command(ADA, "server create", game="meadow", name="Lake"),
    ):
        assert answer.text.endswith("They say: Mining \\*coins\\*")
    await operations.unblock(GUILD, by=int(CY))
    await oak.message("has let it go on here", channel=None)
    assert [each for each in oak.having("blocked it here", channel=None) if each.ephemeral_for is None] == []
    await oak.wire.command(ADA, "server resume", server="Pond")
    await oak.wire.until(pond, "running")


async def test_a_broadcast_stands_in_the_notice_channel_and_pings_nobody(oak: Town) -> None:
    await oak.set_up(notice_channel=int(cast.CHAT))
    assert await oak.wire.core.operations.broadcast("We move on Friday, @everyone", by=None) == 2  # the neighbours, too
    message = await oak.message("A word from whoever runs this bot", "We move on Friday", channel=cast.CHAT)
    assert not message.data.get("mention_everyone")
    assert message.data.get("mentions", []) == []


async def test_a_guild_without_rules_and_servers_is_told_where_it_is_greeted(oak: Town) -> None:
    await oak.wire.core.guilds.greet(GUILD)
    await oak.wire.core.operations.broadcast("We move", by=None)
    await oak.message("> We move", channel=None)
