"""Notices to whoever runs the bot, one frozen dataclass for each state of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.notices.kinds.notices import Notice
from core.words import Alarm, NoticeKind


@dataclass(frozen=True, slots=True)
class AlarmNotice(Notice):
    """`about`: a server's id, or what its kind says, or empty. `to`: the user who is told, None until the notice was
    addressed."""

    kind: ClassVar = NoticeKind.ALARM
    alarm: ClassVar[Alarm]
    about: str = ""
    guild: int | None = None
    to: int | None = None


@dataclass(frozen=True, slots=True)
class ForeignAlarm(AlarmNotice):
    """So many objects of a world were hidden or overwritten."""

    alarm: ClassVar = Alarm.FOREIGN
    MARK: ClassVar = {"alarm": Alarm.FOREIGN}
    count: int = 1


@dataclass(frozen=True, slots=True)
class HeldAlarm(AlarmNotice):
    alarm: ClassVar = Alarm.HELD
    MARK: ClassVar = {"alarm": Alarm.HELD}
    why: str = ""


@dataclass(frozen=True, slots=True)
class DrillAlarm(AlarmNotice):
    alarm: ClassVar = Alarm.DRILL
    MARK: ClassVar = {"alarm": Alarm.DRILL}
    why: str = ""


@dataclass(frozen=True, slots=True)
class UnsavedAlarm(AlarmNotice):
    """About no server: the store serves nobody."""

    alarm: ClassVar = Alarm.UNSAVED
    MARK: ClassVar = {"alarm": Alarm.UNSAVED}
    why: str = ""


@dataclass(frozen=True, slots=True)
class BackupAlarm(AlarmNotice):
    """`times`: how many tries failed in a row."""

    alarm: ClassVar = Alarm.BACKUP
    MARK: ClassVar = {"alarm": Alarm.BACKUP}
    why: str = ""
    times: int | None = None


@dataclass(frozen=True, slots=True)
class NodeAlarm(AlarmNotice):
    """`about`: the node, with so many servers on it."""

    alarm: ClassVar = Alarm.NODE
    MARK: ClassVar = {"alarm": Alarm.NODE}
    count: int = 1


@dataclass(frozen=True, slots=True)
class HostAlarm(AlarmNotice):
    """`about`: the problem, which so many servers have; `server` is one of them, `why` what the cluster says of it."""

    alarm: ClassVar = Alarm.HOST
    MARK: ClassVar = {"alarm": Alarm.HOST}
    count: int = 1
    server: str = ""
    why: str = ""
