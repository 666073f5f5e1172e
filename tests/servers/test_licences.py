"""A game's licence is accepted before its first server starts, once for the guild and the text."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from licensed import NEXT, TEXT, license_meadow
from sqlmodel import select

from core import once
from core.data.tables import EventRow, LicenceRow, QuestionRow, ServerRow
from core.errors import LicenceNeeded, LimitReached, NotAllowed, Refusal
from core.guilds.access import Actor
from core.notices.kinds.notices import NotWokenNotice
from core.servers.questions import KEPT
from core.servers.sharing import Target
from core.words import Because, EventKind, Sharer, ShareRole
from tests.conftest import ADA, BO, CHANNEL, CY, GUILD


async def asked(house: Any, actor: Actor = ADA, name: str = "Pond", **more: Any) -> str:
    """The question that `create` ends with."""
    with pytest.raises(LicenceNeeded) as needed:
        await house.servers.creation.create(
            actor, channel=CHANNEL, game="meadow", name=name, size=more.pop("size", None), **more
        )
    return needed.value.question


async def accepted(house: Any) -> list[tuple[int, int, str]]:
    async with house.database.session() as session:
        return [(row.guild, row.by, row.version) for row in await session.exec(select(LicenceRow))]


async def told(house: Any) -> int:
    async with house.database.session() as session:
        return len(list(await session.exec(select(EventRow).where(EventRow.kind == EventKind.LICENCE_ACCEPTED))))


async def paused(house: Any, name: str = "Pond") -> str:
    """A server from before its game had a licence."""
    server = await house.create(name)
    await house.phase(server, "running")
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    license_meadow(house.core)
    return str(server)


async def test_nothing_is_made_until_it_is_accepted_and_then_what_was_asked_for(house: Any) -> None:
    license_meadow(house.core)
    question = await asked(house, size="large", description="all year", settings={"season": "winter"})
    assert await house.servers.lookup.list(ADA, mine=False) == []
    made = await house.servers.creation.go_on(ADA, question)
    row = await house.phase(made.id, "running")
    assert (row.owner, row.size, row.description, row.settings) == (1, "large", "all year", {"season": "winter"})
    assert await accepted(house) == [(GUILD, ADA.user, TEXT.version)]
    assert await told(house) == 1
    await house.create("Brook", BO)  # nobody is asked again


async def test_pressed_again_and_at_once_it_is_one_server(house: Any) -> None:
    license_meadow(house.core)
    question = await asked(house)
    made = await asyncio.gather(*(house.servers.creation.go_on(ADA, question) for _ in range(4)))
    assert len({view.id for view in made}) == len(await house.servers.lookup.list(ADA, mine=False)) == 1
    assert await told(house) == 1
    async with house.database.session() as session:
        [row] = await session.exec(select(QuestionRow))
    assert row.wanted == {}  # it may hold passwords


async def test_delivered_twice_the_second_does_nothing(house: Any) -> None:
    license_meadow(house.core)
    question = await asked(house)

    async def press() -> Any:
        once.begin(77)
        return await house.servers.creation.go_on(ADA, question)

    first, second = await asyncio.gather(*(asyncio.create_task(press()) for _ in range(2)), return_exceptions=True)
    assert sum(isinstance(each, once.Repeated) for each in (first, second)) == 1
    assert len(await house.servers.lookup.list(ADA, mine=False)) == 1


@pytest.mark.parametrize("actor", [BO, replace(ADA, guild=GUILD + 7)], ids=["another", "elsewhere"])
async def test_a_question_is_answered_by_who_was_asked_and_where(house: Any, actor: Actor) -> None:
    license_meadow(house.core)
    question = await asked(house)
    with pytest.raises(Refusal) as refused:
        await house.servers.creation.go_on(actor, question)
    assert refused.value.message == "licence.over"
    assert await accepted(house) == []


async def test_what_stands_in_the_way_of_the_server_leaves_the_licence_accepted(house: Any) -> None:
    license_meadow(house.core)
    question = await asked(house)
    license_meadow(house.core, None)
    for name in ("Brook", "Lake"):
        await house.create(name)
    license_meadow(house.core)
    assert isinstance(await house.servers.creation.go_on(ADA, question), LimitReached)
    assert await accepted(house) == [(GUILD, ADA.user, TEXT.version)]
    assert len(await house.servers.lookup.list(ADA, mine=False)) == 2


async def test_what_was_asked_for_is_kept_no_longer_than_it_can_be_answered(house: Any) -> None:
    license_meadow(house.core)
    await asked(house)
    await house.parts.questions.forget_old()
    async with house.database.session() as session:
        assert len(list(await session.exec(select(QuestionRow)))) == 1
    house.pass_time(timedelta(days=1, seconds=1))
    await house.parts.questions.forget_old()
    async with house.database.session() as session:
        assert list(await session.exec(select(QuestionRow))) == []


async def test_a_question_ends_after_a_day(house: Any) -> None:
    license_meadow(house.core)
    question = await asked(house)
    house.pass_time(KEPT + timedelta(minutes=1))
    with pytest.raises(Refusal):
        await house.servers.creation.go_on(ADA, question)


async def test_a_text_that_changed_meanwhile_is_asked_for_anew(house: Any) -> None:
    license_meadow(house.core)
    question = await asked(house)
    license_meadow(house.core, NEXT)
    with pytest.raises(LicenceNeeded) as again:
        await house.servers.creation.go_on(ADA, question)
    assert await accepted(house) == []
    made = await house.servers.creation.go_on(ADA, again.value.question)
    assert (made.name, await accepted(house)) == ("Pond", [(GUILD, ADA.user, NEXT.version)])


# servers from before


async def test_at_the_next_resume_the_owner_is_asked_and_accepts_with_it(house: Any) -> None:
    pond = await paused(house)
    with pytest.raises(LicenceNeeded) as needed:
        await house.servers.power.resume(ADA, pond)
    assert (needed.value.server, needed.value.then) == (pond, "resume")
    assert (await house.row(pond)).desired == "paused"
    for _ in range(2):
        await house.servers.power.resume(ADA, pond, accepts=needed.value.mark)
    await house.phase(pond, "running")
    assert (await house.row(pond)).run == 2
    assert await accepted(house) == [(GUILD, ADA.user, TEXT.version)]


async def test_others_read_who_can_accept_it_also_where_they_send_the_mark(house: Any) -> None:
    pond = await paused(house)
    await house.servers.sharing.share(ADA, pond, Target(BO.user, Sharer.MEMBER), ShareRole.MANAGER)
    with pytest.raises(NotAllowed) as refused:
        await house.servers.power.resume(BO, pond)
    assert refused.value.message == "licence.others"
    for verb in (house.servers.power.resume, house.servers.power.restart):
        with pytest.raises(NotAllowed):
            await verb(BO, pond, accepts=TEXT.mark)
    with pytest.raises(NotAllowed):
        await house.servers.power.accept(BO, pond, TEXT.mark)
    assert await accepted(house) == []
    await house.servers.power.resume(CY, pond, accepts=TEXT.mark)  # an admin
    await house.servers.power.pause(ADA, pond)
    await house.servers.power.resume(BO, pond)


async def test_what_runs_goes_on_and_is_asked_for_at_the_next_start(house: Any) -> None:
    pond = await house.create()
    await house.phase(pond, "running")
    license_meadow(house.core)
    assert (await house.servers.power.resume(ADA, pond)).phase == "running"
    with pytest.raises(LicenceNeeded) as needed:
        await house.servers.power.restart(ADA, pond)
    assert needed.value.then == "restart"
    await house.servers.editing.edit(ADA, pond, {"season": "winter"})
    row = await house.row(pond)
    assert (row.desired, row.run, row.settings) == ("running", 1, {"season": "winter"})
    await house.servers.power.restart(ADA, pond, accepts=needed.value.mark)
    assert (await house.row(pond)).run == 2


async def test_a_new_text_is_asked_for_once_more(house: Any) -> None:
    pond = await paused(house)
    await house.servers.power.accept(ADA, pond, TEXT.mark)
    license_meadow(house.core, NEXT)
    with pytest.raises(LicenceNeeded):
        await house.servers.power.resume(ADA, pond, accepts=TEXT.mark)
    await house.servers.power.resume(ADA, pond, accepts=NEXT.mark)
    assert [version for _, _, version in await accepted(house)] == [TEXT.version, NEXT.version]


async def test_a_schedule_does_not_start_it_and_says_why_once(house: Any) -> None:
    pond = await paused(house)
    await house.servers.scheduling.add(ADA, pond, "awake", "daily 0:00 to 23:59")
    for _ in range(2):
        await house.core.timekeeper.run()
    assert (await house.row(pond)).desired == "paused"
    [notice] = await house.told(pond, NotWokenNotice)
    assert (notice.why, dict(notice.values)["game"]) == ("licence.not_accepted", "Meadow")
    await house.servers.power.accept(ADA, pond, TEXT.mark)
    await house.core.timekeeper.run()
    assert (await house.row(pond)).desired == "running"


async def test_a_restart_by_schedule_is_not_made_and_what_runs_goes_on(house: Any) -> None:
    pond = await house.create()
    await house.phase(pond, "running")
    async with house.database.begin() as session:
        row = await session.get_one(ServerRow, pond, with_for_update=True)
        license_meadow(house.core)
        with pytest.raises(Refusal) as refused:
            await house.parts.transitions.start(session, row, by=None, because=Because.SCHEDULE)
    assert refused.value.message == "licence.not_accepted"
    row = await house.row(pond)
    assert (row.desired, row.run) == ("running", 1)


async def test_a_guild_that_is_back_starts_what_it_may_once_it_is_accepted(house: Any) -> None:
    pond = await house.create()
    await house.phase(pond, "running")
    await house.core.departures.left(GUILD)
    license_meadow(house.core)
    await house.core.departures.joined(GUILD)
    assert (await house.row(pond)).desired == "paused"
    await house.servers.power.accept(ADA, pond, TEXT.mark)
    await house.core.departures.settle()
    assert (await house.row(pond)).desired == "running"
