"""The rules behind the operator's commands, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from cogs.notices import notice
from core.data.tables import NoticeRow
from core.errors import TryAgain
from core.guilds.access import Actor
from core.host import Operations
from core.notices.codec import notice_of
from core.servers.views import NoticeView
from core.text import languages, say
from core.words import NoticeKind

ADA = Actor(user=1, guild=700, name="Ada")
OPERATOR = 99


@pytest.fixture
def operations(house: Any) -> Operations:
    return house.core.operations


async def running(house: Any, name: str = "Pond") -> str:
    server = await house.create(name)
    await house.phase(server, "running")
    return str(server)


async def paused(house: Any) -> str:
    server = await running(house)
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    return server


# maintenance


async def test_during_maintenance_nobody_creates_resumes_or_restarts(house: Any, operations: Operations) -> None:
    asleep, awake = await paused(house), await running(house, "Brook")
    await operations.maintain("", by=OPERATOR)
    for refused in (
        house.create("Lake"),
        house.servers.power.resume(ADA, asleep),
        house.servers.power.restart(ADA, awake),
    ):
        with pytest.raises(TryAgain, match=r"host\.maintenance"):
            await refused
    assert (await house.row(asleep)).desired == "paused"
    assert (await house.row(awake)).run == 1


async def test_the_refusal_has_the_operators_words_in_both_languages(house: Any, operations: Operations) -> None:
    await operations.maintain("New disks,\n back at nine", by=OPERATOR)
    with pytest.raises(TryAgain) as refused:
        await house.create()
    for language in languages():
        assert say(language, refused.value.message, **refused.value.values).endswith(": New disks, back at nine")


async def test_during_maintenance_what_runs_goes_on_and_can_be_paused(house: Any, operations: Operations) -> None:
    server = await running(house)
    await operations.maintain("", by=OPERATOR)
    assert (await house.servers.power.resume(ADA, server)).phase == "running"
    await house.servers.power.keep(ADA, server, 1)
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")


async def test_maintenance_holds_for_whoever_opens_the_same_database_until_it_is_off(
    house: Any, operations: Operations
) -> None:
    server = await paused(house)
    await operations.maintain("once", by=OPERATOR)
    await operations.maintain("twice", by=OPERATOR)
    assert (await house.another().operations.health()).maintenance == "twice"
    await operations.maintain(None, by=OPERATOR)
    await operations.maintain(None, by=OPERATOR)
    assert (await operations.health()).maintenance is None
    await house.servers.power.resume(ADA, server)
    await house.phase(server, "running")


# pause all


async def test_pause_all_pauses_what_runs_and_leaves_the_rest(house: Any, operations: Operations) -> None:
    asleep, awake = await paused(house), await running(house, "Brook")
    before = await house.row(asleep)
    assert await operations.pause_all("", by=OPERATOR) == 1
    row = await house.phase(awake, "paused")
    assert (row.desired, row.because, row.by) == ("paused", "operator", OPERATOR)
    assert (await house.row(asleep)).because == before.because == "owner"
    assert await operations.pause_all("", by=OPERATOR) == 0


async def told(house: Any, server: str, kind: NoticeKind) -> str:
    """The words of the newest notice of this kind."""
    (*_, row) = [each for each in await house.notices(server) if each.kind == kind]
    async with house.database.session() as session:
        view = await house.parts.views.of(session, await house.row(server))
    layout = notice(NoticeView(2, row.guild, "en", view, notice_of(row.kind, row.data)))
    assert layout is not None
    return "\n".join(str(getattr(child, "content", getattr(child, "label", ""))) for child in layout.walk_children())


async def test_the_guild_is_told_by_whom_and_why_and_can_resume(house: Any, operations: Operations) -> None:
    server = await running(house)
    await operations.pause_all("New disks, *back* at nine", by=OPERATOR)
    said = await told(house, server, NoticeKind.PAUSED)
    assert "is paused: whoever runs this bot asked for it" in said
    assert "> New disks, \\*back\\* at nine" in said
    assert str(OPERATOR) not in said
    assert "Resume" in said


async def test_an_open_warning_becomes_the_news_of_the_pause(house: Any, operations: Operations) -> None:
    server = await running(house)
    async with house.database.begin() as session:
        row = await session.get(type(await house.row(server)), server)
        row.warned_at, row.episode = house.parts.now(), row.episode + 1
        session.add(row)
        at = house.parts.now()
        session.add(
            NoticeRow(
                guild=row.guild,
                server=server,
                kind=NoticeKind.IDLE,
                episode=row.episode,
                data={"state": "warned"},
                trace="t",
                next_at=at,
                created_at=at,
            )
        )
    await operations.pause_all("New disks", by=OPERATOR)
    assert "whoever runs this bot asked for it" in await told(house, server, NoticeKind.IDLE)
    assert NoticeKind.PAUSED not in [each.kind for each in await house.notices(server)]


# health


async def test_health_counts_servers_by_phase_and_problem(house: Any, operations: Operations) -> None:
    await paused(house)
    server = await running(house, "Brook")
    async with house.database.begin() as session:
        row = await session.get(type(await house.row(server)), server)
        row.problem = "quota"
        session.add(row)
    health = await operations.health()
    assert (health.phases, health.problems) == ({"paused": 1, "running": 1}, {"quota": 1})


async def test_health_tells_what_waits_in_the_outbox_and_for_how_long(house: Any, operations: Operations) -> None:
    server = await running(house)
    async with house.database.begin() as session:
        (row,) = await session.exec(select(NoticeRow).where(NoticeRow.server == server))
        row.next_at = house.parts.now() - timedelta(minutes=3)
        session.add(row)
    backlog = (await operations.health()).backlog
    assert (backlog.waiting, backlog.dead) == (1, 0)
    assert backlog.oldest is not None
    assert house.parts.now() - backlog.oldest >= timedelta(minutes=3)
