"""One frozen dataclass for each kind of event. `codec` makes JSON of them and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from core.notices.kinds.carried import UNTROUBLED, Carried, Moment, Trouble
from core.words import Because, EventKind, GuildSetting, Phase, Problem, Reason, WebhookChange


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
    trouble: Trouble = UNTROUBLED
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
class LineSent(Event):
    """Somebody sends a line to the game's console: as much of it as may be kept (core.servers.redaction)."""

    kind: ClassVar = EventKind.LINE_SENT
    line: str = ""
    by: int | None = None


@dataclass(frozen=True, slots=True)
class FolderMade(Event):
    """In the world, by hand, as all that follows. `sure` False: the cluster went away meanwhile, and nobody knows."""

    kind: ClassVar = EventKind.FOLDER_MADE
    path: str = ""
    sure: bool = True
    by: int | None = None


@dataclass(frozen=True, slots=True)
class FileWritten(Event):
    kind: ClassVar = EventKind.FILE_WRITTEN
    path: str = ""
    sure: bool = True
    by: int | None = None


@dataclass(frozen=True, slots=True)
class FileUploaded(Event):
    """`size` in bytes."""

    kind: ClassVar = EventKind.FILE_UPLOADED
    path: str = ""
    size: int = 0
    sure: bool = True
    by: int | None = None


@dataclass(frozen=True, slots=True)
class FileRenamed(Event):
    kind: ClassVar = EventKind.FILE_RENAMED
    path: str = ""
    to: str = ""
    sure: bool = True
    by: int | None = None


@dataclass(frozen=True, slots=True)
class FileDeleted(Event):
    """Or a folder, with all that was in it."""

    kind: ClassVar = EventKind.FILE_DELETED
    path: str = ""
    sure: bool = True
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


@dataclass(frozen=True, slots=True)
class NameForgotten(Event):
    """A player's name is kept no more. Which one is not said."""

    kind: ClassVar = EventKind.NAME_FORGOTTEN
    by: int | None = None


@dataclass(frozen=True, slots=True)
class WebhookChanged(Event):
    """Of the guild's webhook with this id. `host`: where it leads; the rest of its address may be a secret."""

    kind: ClassVar = EventKind.WEBHOOK
    change: WebhookChange
    webhook: str
    host: str = ""
    by: int | None = None
