"""One frozen dataclass for each state of each kind of notice. `codec` makes JSON of them and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.notices.kinds.carried import UNTROUBLED, Carried, Moment, Trouble
from core.words import Because, Fill, NoticeKind, Problem, Reason


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
    trouble: Trouble = UNTROUBLED
    log: str = ""
    gave_up: bool = False


@dataclass(frozen=True, slots=True)
class CrashOver(Notice):
    """Somebody started it again."""

    kind: ClassVar = NoticeKind.CRASHED
    MARK: ClassVar = {"state": "resumed"}
    FLAT: ClassVar = ("trouble",)
    trouble: Trouble = UNTROUBLED
    by: int | None = None


@dataclass(frozen=True, slots=True)
class StartFailedNotice(Notice):
    """A start that was given up; then StartFailureOver. `log`: the last lines."""

    kind: ClassVar = NoticeKind.START_FAILED
    FLAT: ClassVar = ("trouble",)
    trouble: Trouble = UNTROUBLED
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
