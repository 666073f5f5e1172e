"""What happened to one server is told in the order in which it happened; what cannot be told stops nobody for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.data.tables import NoticeRow
from core.notices.kinds.notices import PausedNotice, ReadyNotice, WelcomeNotice
from core.notices.outbox import HOLDS_UP, LONGEST_RETRY, LONGEST_WAIT, Outbox, say_to_guild
from core.words import Because

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
POND, OAK, GUILD = "abcdefghijkl", "abcdefghijkm", 700


def row(server: str | None, told: object, at: datetime = NOW) -> NoticeRow:
    kind = told.kind  # type: ignore[attr-defined]
    return NoticeRow(guild=GUILD, server=server, kind=kind, trace="a" * 32, next_at=at, created_at=at)


@pytest.fixture
async def outbox(house: Any) -> Outbox:
    async with house.database.begin() as session:
        session.add_all([row(POND, ReadyNotice()), row(POND, PausedNotice(Because.OWNER)), row(OAK, ReadyNotice())])
    return house.core.outbox  # type: ignore[no-any-return]


async def kinds(outbox: Outbox, key: str, now: datetime) -> list[str]:
    return [each.kind for each in await outbox.due(now, key)]


async def fail(outbox: Outbox, key: str, times: int) -> datetime:
    """The first message fails so often, as soon as it is due each time; when that was last."""
    now = NOW
    first = (await outbox.due(NOW + timedelta(hours=1), key))[0]
    for _ in range(times):
        await outbox.retry(first.id or 0, now)
        now += LONGEST_RETRY
    return now - LONGEST_RETRY


async def test_what_waits_for_its_next_try_holds_up_what_comes_after_it(outbox: Outbox) -> None:
    now = await fail(outbox, POND, 1)
    assert await kinds(outbox, POND, now) == []
    assert await kinds(outbox, POND, now + LONGEST_RETRY) == ["ready", "paused"]


async def test_and_nobody_elses(outbox: Outbox) -> None:
    now = await fail(outbox, POND, 1)
    assert await kinds(outbox, OAK, now) == ["ready"]


async def test_what_may_fail_for_ever_is_overtaken(outbox: Outbox) -> None:
    now = await fail(outbox, POND, HOLDS_UP - 1)
    assert await kinds(outbox, POND, now) == []
    now = await fail(outbox, POND, HOLDS_UP)
    assert await kinds(outbox, POND, now) == ["ready", "paused"], "it is tried first, and does not hold the other up"


async def test_what_may_fail_for_ever_is_not_tried_out_of_its_time_for_itself(outbox: Outbox) -> None:
    [_, second] = await outbox.due(NOW, POND)
    await outbox.sent(second.id or 0, 5, second.revision, NOW)
    now = await fail(outbox, POND, HOLDS_UP)
    assert await kinds(outbox, POND, now) == []
    assert await kinds(outbox, POND, now + LONGEST_RETRY) == ["ready"]


async def test_of_a_guild_too(house: Any, outbox: Outbox) -> None:
    async with house.database.begin() as session:
        for at in (NOW + timedelta(seconds=30), NOW):
            say_to_guild(session, GUILD, WelcomeNotice(), at)
            await session.flush()
    assert await kinds(outbox, str(GUILD), NOW) == []


async def test_a_time_to_wait_that_is_said_is_kept_within_reason(outbox: Outbox) -> None:
    [first, _] = await outbox.due(NOW, POND)
    await outbox.retry(first.id or 0, NOW, at_least=120)
    assert await kinds(outbox, POND, NOW + timedelta(seconds=119)) == []
    assert await kinds(outbox, POND, NOW + timedelta(seconds=120)) == ["ready", "paused"]
    await outbox.retry(first.id or 0, NOW, at_least=7200)
    assert await kinds(outbox, POND, NOW + LONGEST_WAIT) == ["ready", "paused"]
