"""What becomes of a server's messages with each thing that happens to it; on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from core.data.database import Database
from core.data.tables import EventRow, NoticeRow, ServerRow
from core.notices import events, outbox
from core.notices.codec import notice_of, to_json
from core.notices.events import Usage
from core.notices.kinds import events as kinds
from core.notices.kinds.carried import Trouble
from core.notices.kinds.events import Event, Withdrawn
from core.notices.kinds.notices import (
    CrashedNotice,
    CrashOver,
    DeletedNotice,
    DeletionFinal,
    DeletionUndone,
    IdleEnded,
    IdleGathered,
    IdleInVoice,
    IdleJoined,
    IdleKept,
    IdlePaused,
    IdleResumed,
    IdleWarned,
    Notice,
    PausedNotice,
    PauseOver,
    ReadyNotice,
    RestoringNotice,
    StartFailedNotice,
    StartFailureOver,
    StorageNotice,
    UnknownNotice,
    WorldLost,
)
from core.notices.telling import tell
from core.words import Because, Desired, NoticeKind, Phase

ADA, BO = 1, 2
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
POND = "abcdefghijkl"
TROUBLE = Trouble(code=137, count=3)
USAGE = Usage(cpu=100, memory=96)


@dataclass
class Story:
    """What happens to Pond, one thing after the other."""

    database: Database
    revisions: list[int] = field(default_factory=list)

    async def has(self, **columns: object) -> None:
        async with self.database.begin() as session:
            row = await session.get_one(ServerRow, POND)
            for name, value in columns.items():
                setattr(row, name, value)

    async def goes_on(self, *happening: Event) -> None:
        for event in happening:
            async with self.database.begin() as session:
                row = await session.get_one(ServerRow, POND)
                if isinstance(event, kinds.Warned):
                    row.warned_at = NOW
                await tell(session, row, event, NOW, USAGE)

    async def says(self) -> list[Notice]:
        async with self.database.session() as session:
            rows = list(await session.exec(select(NoticeRow).order_by(NoticeRow.id)))
        self.revisions = [row.revision for row in rows]
        return [notice_of(row.kind, row.data) for row in rows]

    async def row(self) -> ServerRow:
        async with self.database.session() as session:
            return await session.get_one(ServerRow, POND)


@pytest.fixture
async def pond(database_url: str) -> AsyncIterator[Story]:
    database = Database(database_url)
    async with database.begin() as session:
        session.add(
            ServerRow(
                id=POND,
                guild=700,
                owner=ADA,
                game="meadow",
                name="Pond",
                name_key="pond",
                size="small",
                channel=701,
                desired=Desired.RUNNING,
                because=Because.OWNER,
                phase=Phase.RUNNING,
                phase_since=NOW,
            )
        )
    yield Story(database)
    await database.close()


@pytest.mark.parametrize(
    ("event", "notice"),
    [
        (kinds.Kept(NOW, BO), IdleKept(NOW, BO)),
        (kinds.Recalled(Withdrawn.JOINED, ("Bo",)), IdleJoined(("Bo",))),
        (kinds.Recalled(Withdrawn.VOICE, voice=34), IdleInVoice(34)),
        (kinds.Recalled(Withdrawn.EVENT, occasion="Raid"), IdleGathered("Raid")),
        (kinds.Recalled(), IdleEnded()),
        (kinds.IdleSet(after=0, by=ADA), IdleEnded()),
        (kinds.Restarted(ADA), IdleEnded()),
        (kinds.PhaseChanged(Phase.RUNNING, Phase.STARTING), IdleEnded()),
    ],
    ids=lambda each: type(each).__name__,
)
async def test_a_warning_is_withdrawn_in_its_message(pond: Story, event: Event, notice: Notice) -> None:
    await pond.goes_on(kinds.Warned(("Bo",), NOW, NOW))
    assert await pond.says() == [IdleWarned(("Bo",), NOW, NOW)]
    await pond.goes_on(event)
    assert await pond.says() == [notice]
    row = await pond.row()
    assert (row.warned_at, row.warning_delivered_at, row.warning_dead) == (None, None, False)
    await pond.goes_on(event)
    assert await pond.says() == [notice]
    assert pond.revisions == [2]


@pytest.mark.parametrize(
    "event",
    [kinds.IdleSet(after=900), kinds.PhaseChanged(Phase.STARTING, Phase.RUNNING), kinds.Edited(("name",))],
    ids=lambda each: type(each).__name__,
)
async def test_what_does_not_concern_a_warning_leaves_it_open(pond: Story, event: Event) -> None:
    await pond.goes_on(kinds.Warned(), event)
    assert await pond.says() == [IdleWarned()]
    assert (await pond.row()).warned_at == NOW


async def test_an_idle_pause_and_what_follows_are_one_message(pond: Story) -> None:
    await pond.goes_on(kinds.Warned(), kinds.Paused(Because.IDLE, after=900))
    assert await pond.says() == [IdlePaused(Because.IDLE, after=900)]
    await pond.has(desired=Desired.RUNNING)
    await pond.goes_on(kinds.Resumed(BO))
    assert await pond.says() == [IdleResumed(BO)]


async def test_a_pause_by_somebody_is_a_message_that_tells_of_the_resume_too(pond: Story) -> None:
    await pond.goes_on(kinds.Paused(Because.OPERATOR, 9, words="New disks"))
    assert await pond.says() == [PausedNotice(Because.OPERATOR, 9, words="New disks")]
    await pond.goes_on(kinds.Resumed(ADA))
    assert await pond.says() == [PauseOver(ADA)]


async def test_the_next_pause_is_another_message(pond: Story) -> None:
    await pond.goes_on(kinds.Paused(Because.OWNER, ADA), kinds.Resumed(ADA), kinds.Paused(Because.OWNER, BO))
    assert await pond.says() == [PauseOver(ADA), PausedNotice(Because.OWNER, BO)]


async def test_crashes_of_one_run_are_one_message_until_somebody_starts_it_again(pond: Story) -> None:
    await pond.goes_on(kinds.Crashed(Trouble(code=1, count=1), "first"), kinds.Crashed(TROUBLE, "last"))
    assert await pond.says() == [CrashedNotice(TROUBLE, "last")]
    await pond.goes_on(kinds.Paused(Because.CRASHES, trouble=TROUBLE, log="last"))
    assert await pond.says() == [CrashedNotice(TROUBLE, "last", gave_up=True)]
    await pond.goes_on(kinds.Resumed(BO))
    assert await pond.says() == [CrashOver(TROUBLE, BO)]


async def test_a_start_that_is_given_up_tells_why_until_somebody_starts_it_again(pond: Story) -> None:
    await pond.goes_on(kinds.Paused(Because.START_FAILED, trouble=TROUBLE, log="last"))
    assert await pond.says() == [StartFailedNotice(TROUBLE, "last")]
    await pond.goes_on(kinds.Resumed(BO))
    assert await pond.says() == [StartFailureOver(BO)]


async def test_what_is_given_up_while_a_warning_is_open_ends_the_warning_too(pond: Story) -> None:
    await pond.goes_on(kinds.Warned(), kinds.Paused(Because.CRASHES, trouble=TROUBLE))
    assert await pond.says() == [IdlePaused(Because.CRASHES), CrashedNotice(TROUBLE, gave_up=True)]


async def test_a_deletion_ends_the_warning_and_can_be_undone_in_its_message(pond: Story) -> None:
    await pond.goes_on(kinds.Warned(), kinds.Deleted("Pond", NOW, ADA))
    assert await pond.says() == [IdleEnded(), DeletedNotice(ADA, NOW)]
    await pond.goes_on(kinds.Undeleted(BO))
    assert await pond.says() == [IdleEnded(), DeletionUndone(BO)]


async def test_a_deletion_that_is_final_keeps_who_asked_for_it(pond: Story) -> None:
    await pond.goes_on(kinds.Deleted("Pond", NOW, ADA), kinds.Purged())
    assert await pond.says() == [DeletionFinal(ADA)]


async def test_a_pauses_message_looks_again_at_its_buttons_and_its_receipt(pond: Story) -> None:
    await pond.has(desired=Desired.PAUSED)
    await pond.goes_on(kinds.Paused(Because.OWNER, ADA), kinds.SnapshotTaken("n"))
    assert await pond.says() == [PausedNotice(Because.OWNER, ADA)]
    assert pond.revisions == [2]
    await pond.goes_on(kinds.Deleted("Pond", NOW, ADA), kinds.Undeleted(ADA))
    assert (await pond.says())[0] == PausedNotice(Because.OWNER, ADA)
    assert pond.revisions[0] == 4


async def test_a_snapshot_of_a_server_that_runs_edits_nothing(pond: Story) -> None:
    await pond.goes_on(kinds.Paused(Because.OWNER, ADA), kinds.Resumed(ADA), kinds.SnapshotTaken("n"))
    await pond.says()
    assert pond.revisions == [2]


async def test_a_restore_says_when_the_world_is_back_and_takes_the_last_ones_undo_away(pond: Story) -> None:
    await pond.goes_on(kinds.RestoreAsked("a", 2, to=NOW, by=ADA), kinds.Restored("a", 2, NOW))
    assert await pond.says() == [RestoringNotice(2, NOW, back=True, by=ADA)]
    await pond.goes_on(kinds.RestoreAsked("b", 3, to=NOW, by=BO, imported=True))
    second = RestoringNotice(3, NOW, by=BO, imported=True)
    assert await pond.says() == [RestoringNotice(2, NOW, back=True, by=ADA), second]
    assert pond.revisions == [3, 1]


async def test_a_lost_volume_says_to_when_its_world_is_back(pond: Story) -> None:
    await pond.goes_on(kinds.VolumeLost(1), kinds.Restored("a", 2, NOW))
    assert await pond.says() == [WorldLost(2, NOW, back=True)]


async def test_every_event_is_read_back_with_who_did_it_and_what_is_used(pond: Story) -> None:
    story: list[Event] = [kinds.Warned(("Bo",), NOW, NOW), kinds.Kept(NOW, BO), kinds.Paused(Because.OWNER, ADA)]
    await pond.goes_on(*story)
    async with pond.database.session() as session:
        rows = list(await session.exec(select(EventRow).order_by(EventRow.id)))
    assert [events.read(row) for row in rows] == story
    assert [row.by for row in rows] == [None, BO, ADA]
    assert {(row.guild, row.server, row.cpu, row.memory) for row in rows} == {(700, POND, 100, 96)}


# what only the outbox knows of


async def test_what_is_said_once_stays_as_it_was(pond: Story) -> None:
    async with pond.database.begin() as session:
        row = await session.get_one(ServerRow, POND)
        for _ in range(2):
            await outbox.say_once(session, row, UnknownNotice(), NOW, episode=5)
    assert await pond.says() == [UnknownNotice()]
    assert pond.revisions == [1]


async def test_each_warning_about_storage_is_a_message_of_its_own(pond: Story) -> None:
    told = [StorageNotice(used=8, limit=10), StorageNotice(used=9, limit=10)]
    async with pond.database.begin() as session:
        row = await session.get_one(ServerRow, POND)
        for each in told:
            await outbox.say_next(session, row, each, NOW)
    assert await pond.says() == told


@pytest.mark.parametrize(("state", "after"), [("sent", "pending"), ("dead", "dead"), ("dropped", "dropped")])
async def test_an_edit_wakes_what_was_sent_and_nothing_that_is_over(pond: Story, state: str, after: str) -> None:
    async with pond.database.begin() as session:
        row = await session.get_one(ServerRow, POND)
        session.add(
            NoticeRow(
                guild=700,
                server=POND,
                kind=NoticeKind.READY,
                data=to_json(ReadyNotice()),
                trace="x",
                state=state,
                next_at=NOW - timedelta(days=1),
                created_at=NOW,
            )
        )
        await outbox.edit(session, row, NoticeKind.READY, lambda told: told, NOW, episode=0)
    async with pond.database.session() as session:
        (found,) = await session.exec(select(NoticeRow))
    assert (found.state, found.revision, found.next_at) == (after, 2, NOW)


async def test_an_edit_never_starts_a_message(pond: Story) -> None:
    await pond.goes_on(kinds.Purged(), kinds.Restored("a", 2), kinds.Resumed(ADA))
    assert await pond.says() == []
