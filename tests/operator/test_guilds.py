"""A guild is blocked, and a word goes to all: the rules, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from cogs.notices import notice
from core.data.tables import GuildRow, NoticeRow
from core.errors import BadInput, Refusal
from core.host import REPEATED
from core.notices.codec import notice_of
from core.notices.kinds.notices import BlockedNotice, BlockOver, BroadcastNotice, NotWokenNotice, PausedNotice
from core.servers.views import NoticeView
from core.text import languages, say
from tests.conftest import ADA, CHANNEL, GUILD

THEIRS = GUILD + 7
WORDS = "Mining *coins*"


async def running(house: Any, name: str = "Pond") -> str:
    server = await house.create(name)
    await house.phase(server, "running")
    return str(server)


async def told(house: Any, guild: int = GUILD) -> list[NoticeRow]:
    """What the guild is told of itself, oldest first."""
    async with house.database.session() as session:
        query = select(NoticeRow).where(NoticeRow.guild == guild, NoticeRow.server == None)  # noqa: E711
        return list(await session.exec(query.order_by(NoticeRow.id)))


async def block(house: Any, words: str = WORDS) -> None:
    await house.core.operations.block(GUILD, words, by=None)
    await house.core.operations.settle_blocks()


async def test_what_runs_is_paused_nothing_starts_and_each_answer_has_the_words(house: Any) -> None:
    awake, asleep = await running(house), await running(house, "Brook")
    await house.servers.power.pause(ADA, asleep)
    await block(house)
    row = await house.phase(awake, "paused")
    assert (row.desired, row.because, row.volume) == ("paused", "operator", 1)
    for refused in (
        house.servers.power.resume(ADA, asleep),
        house.servers.power.restart(ADA, awake),
        house.servers.creation.create(ADA, channel=CHANNEL, game="meadow", name="Lake", size=None),
    ):
        with pytest.raises(Refusal) as refusal:
            await refused
        for language in languages():
            assert say(language, refusal.value.message, **refusal.value.values).endswith(f": {WORDS}")
    await house.core.operations.unblock(GUILD, by=None)
    assert (await house.row(awake)).desired == "paused"
    await house.servers.power.resume(ADA, awake)
    await house.phase(awake, "running")


async def test_it_is_told_in_one_message_that_says_so_once_it_is_over(house: Any) -> None:
    pond = await running(house)
    await running(house, "Brook")
    for _ in range(2):
        await block(house)
    [row] = await told(house)
    assert notice_of(row.kind, row.data) == BlockedNotice(CHANNEL, WORDS)
    assert await house.told(pond, PausedNotice) == []
    await block(house, "Other words")
    await house.core.operations.unblock(GUILD, by=None)
    [row] = await told(house)
    assert notice_of(row.kind, row.data) == BlockOver(CHANNEL)
    await block(house)
    assert len(await told(house)) == 2


async def test_a_schedule_starts_nothing_and_says_nothing(house: Any) -> None:
    pond = await running(house)
    await block(house)
    await house.phase(pond, "paused")
    await house.servers.scheduling.add(ADA, pond, "awake", "daily 0:00 to 23:59")
    await house.core.timekeeper.run()
    assert (await house.row(pond)).desired == "paused"
    assert await house.told(pond, NotWokenNotice) == []


async def test_blocked_by_another_process_what_runs_is_paused_at_the_next_look(house: Any) -> None:
    pond = await running(house)
    await house.another().operations.block(GUILD, "", by=None)
    assert (await house.row(pond)).desired == "running"
    assert await house.core.operations.settle_blocks() == 1
    assert await house.core.operations.settle_blocks() == 0
    await house.phase(pond, "paused")


async def test_a_word_goes_to_each_guild_that_the_bot_is_in_once(house: Any) -> None:
    await running(house)
    async with house.database.begin() as session:
        session.add_all([GuildRow(id=THEIRS), GuildRow(id=THEIRS + 1, left_at=house.parts.now())])
    words = "We move on @everyone\n\nhttps://example.org # Friday"
    said = await asyncio.gather(
        *(house.core.operations.broadcast(words, by=None) for _ in range(3)), return_exceptions=True
    )
    assert sorted(map(str, said))[0] == "2"
    assert sum(isinstance(each, BadInput) for each in said) == 2
    assert [len(await told(house, guild)) for guild in (GUILD, THEIRS, THEIRS + 1)] == [1, 1, 0]
    [row] = await told(house)
    layout = notice(NoticeView(2, GUILD, "en", None, notice_of(row.kind, row.data)))
    assert layout is not None
    text = "".join(str(getattr(each, "content", "")) for each in layout.walk_children())
    assert "> We move on \\@\u200beveryone\n> https:\\/\\/example.org # Friday" in text
    house.pass_time(REPEATED + timedelta(seconds=1))
    assert await house.core.operations.broadcast(words, by=None) == 2
    assert isinstance(notice_of(row.kind, row.data), BroadcastNotice)


async def test_a_guild_that_is_back_while_it_is_blocked_stays_paused(house: Any) -> None:
    pond = await running(house)
    await house.core.departures.left(GUILD)
    await house.core.operations.block(GUILD, "", by=None)
    await house.core.departures.joined(GUILD)
    assert (await house.row(pond)).desired == "paused"
    await house.core.operations.unblock(GUILD, by=None)
    await house.core.departures.settle()
    assert (await house.row(pond)).desired == "running"
