"""Pure: events and notices to JSON and back.

What is written is checked against the dataclass, and leaves out what is at its default. What is read may be from any
version: what is missing has its default, and a key or a value that this version does not know is as if missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from core.notices import kinds
from core.notices.kinds import Carried, Event, Notice
from core.words import EventKind, NoticeKind

EVENTS: Mapping[EventKind, type[Event]] = {
    each.kind: each
    for each in (
        kinds.Created,
        kinds.Resumed,
        kinds.Restarted,
        kinds.Paused,
        kinds.Kept,
        kinds.Edited,
        kinds.PortsMoved,
        kinds.IdleSet,
        kinds.Voted,
        kinds.ScheduleSet,
        kinds.Shared,
        kinds.Offered,
        kinds.OfferEnded,
        kinds.Transferred,
        kinds.OwnerGone,
        kinds.OwnerBack,
        kinds.Deleted,
        kinds.Undeleted,
        kinds.PurgeAsked,
        kinds.Purged,
        kinds.PhaseChanged,
        kinds.ProblemChanged,
        kinds.Crashed,
        kinds.Warned,
        kinds.Recalled,
        kinds.SnapshotTaken,
        kinds.SnapshotAsked,
        kinds.NotSaved,
        kinds.RestoreAsked,
        kinds.Restored,
        kinds.VolumeMade,
        kinds.VolumeLost,
        kinds.ArchiveAsked,
        kinds.Archived,
        kinds.Imported,
        kinds.Exported,
        kinds.Collected,
        kinds.GuildSet,
        kinds.QuotaSet,
        kinds.GameOffered,
        kinds.GuildJoined,
        kinds.GuildLeft,
        kinds.GuildBlocked,
        kinds.GuildUnblocked,
        kinds.LicenceAccepted,
    )
}
NOTICES: Mapping[NoticeKind, tuple[type[Notice], ...]] = {
    NoticeKind.IDLE: (
        kinds.IdleWarned,
        kinds.IdleKept,
        kinds.IdleVoted,
        kinds.IdleJoined,
        kinds.IdleInVoice,
        kinds.IdleGathered,
        kinds.IdlePaused,
        kinds.IdleResumed,
        kinds.IdleEnded,
    ),
    NoticeKind.PAUSED: (kinds.PauseOver, kinds.PausedNotice),
    NoticeKind.READY: (kinds.ReadyNotice,),
    NoticeKind.CRASHED: (kinds.CrashOver, kinds.CrashedNotice),
    NoticeKind.START_FAILED: (kinds.StartFailureOver, kinds.StartFailedNotice),
    NoticeKind.DELETED: (kinds.DeletionUndone, kinds.DeletionFinal, kinds.DeletedNotice),
    NoticeKind.UNKNOWN: (kinds.UnknownNotice,),
    NoticeKind.WELCOME: (kinds.WelcomeNotice,),
    NoticeKind.RESTORED: (kinds.WorldLost, kinds.RestoringNotice),
    NoticeKind.STORAGE: (kinds.StorageNotice,),
    NoticeKind.SCHEDULE: (kinds.NotWokenNotice,),
    NoticeKind.OFFER: (kinds.OfferTaken, kinds.OfferOver, kinds.OfferNotice),
    NoticeKind.OWNER_GONE: (
        kinds.OwnerGoneTaken,
        kinds.OwnerGoneBack,
        kinds.OwnerGoneAdmins,
        kinds.OwnerGonePassed,
        kinds.OwnerGoneOver,
        kinds.OwnerGoneNotice,
    ),
    NoticeKind.FOLLOW: (kinds.FollowNotice,),
    NoticeKind.BLOCKED: (kinds.BlockOver, kinds.BlockedNotice),
    NoticeKind.BROADCAST: (kinds.BroadcastNotice,),
    NoticeKind.ADDRESS: (kinds.AddressNotice,),
    NoticeKind.NODE_AWAY: (kinds.NodeBack, kinds.NodeAwayNotice),
    NoticeKind.INTERRUPTED: (kinds.InterruptionOver, kinds.InterruptedNotice),
    NoticeKind.ALARM: (
        kinds.ForeignAlarm,
        kinds.HeldAlarm,
        kinds.DrillAlarm,
        kinds.BackupAlarm,
        kinds.UnsavedAlarm,
        kinds.NodeAlarm,
        kinds.HostAlarm,
        kinds.AlarmNotice,
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
