"""Pure: events and notices to JSON and back.

What is written is checked against the dataclass, and leaves out what is at its default. What is read may be from any
version: what is missing has its default, and a key or a value that this version does not know is as if missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from core.notices.kinds import alarms, events, notices
from core.notices.kinds.carried import Carried
from core.notices.kinds.events import Event
from core.notices.kinds.notices import Notice
from core.words import EventKind, NoticeKind

EVENTS: Mapping[EventKind, type[Event]] = {
    each.kind: each
    for each in (
        events.Created,
        events.Resumed,
        events.Restarted,
        events.Paused,
        events.Kept,
        events.Edited,
        events.LineSent,
        events.FolderMade,
        events.FileWritten,
        events.FileUploaded,
        events.FileRenamed,
        events.FileDeleted,
        events.PortsMoved,
        events.IdleSet,
        events.Voted,
        events.ScheduleSet,
        events.Shared,
        events.Offered,
        events.OfferEnded,
        events.Transferred,
        events.OwnerGone,
        events.OwnerBack,
        events.Deleted,
        events.Undeleted,
        events.PurgeAsked,
        events.Purged,
        events.PhaseChanged,
        events.ProblemChanged,
        events.Crashed,
        events.Warned,
        events.Recalled,
        events.SnapshotTaken,
        events.SnapshotAsked,
        events.NotSaved,
        events.RestoreAsked,
        events.Restored,
        events.VolumeMade,
        events.VolumeLost,
        events.ArchiveAsked,
        events.Archived,
        events.Imported,
        events.Exported,
        events.Collected,
        events.GuildSet,
        events.QuotaSet,
        events.GameOffered,
        events.GuildJoined,
        events.GuildLeft,
        events.GuildBlocked,
        events.GuildUnblocked,
        events.LicenceAccepted,
        events.NameForgotten,
        events.WebhookChanged,
    )
}
NOTICES: Mapping[NoticeKind, tuple[type[Notice], ...]] = {
    NoticeKind.IDLE: (
        notices.IdleWarned,
        notices.IdleKept,
        notices.IdleVoted,
        notices.IdleJoined,
        notices.IdleInVoice,
        notices.IdleGathered,
        notices.IdlePaused,
        notices.IdleResumed,
        notices.IdleEnded,
    ),
    NoticeKind.PAUSED: (notices.PauseOver, notices.PausedNotice),
    NoticeKind.READY: (notices.ReadyNotice,),
    NoticeKind.CRASHED: (notices.CrashOver, notices.CrashedNotice),
    NoticeKind.START_FAILED: (notices.StartFailureOver, notices.StartFailedNotice),
    NoticeKind.DELETED: (notices.DeletionUndone, notices.DeletionFinal, notices.DeletedNotice),
    NoticeKind.UNKNOWN: (notices.UnknownNotice,),
    NoticeKind.WELCOME: (notices.WelcomeNotice,),
    NoticeKind.RESTORED: (notices.WorldLost, notices.RestoringNotice),
    NoticeKind.STORAGE: (notices.StorageNotice,),
    NoticeKind.SCHEDULE: (notices.NotWokenNotice,),
    NoticeKind.OFFER: (notices.OfferTaken, notices.OfferOver, notices.OfferNotice),
    NoticeKind.OWNER_GONE: (
        notices.OwnerGoneTaken,
        notices.OwnerGoneBack,
        notices.OwnerGoneAdmins,
        notices.OwnerGonePassed,
        notices.OwnerGoneOver,
        notices.OwnerGoneNotice,
    ),
    NoticeKind.FOLLOW: (notices.FollowNotice,),
    NoticeKind.BLOCKED: (notices.BlockOver, notices.BlockedNotice),
    NoticeKind.BROADCAST: (notices.BroadcastNotice,),
    NoticeKind.ADDRESS: (notices.AddressNotice,),
    NoticeKind.NODE_AWAY: (notices.NodeBack, notices.NodeAwayNotice),
    NoticeKind.INTERRUPTED: (notices.InterruptionOver, notices.InterruptedNotice),
    NoticeKind.ALARM: (
        alarms.ForeignAlarm,
        alarms.HeldAlarm,
        alarms.DrillAlarm,
        alarms.BackupAlarm,
        alarms.UnsavedAlarm,
        alarms.NodeAlarm,
        alarms.HostAlarm,
        alarms.AlarmNotice,
    ),
}
"""The states of each kind; the last one is taken for a row that has the mark of none."""

_T = TypeVar("_T", bound=Carried)


def to_json(what: Carried) -> dict[str, Any]:
    """PydanticSerializationError where a field holds what its type does not say."""
    data: dict[str, Any] = _adapter(type(what)).dump_python(
        what, mode="json", by_alias=True, exclude_defaults=True, warnings="error"
    )
    for name in what.FLAT:
        data |= data.pop(name, {})
    return {**what.MARK, **data}


def event_of(kind: str, data: Mapping[str, Any], by: int | None) -> Event:
    """ValueError for a kind, or an event without the fields of its kind, that only a newer version writes."""
    return _read(EVENTS[EventKind(kind)], data, {"by": by})


def notice_of(kind: str, data: Mapping[str, Any]) -> Notice:
    """ValueError for a kind that only a newer version writes."""
    states = NOTICES[NoticeKind(kind)]
    return _read(next((each for each in states if each.MARK.items() <= data.items()), states[-1]), data, {})


def _read(shape: type[_T], data: Mapping[str, Any], beside: Mapping[str, Any]) -> _T:
    try:
        return _validated(shape, data, beside)
    except ValidationError as wrong:
        strange = {part for error in wrong.errors() for part in error["loc"]}
        return _validated(shape, {key: value for key, value in data.items() if key not in strange}, beside)


def _validated(shape: type[_T], data: Mapping[str, Any], beside: Mapping[str, Any]) -> _T:
    own = {field.name for field in fields(shape)}
    flat = {key: value for key, value in data.items() if key not in own}
    return _adapter(shape).validate_python({**data, **dict.fromkeys(shape.FLAT, flat), **beside})


def _adapter(shape: type[_T]) -> TypeAdapter[_T]:
    if shape not in _ADAPTERS:
        _ADAPTERS[shape] = TypeAdapter(shape)
    return _ADAPTERS[shape]


_ADAPTERS: dict[type[Carried], TypeAdapter[Any]] = {}
"""Made when first used: each takes about a millisecond."""
