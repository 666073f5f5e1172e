"""One call for what happened to a server: it writes the event, and lets the server's messages say so.

`tell` is the table of what each kind of event does to which message. An episode's number, and whether a warning is
open, change here and in the outbox only, together with the message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import ServerRow
from core.notices import outbox
from core.notices.events import Usage, record
from core.notices.kinds.events import (
    Crashed,
    Deleted,
    Event,
    IdleSet,
    Kept,
    NotSaved,
    Offered,
    OfferEnded,
    OwnerBack,
    OwnerGone,
    Paused,
    PhaseChanged,
    PortsMoved,
    ProblemChanged,
    PurgeAsked,
    Purged,
    Recalled,
    Restarted,
    RestoreAsked,
    Restored,
    Resumed,
    SnapshotTaken,
    Transferred,
    Undeleted,
    VolumeLost,
    Voted,
    Warned,
    Withdrawn,
)
from core.notices.kinds.notices import (
    AddressNotice,
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
    IdleNotice,
    IdlePaused,
    IdleResumed,
    IdleVoted,
    IdleWarned,
    InterruptedNotice,
    InterruptionOver,
    NodeAwayNotice,
    NodeBack,
    Notice,
    OfferNotice,
    OfferOver,
    OfferTaken,
    OwnerGoneAdmins,
    OwnerGoneBack,
    OwnerGoneNotice,
    OwnerGoneOver,
    OwnerGonePassed,
    OwnerGoneTaken,
    PausedNotice,
    PauseOver,
    RestoringNotice,
    StartFailedNotice,
    StartFailureOver,
    WorldLost,
)
from core.words import ADMINS, INTERRUPTIONS, Because, Desired, NoticeKind, Phase, Problem


async def tell(session: AsyncSession, row: ServerRow, event: Event, at: datetime, usage: Usage) -> None:
    """In the transaction that makes it true, when `row` says what is desired from now on, and still has the run before.

    What is not in the table makes no message.
    """
    record(session, event, at, guild=row.guild, server=row.id, usage=usage)
    messages = _Messages(session, row, at)
    if isinstance(event, Resumed | Paused | Deleted | Undeleted | RestoreAsked):
        await messages.of_the_cluster()
    match event:
        case Warned(last_players=last, empty_since=since, pause_at=pause_at, reason=reason):
            row.episode += 1
            await messages.say(IdleWarned(last, since, pause_at, reason), row.episode)
        case Kept(until=until, by=by):
            await messages.withdraw(IdleKept(until, by))
        case Voted(until=until, by=by):
            await messages.withdraw(IdleVoted(until, by))
        case Recalled(state=Withdrawn.JOINED, names=names):
            await messages.withdraw(IdleJoined(names))
        case Recalled(state=Withdrawn.VOICE, voice=voice):
            await messages.withdraw(IdleInVoice(voice))
        case Recalled(state=Withdrawn.EVENT, occasion=occasion):
            await messages.withdraw(IdleGathered(occasion))
        case Recalled() | Restarted() | IdleSet(after=0) | PhaseChanged(before=Phase.RUNNING):
            await messages.withdraw(IdleEnded())
        case PhaseChanged(to=Phase.RUNNING):
            await messages.close(NoticeKind.INTERRUPTED, _over)
        case ProblemChanged(problem=Problem.NODE_AWAY, node=node, since=since) if row.desired == Desired.RUNNING:
            await messages.open(NodeAwayNotice(node, since))
        case ProblemChanged(problem=problem) if problem not in (Problem.NODE_AWAY, Problem.CLUSTER_AWAY):
            await messages.close(NoticeKind.NODE_AWAY, lambda told: _back_at(told, at))
            if problem in INTERRUPTIONS and row.desired == Desired.RUNNING:
                await messages.open(InterruptedNotice(problem))
        case Paused():
            await messages.pause(event)
        case Resumed(by=by):
            await messages.of_pause(lambda told: _resumed(told, by), row.episode)
        case SnapshotTaken() | NotSaved() if row.desired in (Desired.PAUSED, Desired.ARCHIVED):
            await messages.of_pause(_same, row.episode)  # the receipt
        case PortsMoved(before=taken) if taken:
            await messages.say(AddressNotice(taken), row.run)
        case Crashed(trouble=trouble, log=log):
            await messages.say(CrashedNotice(trouble, log), row.run)
        case Deleted(purge_at=purge_at, by=by):
            await messages.withdraw(IdleEnded())
            await messages.close(NoticeKind.OFFER, lambda told: OfferOver() if isinstance(told, OfferNotice) else told)
            await messages.close(NoticeKind.OWNER_GONE, lambda told: _settled(told, OwnerGoneOver()))
            await messages.of_pause(_same, row.episode)  # its Resume goes
            row.episode += 1
            await messages.say(DeletedNotice(by, purge_at), row.episode)
        case Undeleted(by=by):
            await messages.say(DeletionUndone(by), row.episode)
            await messages.of_pause(_same, row.episode - 1)
        case PurgeAsked() | Purged():
            await messages.edit(NoticeKind.DELETED, _final, row.episode)
        case Offered(to=to, until=until, by=by):
            await messages.next(OfferNotice(to, until, by))
        case OwnerGone(owner=owner, admins=admins, until=until):
            await messages.close(NoticeKind.OWNER_GONE, _passed)
            await messages.next(OwnerGoneNotice(owner, admins, until))
        case OwnerBack(owner=owner):
            await messages.close(NoticeKind.OWNER_GONE, lambda told: _settled(told, OwnerGoneBack(owner)))
        case Transferred(before=before, to=to) if to == ADMINS:
            await messages.close(NoticeKind.OWNER_GONE, _passed)
            await messages.next(OwnerGoneAdmins(before))
        case Transferred(by=by):
            await messages.close(
                NoticeKind.OFFER, lambda told: OfferTaken(by) if isinstance(told, OfferNotice) else told
            )
            await messages.close(NoticeKind.OWNER_GONE, lambda told: _settled(told, OwnerGoneTaken(by)))
        case OfferEnded(by=by):
            await messages.close(NoticeKind.OFFER, lambda _: OfferOver(by))
        case RestoreAsked(volume=volume, to=to, by=by, imported=imported):
            await messages.say(RestoringNotice(volume, to, by=by, imported=imported), volume)
            await messages.edit(NoticeKind.RESTORED, _same, volume - 1)  # its Undo goes
        case Restored(volume=volume, to=to):
            await messages.edit(NoticeKind.RESTORED, lambda told: _back(told, to), volume)
        case VolumeLost(volume=volume):
            await messages.say(WorldLost(volume + 1), volume + 1)


class _Messages:
    """Of one server, now."""

    def __init__(self, session: AsyncSession, row: ServerRow, now: datetime) -> None:
        self._session = session
        self._row = row
        self._now = now

    async def say(self, notice: Notice, episode: int) -> None:
        await outbox.say(self._session, self._row, notice, self._now, episode=episode)

    async def next(self, notice: Notice) -> None:
        await outbox.say_next(self._session, self._row, notice, self._now)

    async def edit(self, kind: NoticeKind, change: Callable[[Notice], Notice], episode: int) -> None:
        await outbox.edit(self._session, self._row, kind, change, self._now, episode=episode)

    async def open(self, notice: Notice) -> None:
        await outbox.open_one(self._session, self._row, notice, self._now)

    async def close(self, kind: NoticeKind, change: Callable[[Notice], Notice]) -> None:
        await outbox.close_one(self._session, self._row, kind, change, self._now)

    async def of_the_cluster(self) -> None:
        """What tells that the cluster keeps the game from running says what follows, which is another thing once it is
        to run no more, or again."""
        for kind, still in ((NoticeKind.NODE_AWAY, NodeAwayNotice), (NoticeKind.INTERRUPTED, InterruptedNotice)):
            await outbox.look_again(self._session, self._row, kind, still, self._now)

    async def withdraw(self, instead: IdleNotice) -> None:
        """An open warning no longer holds: its message says what happened instead."""
        row = self._row
        if row.warned_at is None:
            return
        await self.edit(NoticeKind.IDLE, lambda _: instead, row.episode)
        row.warned_at = row.warning_delivered_at = None
        row.warning_dead = False

    async def of_pause(self, change: Callable[[Notice], Notice], episode: int) -> None:
        """Every message that told of the pause, or of what it was for."""
        for kind in (NoticeKind.IDLE, NoticeKind.PAUSED):
            await self.edit(kind, change, episode)
        for kind in (NoticeKind.CRASHED, NoticeKind.START_FAILED):
            await self.edit(kind, change, self._row.run)

    async def pause(self, event: Paused) -> None:
        """A pause speaks in the message of an open warning; any other has one of its own. What is given up has one that
        tells why."""
        row, because, warned = self._row, event.because, self._row.warned_at is not None
        if warned:
            await self.say(IdlePaused(because, event.by, event.after, event.words), row.episode)
        else:
            row.episode += 1
        if because is Because.CRASHES:
            await self.say(CrashedNotice(event.trouble, event.log, gave_up=True), row.run)
        elif because is Because.START_FAILED:
            await self.say(StartFailedNotice(event.trouble, event.log), row.run)
        elif not warned and not event.told:
            await self.say(PausedNotice(because, event.by, event.after, event.words), row.episode)


def _same(told: Notice) -> Notice:
    return told


def _passed(told: Notice) -> Notice:
    return OwnerGonePassed(told.owner) if isinstance(told, OwnerGoneNotice) else told


def _settled(told: Notice, after: Notice) -> Notice:
    """`after`, where the server was still to be taken."""
    return after if isinstance(told, OwnerGoneNotice) else told


def _resumed(told: Notice, by: int | None) -> Notice:
    match told:
        case IdlePaused():
            return IdleResumed(by)
        case PausedNotice():
            return PauseOver(by)
        case CrashedNotice(trouble=trouble):
            return CrashOver(trouble, by)
        case StartFailedNotice():
            return StartFailureOver(by)
    return told


def _final(told: Notice) -> Notice:
    return DeletionFinal(told.by) if isinstance(told, DeletedNotice) else told


def _back(told: Notice, to: datetime | None) -> Notice:
    return replace(told, back=True, to=to) if isinstance(told, RestoringNotice | WorldLost) else told


def _back_at(told: Notice, at: datetime) -> Notice:
    return NodeBack(told.node, told.since, at) if isinstance(told, NodeAwayNotice) else told


def _over(told: Notice) -> Notice:
    return InterruptionOver(told.problem) if isinstance(told, InterruptedNotice) else told
