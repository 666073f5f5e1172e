"""What is carried: one frozen dataclass for each kind of event, and for each state of each kind of notice.

`codec` makes JSON of them and back. The names of fields are the keys of stored rows: never rename one, only add, with a
default for the rows that do not have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, PlainSerializer

from core.words import (
    Alarm,
    Because,
    EventKind,
    Fill,
    GuildSetting,
    Lack,
    NoticeKind,
    Phase,
    Problem,
    Reason,
    Step,
)

Moment = Annotated[datetime, PlainSerializer(lambda at: int(at.timestamp()), return_type=int)]
"""Whole unix seconds in JSON."""


@dataclass(frozen=True, slots=True)
class Carried:
    """MARK: what its JSON holds besides, to tell the states of one kind apart. FLAT: fields whose own fields lie beside
    the others in JSON."""

    MARK: ClassVar[Mapping[str, str]] = {}
    FLAT: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a server is not up, with all the values that its words need; None where one is not known."""

    problem: Problem | None = None
    lacks: Lack | None = None
    step: Step | None = None  # how far it got
    step_took: float | None = None  # seconds, by now
    code: int | None = None  # of the last exit; 128 + n for signal n
    reason: str = ""
    count: int = 0  # of crashes since it was healthy
    most: int | None = None  # with so many it is given up
    ever_ready: bool | None = None  # whether this run was up before it crashed
    memory: int | None = None  # MiB that its size may use
    more_memory: bool | None = None  # whether the game comes in a size with more
    cpu: int | None = None  # millicores that its size needs
    node: str = ""  # the machine that does not answer
    away_since: Moment | None = None


# events


@dataclass(frozen=True, slots=True)
class Event(Carried):
    """A fact, append-only. `by` is the user who did it, None for Dormouse itself; it has a column of its own."""

    kind: ClassVar[EventKind]


@dataclass(frozen=True, slots=True)
class Created(Event):
    """`source`: the snapshot that its world begins with."""

    kind: ClassVar = EventKind.CREATED
    game: str
    name: str
    size: str
    source: str | None = None
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Resumed(Event):
    kind: ClassVar = EventKind.RESUMED
    by: int | None = None
    because: Because = Because.OWNER


@dataclass(frozen=True, slots=True)
class Restarted(Event):
    kind: ClassVar = EventKind.RESTARTED
    by: int | None = None
    because: Because = Because.OWNER


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """`after`: seconds empty before an idle pause. `words`: what whoever asked for it says to the guild. `trouble` and
    `log` (the last lines): of what was given up. `told`: the guild hears of it in one message for all its servers."""

    kind: ClassVar = EventKind.PAUSED
    FLAT: ClassVar = ("trouble",)
    because: Because
    by: int | None = None
    after: int | None = None
    words: str = ""
    trouble: Trouble = Trouble()
    log: str = ""
    told: bool = False


@dataclass(frozen=True, slots=True)
class Kept(Event):
    kind: ClassVar = EventKind.KEPT
    until: Moment
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Voted(Event):
    """Somebody voted to keep it open."""

    kind: ClassVar = EventKind.VOTED
    until: Moment
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Edited(Event):
    """`changed`: `name`, `description` or ids of the game's settings. `before` and `after`: their values, but for those
    that are secret."""

    kind: ClassVar = EventKind.EDITED
    changed: tuple[str, ...]
    before: Mapping[str, str] | None = None
    after: Mapping[str, str] | None = None
    by: int | None = None


@dataclass(frozen=True, slots=True)
class PortsMoved(Event):
    """Something else uses ports that the server had: those with these names have other numbers from here on."""

    kind: ClassVar = EventKind.PORTS_MOVED
    ports: tuple[str, ...] = ()
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class IdleSet(Event):
    """The server's own rules from here on, in seconds; None: the guild's or the host's hold. `voice`: a channel.
    `vote`: its warning asks whether to keep it open. `before`: what `after`, `warn`, `voice` and `vote` were."""

    kind: ClassVar = EventKind.IDLE_SET
    after: int | None = None
    warn: int | None = None
    voice: int | None = None
    before: Mapping[str, int | None] | None = None
    by: int | None = None
    vote: bool = False


@dataclass(frozen=True, slots=True)
class ScheduleSet(Event):
    """Entries as `core.idle.schedule` writes them, one a line, and their zone; None: the guild's."""

    kind: ClassVar = EventKind.SCHEDULE_SET
    before: str = ""
    after: str = ""
    zone_before: str | None = None
    zone: str | None = None
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Shared(Event):
    """With a member or role, as what before and after; empty: not at all."""

    kind: ClassVar = EventKind.SHARED
    target: int
    of: str  # core.words.Sharer
    before: str = ""
    after: str = ""
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Offered(Event):
    """The server is offered to a member, until then."""

    kind: ClassVar = EventKind.OFFERED
    to: int
    until: Moment
    by: int | None = None


@dataclass(frozen=True, slots=True)
class OfferEnded(Event):
    """It was declined, or taken back."""

    kind: ClassVar = EventKind.OFFER_ENDED
    to: int
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Transferred(Event):
    """From its owner before to a new one; either may be core.words.ADMINS."""

    kind: ClassVar = EventKind.TRANSFERRED
    before: int
    to: int
    by: int | None = None


@dataclass(frozen=True, slots=True)
class OwnerGone(Event):
    """Its owner is no member any more: it is offered to its managers, or (`admins`) to the admins too. `until`: then it
    belongs to the admins."""

    kind: ClassVar = EventKind.OWNER_GONE
    owner: int
    admins: bool = False
    until: Moment | None = None


@dataclass(frozen=True, slots=True)
class OwnerBack(Event):
    """Before anybody took it: it stays theirs."""

    kind: ClassVar = EventKind.OWNER_BACK
    owner: int
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Deleted(Event):
    """`purge_at`: until when it can be brought back."""

    kind: ClassVar = EventKind.DELETED
    name: str
    purge_at: Moment | None = None
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Undeleted(Event):
    kind: ClassVar = EventKind.UNDELETED
    by: int | None = None


@dataclass(frozen=True, slots=True)
class PurgeAsked(Event):
    """A deleted server is not to be brought back any more, although there was time."""

    kind: ClassVar = EventKind.PURGE_ASKED
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Purged(Event):
    kind: ClassVar = EventKind.PURGED


@dataclass(frozen=True, slots=True)
class PhaseChanged(Event):
    kind: ClassVar = EventKind.PHASE
    before: Annotated[Phase, Field(alias="from")]
    to: Phase


@dataclass(frozen=True, slots=True)
class ProblemChanged(Event):
    """`problem` None: it is over. `node` and `since`: of NODE_AWAY."""

    kind: ClassVar = EventKind.PROBLEM
    problem: Problem | None = None
    detail: str = ""
    node: str = ""
    since: Moment | None = None


@dataclass(frozen=True, slots=True)
class Crashed(Event):
    """`log`: the last lines."""

    kind: ClassVar = EventKind.CRASHED
    FLAT: ClassVar = ("trouble",)
    trouble: Trouble
    log: str = ""


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """A server is about to be paused by itself."""

    kind: ClassVar = EventKind.WARNED
    last_players: tuple[str, ...] = ()
    empty_since: Moment | None = None
    pause_at: Moment | None = None
    reason: Reason = Reason.IDLE


class Withdrawn(StrEnum):
    """Why a warning no longer holds."""

    JOINED = "joined"
    VOICE = "voice"
    EVENT = "event"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Recalled(Event):
    """A warning was withdrawn. `names`: who joined, where the game tells. `voice`: the channel where somebody is.
    `occasion`: what people meet for."""

    kind: ClassVar = EventKind.RECALLED
    state: Withdrawn = Withdrawn.ENDED
    names: tuple[str, ...] = ()
    voice: int | None = None
    occasion: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotTaken(Event):
    """`size` of the world and `new` on the store in bytes; `checked`: it was read back."""

    kind: ClassVar = EventKind.SNAPSHOT
    name: str
    size: int = 0
    new: int = 0
    checked: bool = False


@dataclass(frozen=True, slots=True)
class SnapshotAsked(Event):
    """Somebody had one taken, by hand."""

    kind: ClassVar = EventKind.SNAPSHOT_ASKED
    name: str
    note: str = ""
    by: int | None = None


@dataclass(frozen=True, slots=True)
class NotSaved(Event):
    """The world as it is could not be saved; told once for each problem."""

    kind: ClassVar = EventKind.NOT_SAVED
    problem: Problem


@dataclass(frozen=True, slots=True)
class RestoreAsked(Event):
    """Volume `volume` is to be made from snapshot `name`, of `to`. `safety`: the snapshot of what was there before.
    `imported`: that snapshot is what somebody just sent."""

    kind: ClassVar = EventKind.RESTORE
    name: str
    volume: int
    safety: str | None = None
    to: Moment | None = None
    by: int | None = None
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Restored(Event):
    """Volume `volume` was made from snapshot `name`, of `to`."""

    kind: ClassVar = EventKind.RESTORED
    name: str
    volume: int
    to: Moment | None = None


@dataclass(frozen=True, slots=True)
class VolumeMade(Event):
    kind: ClassVar = EventKind.VOLUME_MADE
    volume: int


@dataclass(frozen=True, slots=True)
class VolumeLost(Event):
    kind: ClassVar = EventKind.VOLUME_LOST
    volume: int


@dataclass(frozen=True, slots=True)
class ArchiveAsked(Event):
    """The volume is to be sealed and released."""

    kind: ClassVar = EventKind.ARCHIVE_ASKED
    because: Because = Because.OWNER
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Archived(Event):
    """`name`: the volume's last snapshot, read back; empty where there was no world."""

    kind: ClassVar = EventKind.ARCHIVED
    volume: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Imported(Event):
    """`into`: world or plugins; `name`: the snapshot that was made of it, `size` in bytes."""

    kind: ClassVar = EventKind.IMPORTED
    name: str
    into: str
    size: int = 0
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Exported(Event):
    """A download of snapshot `name`; `size` in bytes."""

    kind: ClassVar = EventKind.EXPORTED
    name: str
    size: int = 0
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Collected(Event):
    """So many snapshots and packs went from the store."""

    kind: ClassVar = EventKind.COLLECTED
    snapshots: int = 0
    packs: int = 0


@dataclass(frozen=True, slots=True)
class GuildSet(Event):
    """What was set; None: the host's default holds again. `before`: what it was."""

    kind: ClassVar = EventKind.GUILD_SET
    FLAT: ClassVar = ("changed",)
    changed: Mapping[GuildSetting, int | str | None]
    before: Mapping[GuildSetting, int | str | None] | None = None
    by: int | None = None


@dataclass(frozen=True, slots=True)
class QuotaSet(Event):
    """What a member, or each member with a role, may have from now on. None: the guild's rule. Memory in MiB,
    storage in bytes."""

    kind: ClassVar = EventKind.QUOTA_SET
    target: int
    of: str  # core.words.Sharer
    servers: int | None = None
    memory: int | None = None
    servers_before: int | None = None
    memory_before: int | None = None
    storage: int | None = None
    storage_before: int | None = None
    by: int | None = None


@dataclass(frozen=True, slots=True)
class GameOffered(Event):
    """In which sizes a game is offered from now on, and was before; none: it is not offered."""

    kind: ClassVar = EventKind.GAME_OFFERED
    game: str
    sizes: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    by: int | None = None


@dataclass(frozen=True, slots=True)
class GuildJoined(Event):
    kind: ClassVar = EventKind.GUILD_JOINED


@dataclass(frozen=True, slots=True)
class GuildLeft(Event):
    kind: ClassVar = EventKind.GUILD_LEFT


@dataclass(frozen=True, slots=True)
class GuildBlocked(Event):
    """By whoever runs the bot; `words` say why."""

    kind: ClassVar = EventKind.GUILD_BLOCKED
    words: str = ""
    by: int | None = None


@dataclass(frozen=True, slots=True)
class GuildUnblocked(Event):
    kind: ClassVar = EventKind.GUILD_UNBLOCKED
    by: int | None = None


@dataclass(frozen=True, slots=True)
class LicenceAccepted(Event):
    """A version of a licence's text, for all servers of the guild; `game`: for which it was asked."""

    kind: ClassVar = EventKind.LICENCE_ACCEPTED
    name: str
    url: str
    version: str
    game: str
    by: int | None = None


# notices


@dataclass(frozen=True, slots=True)
class Notice(Carried):
    """What one message says. `by` is the user who did it; None for Dormouse itself."""

    kind: ClassVar[NoticeKind]


@dataclass(frozen=True, slots=True)
class IdleNotice(Notice):
    """The message of one idle episode: Warned, and then Kept, Voted, Joined, InVoice or Ended; or Paused, and then
    Resumed."""

    kind: ClassVar = NoticeKind.IDLE


@dataclass(frozen=True, slots=True)
class IdleWarned(IdleNotice):
    MARK: ClassVar = {"state": "warned"}
    last_players: tuple[str, ...] = ()
    empty_since: Moment | None = None
    pause_at: Moment | None = None
    reason: Reason = Reason.IDLE


@dataclass(frozen=True, slots=True)
class IdleKept(IdleNotice):
    MARK: ClassVar = {"state": "kept"}
    keep_until: Moment | None = None
    by: int | None = None


@dataclass(frozen=True, slots=True)
class IdleVoted(IdleNotice):
    """Somebody voted to keep it open."""

    MARK: ClassVar = {"state": "voted"}
    until: Moment | None = None
    by: int | None = None


@dataclass(frozen=True, slots=True)
class IdleJoined(IdleNotice):
    """`names`: who joined, where the game tells."""

    MARK: ClassVar = {"state": "joined"}
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdleInVoice(IdleNotice):
    """Somebody is in the voice channel that the server watches."""

    MARK: ClassVar = {"state": "voice"}
    voice: int | None = None


@dataclass(frozen=True, slots=True)
class IdleGathered(IdleNotice):
    """People meet on it, now or soon."""

    MARK: ClassVar = {"state": "event"}
    occasion: str = ""


@dataclass(frozen=True, slots=True)
class IdleEnded(IdleNotice):
    """The warning no longer holds, for whatever other reason."""

    MARK: ClassVar = {"state": "ended"}


@dataclass(frozen=True, slots=True)
class IdlePaused(IdleNotice):
    """By the idle rules, or by somebody while the warning stood. Fields as those of the event `Paused`."""

    MARK: ClassVar = {"state": "paused"}
    because: Because | None = None
    by: int | None = None
    after: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class IdleResumed(IdleNotice):
    MARK: ClassVar = {"state": "resumed"}
    by: int | None = None


@dataclass(frozen=True, slots=True)
class PausedNotice(Notice):
    """A pause that no warning went before; then PauseOver. Fields as those of the event `Paused`."""

    kind: ClassVar = NoticeKind.PAUSED
    MARK: ClassVar = {"state": "paused"}
    because: Because | None = None
    by: int | None = None
    after: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class PauseOver(Notice):
    kind: ClassVar = NoticeKind.PAUSED
    MARK: ClassVar = {"state": "resumed"}
    by: int | None = None


@dataclass(frozen=True, slots=True)
class ReadyNotice(Notice):
    """`took`: seconds since somebody asked for it."""

    kind: ClassVar = NoticeKind.READY
    took: float | None = None


@dataclass(frozen=True, slots=True)
class CrashedNotice(Notice):
    """All crashes of one run, the last one in full, until it was given up; then CrashOver. `log`: the last lines."""

    kind: ClassVar = NoticeKind.CRASHED
    FLAT: ClassVar = ("trouble",)
    trouble: Trouble = Trouble()
    log: str = ""
    gave_up: bool = False


@dataclass(frozen=True, slots=True)
class CrashOver(Notice):
    """Somebody started it again."""

    kind: ClassVar = NoticeKind.CRASHED
    MARK: ClassVar = {"state": "resumed"}
    FLAT: ClassVar = ("trouble",)
    trouble: Trouble = Trouble()
    by: int | None = None


@dataclass(frozen=True, slots=True)
class StartFailedNotice(Notice):
    """A start that was given up; then StartFailureOver. `log`: the last lines."""

    kind: ClassVar = NoticeKind.START_FAILED
    FLAT: ClassVar = ("trouble",)
    trouble: Trouble = Trouble()
    log: str = ""


@dataclass(frozen=True, slots=True)
class StartFailureOver(Notice):
    """Somebody started it again."""

    kind: ClassVar = NoticeKind.START_FAILED
    MARK: ClassVar = {"state": "resumed"}
    by: int | None = None


@dataclass(frozen=True, slots=True)
class NodeAwayNotice(Notice):
    """The machine of a server that runs does not answer; then NodeBack."""

    kind: ClassVar = NoticeKind.NODE_AWAY
    node: str = ""
    since: Moment | None = None


@dataclass(frozen=True, slots=True)
class NodeBack(Notice):
    """It answers again, or it has no part in the server any more. `until`: when that was seen."""

    kind: ClassVar = NoticeKind.NODE_AWAY
    MARK: ClassVar = {"state": "back"}
    node: str = ""
    since: Moment | None = None
    until: Moment | None = None


@dataclass(frozen=True, slots=True)
class InterruptedNotice(Notice):
    """The cluster ended the game, and starts it again; then InterruptionOver."""

    kind: ClassVar = NoticeKind.INTERRUPTED
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class InterruptionOver(Notice):
    """It is up again."""

    kind: ClassVar = NoticeKind.INTERRUPTED
    MARK: ClassVar = {"state": "over"}
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class DeletedNotice(Notice):
    """Then DeletionUndone or DeletionFinal. `purge_at`: until when it can be brought back."""

    kind: ClassVar = NoticeKind.DELETED
    MARK: ClassVar = {"state": "deleted"}
    by: int | None = None
    purge_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class DeletionUndone(Notice):
    kind: ClassVar = NoticeKind.DELETED
    MARK: ClassVar = {"state": "undone"}
    by: int | None = None


@dataclass(frozen=True, slots=True)
class DeletionFinal(Notice):
    """It cannot be brought back any more. `by`: who deleted it."""

    kind: ClassVar = NoticeKind.DELETED
    MARK: ClassVar = {"state": "purged"}
    by: int | None = None


@dataclass(frozen=True, slots=True)
class UnknownNotice(Notice):
    """Its game does not tell who plays, since a day or more."""

    kind: ClassVar = NoticeKind.UNKNOWN


@dataclass(frozen=True, slots=True)
class NotWokenNotice(Notice):
    """It should be awake by its schedule, or for an `occasion`, and could not be started: the refusal's message id and
    its values."""

    kind: ClassVar = NoticeKind.SCHEDULE
    why: str = ""
    values: tuple[tuple[str, str], ...] = ()
    occasion: str = ""


@dataclass(frozen=True, slots=True)
class OfferNotice(Notice):
    """It is offered to `to`; then OfferTaken or OfferOver."""

    kind: ClassVar = NoticeKind.OFFER
    MARK: ClassVar = {"state": "offered"}
    to: int | None = None
    until: Moment | None = None
    by: int | None = None


@dataclass(frozen=True, slots=True)
class OfferTaken(Notice):
    kind: ClassVar = NoticeKind.OFFER
    MARK: ClassVar = {"state": "taken"}
    by: int | None = None


@dataclass(frozen=True, slots=True)
class OfferOver(Notice):
    """Declined, taken back, or the server was deleted."""

    kind: ClassVar = NoticeKind.OFFER
    MARK: ClassVar = {"state": "over"}
    by: int | None = None


@dataclass(frozen=True, slots=True)
class OwnerGoneNotice(Notice):
    """Its owner left, and it is offered to its managers, or (`admins`) to the admins too, until it belongs to these.
    Then OwnerGoneTaken, OwnerGoneBack or OwnerGoneOver; or OwnerGonePassed, and a message of its own tells the rest."""

    kind: ClassVar = NoticeKind.OWNER_GONE
    MARK: ClassVar = {"state": "gone"}
    owner: int | None = None
    admins: bool = False
    until: Moment | None = None


@dataclass(frozen=True, slots=True)
class OwnerGonePassed(Notice):
    """Nobody took it in its time."""

    kind: ClassVar = NoticeKind.OWNER_GONE
    MARK: ClassVar = {"state": "passed"}
    owner: int | None = None


@dataclass(frozen=True, slots=True)
class OwnerGoneAdmins(Notice):
    """It belongs to the admins."""

    kind: ClassVar = NoticeKind.OWNER_GONE
    MARK: ClassVar = {"state": "admins"}
    owner: int | None = None


@dataclass(frozen=True, slots=True)
class OwnerGoneTaken(Notice):
    kind: ClassVar = NoticeKind.OWNER_GONE
    MARK: ClassVar = {"state": "taken"}
    by: int | None = None


@dataclass(frozen=True, slots=True)
class OwnerGoneBack(Notice):
    """The owner is back."""

    kind: ClassVar = NoticeKind.OWNER_GONE
    MARK: ClassVar = {"state": "back"}
    owner: int | None = None


@dataclass(frozen=True, slots=True)
class OwnerGoneOver(Notice):
    """The server was deleted."""

    kind: ClassVar = NoticeKind.OWNER_GONE
    MARK: ClassVar = {"state": "over"}


@dataclass(frozen=True, slots=True)
class FollowNotice(Notice):
    """To `to`, who follows the server: so many joined or play now (`online`), of whom `names` joined, where the game
    tells them and the guild shows them. `language`: None is the guild's."""

    kind: ClassVar = NoticeKind.FOLLOW
    to: int | None = None
    names: tuple[str, ...] = ()
    online: int = 1
    language: str | None = None


@dataclass(frozen=True, slots=True)
class WelcomeNotice(Notice):
    """To a guild that invited the bot."""

    kind: ClassVar = NoticeKind.WELCOME


@dataclass(frozen=True, slots=True)
class RestoringNotice(Notice):
    """Volume `volume` is made from a snapshot of `to`, or of what somebody just sent (`imported`); `back` says that it
    was."""

    kind: ClassVar = NoticeKind.RESTORED
    MARK: ClassVar = {"state": "restoring"}
    volume: int | None = None
    to: Moment | None = None
    back: bool = False
    by: int | None = None
    imported: bool = False


@dataclass(frozen=True, slots=True)
class WorldLost(Notice):
    """A volume was lost, and volume `volume` takes its place; `back` says that its world is that of `to`."""

    kind: ClassVar = NoticeKind.RESTORED
    MARK: ClassVar = {"state": "lost"}
    volume: int | None = None
    to: Moment | None = None
    back: bool = False


@dataclass(frozen=True, slots=True)
class StorageNotice(Notice):
    """What is used of a limit, in bytes: by the world of one server, or by a guild, then with its `largest` servers by
    name, and the `channel` of the first of these."""

    kind: ClassVar = NoticeKind.STORAGE
    fill: Fill = Fill.ROOM
    used: int = 0
    limit: int = 0
    largest: tuple[tuple[str, int], ...] = ()
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class AddressNotice(Notice):
    """The server has another address, because something else uses the ports `taken` that it had. Which one it is now,
    the server tells."""

    kind: ClassVar = NoticeKind.ADDRESS
    taken: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GuildNotice(Notice):
    """About a guild and none of its servers. `channel`: where one of these was created, for a guild without rules."""

    channel: int | None = None


@dataclass(frozen=True, slots=True)
class BlockedNotice(GuildNotice):
    """Nothing starts in this guild; `words` of whoever runs the bot. Then BlockOver."""

    kind: ClassVar = NoticeKind.BLOCKED
    MARK: ClassVar = {"state": "blocked"}
    words: str = ""


@dataclass(frozen=True, slots=True)
class BlockOver(GuildNotice):
    kind: ClassVar = NoticeKind.BLOCKED
    MARK: ClassVar = {"state": "over"}


@dataclass(frozen=True, slots=True)
class BroadcastNotice(GuildNotice):
    """What whoever runs the bot says to all guilds."""

    kind: ClassVar = NoticeKind.BROADCAST
    words: str = ""


# alarms: notices to whoever runs the bot


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
