"""The vocabulary: every state a server, its pod and its volume can be in, and nothing else.

The values are stored and travel in labels and metrics: never rename one, only add.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class Desired(StrEnum):
    """What somebody asked for. Only use-cases and the sweep write it."""

    RUNNING = "running"
    PAUSED = "paused"
    ARCHIVED = "archived"
    DELETED = "deleted"


class Because(StrEnum):
    """Why it is desired."""

    OWNER = "owner"
    IDLE = "idle"
    CRASHES = "crashes"
    START_FAILED = "start_failed"
    BUDGET = "budget"
    SCHEDULE = "schedule"
    OPERATOR = "operator"
    GUILD_GONE = "guild_gone"


class ScheduleKind(StrEnum):
    """What an entry of a server's schedule says."""

    AWAKE = "awake"
    ASLEEP = "asleep"
    RESTART = "restart"
    MAINTENANCE = "maintenance"


class Reason(StrEnum):
    """Why a server stays on, or is paused by itself. Who wins is a table (core.idle.rules)."""

    MAINTENANCE = "maintenance"
    FIRM_SLEEP = "firm_sleep"
    PLAYERS = "players"
    KEEP = "keep"
    EVENT = "event"  # of Discord's: core.idle.occasions
    VOICE = "voice"
    VOTE = "vote"
    AWAKE = "awake"
    SLEEP = "sleep"
    IDLE = "idle"


class Phase(StrEnum):
    """What people are told: folded from desired and observed (core.servers.lifecycle)."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    PAUSED = "paused"
    ARCHIVING = "archiving"
    ARCHIVED = "archived"
    DELETING = "deleting"
    DELETED = "deleted"


class Problem(StrEnum):
    """Something that is wrong now and that a person should know."""

    CLUSTER_AWAY = "cluster_away"
    NODE_AWAY = "node_away"
    NODE_LOST = "node_lost"
    VOLUME_LOST = "volume_lost"
    VOLUME_FOREIGN = "volume_foreign"
    CANNOT_APPLY = "cannot_apply"
    NO_PLACE = "no_place"
    NO_NODE = "no_node"
    NO_VOLUME = "no_volume"
    IMAGE = "image"
    QUOTA = "quota"
    REFUSED = "refused"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHING = "crashing"
    DISK_FULL = "disk_full"
    STORE_AWAY = "store_away"
    STORE_REFUSED = "store_refused"
    WORLD_DAMAGED = "world_damaged"
    SNAPSHOT_GONE = "snapshot_gone"
    WORLD_INCOMPLETE = "world_incomplete"
    PORT_TAKEN = "port_taken"
    AGENT_REFUSES = "agent_refuses"
    DRAINED = "drained"
    PREEMPTED = "preempted"
    NODE_SHORT = "node_short"
    NODE_STOPPED = "node_stopped"


INTERRUPTIONS = frozenset(
    {Problem.NODE_LOST, Problem.DRAINED, Problem.PREEMPTED, Problem.NODE_SHORT, Problem.NODE_STOPPED}
)
"""What the cluster ended a game for, and starts it again after by itself: no fault of the game."""


class PodPhase(StrEnum):
    """The one pod of a server, reduced from what the cluster reports."""

    NONE = "none"
    PENDING = "pending"
    RESTORING = "restoring"
    STARTING = "starting"
    READY = "ready"
    ENDING = "ending"
    LOST = "lost"


class VolumePhase(StrEnum):
    NONE = "none"
    PENDING = "pending"
    BOUND = "bound"
    ENDING = "ending"
    LOST = "lost"


class Step(StrEnum):
    """What a server that is starting is busy with; said on the card."""

    QUEUED = "queued"
    PLACE = "place"
    VOLUME = "volume"
    IMAGE = "image"
    TURN = "turn"
    RESTORE = "restore"
    GAME = "game"


class Lack(StrEnum):
    """What no node has enough of for a server that finds no place."""

    MEMORY = "memory"
    CPU = "cpu"
    PORT = "port"
    PODS = "pods"


class EventKind(StrEnum):
    """Append-only facts: the audit, and what usage is billed from."""

    CREATED = "created"
    RESUMED = "resumed"
    PAUSED = "paused"
    RESTARTED = "restarted"
    KEPT = "kept"
    EDITED = "edited"
    LINE_SENT = "line_sent"
    FOLDER_MADE = "folder_made"
    FILE_WRITTEN = "file_written"
    FILE_UPLOADED = "file_uploaded"
    FILE_RENAMED = "file_renamed"
    FILE_DELETED = "file_deleted"
    PORTS_MOVED = "ports_moved"
    IDLE_SET = "idle_set"
    VOTED = "voted"
    SCHEDULE_SET = "schedule_set"
    SHARED = "shared"
    OFFERED = "offered"
    OFFER_ENDED = "offer_ended"
    TRANSFERRED = "transferred"
    OWNER_GONE = "owner_gone"
    OWNER_BACK = "owner_back"
    DELETED = "deleted"
    UNDELETED = "undeleted"
    PURGE_ASKED = "purge_asked"
    PHASE = "phase"
    PROBLEM = "problem"
    CRASHED = "crashed"
    WARNED = "warned"
    RECALLED = "recalled"
    PURGED = "purged"
    SNAPSHOT = "snapshot"
    SNAPSHOT_ASKED = "snapshot_asked"
    NOT_SAVED = "not_saved"
    RESTORE = "restore"
    RESTORED = "restored"
    VOLUME_MADE = "volume_made"
    VOLUME_LOST = "volume_lost"
    ARCHIVE_ASKED = "archive_asked"
    ARCHIVED = "archived"
    IMPORTED = "imported"
    EXPORTED = "exported"
    COLLECTED = "collected"
    GUILD_SET = "guild_set"
    QUOTA_SET = "quota_set"
    GAME_OFFERED = "game_offered"
    GUILD_JOINED = "guild_joined"
    GUILD_LEFT = "guild_left"
    GUILD_BLOCKED = "guild_blocked"
    GUILD_UNBLOCKED = "guild_unblocked"
    LICENCE_ACCEPTED = "licence_accepted"
    NAME_FORGOTTEN = "name_forgotten"
    WEBHOOK = "webhook"


class Sharer(StrEnum):
    """What a server can be shared with, and whom a quota can be for."""

    MEMBER = "member"
    ROLE = "role"


class ShareRole(StrEnum):
    """As what it is shared."""

    PLAYER = "player"
    MANAGER = "manager"


class NoticeKind(StrEnum):
    """A message that reports something; one row of the outbox each."""

    IDLE = "idle"
    PAUSED = "paused"
    READY = "ready"
    CRASHED = "crashed"
    START_FAILED = "start_failed"
    DELETED = "deleted"
    UNKNOWN = "unknown"
    WELCOME = "welcome"
    RESTORED = "restored"
    STORAGE = "storage"
    ADDRESS = "address"
    ALARM = "alarm"
    NODE_AWAY = "node_away"
    INTERRUPTED = "interrupted"
    SCHEDULE = "schedule"
    OFFER = "offer"
    OWNER_GONE = "owner_gone"
    FOLLOW = "follow"
    BLOCKED = "blocked"
    BROADCAST = "broadcast"


class GuildSetting(StrEnum):
    """What a guild's admins may set."""

    SERVER_CHANNEL = "server_channel"
    NOTICE_CHANNEL = "notice_channel"
    ADMIN_ROLE = "admin_role"
    CREATE_ROLE = "create_role"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    NAMES = "names"
    LINK_TO_CREATE = "link_to_create"
    ENTRA_ADMIN = "entra_admin"
    ENTRA_CREATE = "entra_create"
    IDLE_AFTER = "idle_after"
    IDLE_WARN = "idle_warn"
    PER_MEMBER = "per_member"
    SERVERS = "servers"
    MEMORY = "memory"
    WORLD = "world"
    STORAGE = "storage"
    RETENTION = "retention"


class WebhookChange(StrEnum):
    """What became of a webhook."""

    ADDED = "added"
    EDITED = "edited"
    ROTATED = "rotated"  # it has another secret
    REMOVED = "removed"
    OFF = "off"  # nobody took what it sent


class Fill(IntEnum):
    """The share of a limit, in percent, that is at least used."""

    ROOM = 0
    CLOSE = 80
    NEARLY = 95
    FULL = 100


class Alarm(StrEnum):
    """Something that whoever runs the bot has to know at once; guilds are not told."""

    FOREIGN = "foreign"  # somebody else hid or overwrote parts of a world
    HELD = "held"  # nothing can be collected
    DRILL = "drill"  # a world did not come back on trial
    BACKUP = "backup"  # no copy of the database, several times in a row
    UNSAVED = "unsaved"  # a world cannot be saved; about nobody: none can
    NODE = "node"  # a node with servers on it does not answer
    HOST = "host"  # servers cannot run, and only whoever runs the bot can change that


@dataclass(frozen=True, slots=True)
class Empty:
    """Nobody is on, and we know it."""


@dataclass(frozen=True, slots=True)
class Occupied:
    """Somebody is on. `names` may be empty where the game tells only a number."""

    names: tuple[str, ...] = ()
    online: int = 1


@dataclass(frozen=True, slots=True)
class Unknown:
    """We could not find out. Never read as empty."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """What told it does not exist any more: it counts no more."""


Evidence = Empty | Occupied | Unknown
VoiceEvidence = Evidence | Gone
"""Who is in a voice channel."""

ADMINS = 0
"""In place of an owner: the server belongs to the guild's admins, because its owner left."""

VOICE_GONE = 0
"""In place of the voice channel that a server watches: it was deleted, and nobody has chosen another one since."""


NOT_READY = "NotReady"
"""The reason of an exit that came about because the game had its time and was never ready."""

NODE_STOPPED = "NodeStopped"
"""The reason of an exit that nobody saw: the machine stopped, and with it the game. Its code means nothing."""

CANNOT_START = "CannotStart"
"""The reason of an exit where there was nothing to end: the game's program could not be started."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a game process ended last. `code` is 128 + n for signal n; `reason` one of those above, or the cluster's."""

    code: int
    reason: str
    at: datetime


_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def new_server_id() -> str:
    """12 characters of lower-case base32, the first a letter: valid as a DNS label, label value, path and custom id."""
    return secrets.choice(_ALPHABET[:26]) + "".join(secrets.choice(_ALPHABET) for _ in range(11))


def is_server_id(text: str) -> bool:
    return len(text) == 12 and text[0] in _ALPHABET[:26] and all(c in _ALPHABET for c in text)


def new_trace() -> str:
    """32 hexadecimal digits, as OpenTelemetry has them: one id from the interaction through event, notice, object and
    agent call."""
    return secrets.token_hex(16)


def is_trace(text: str) -> bool:
    return len(text) == 32 and all(digit in "0123456789abcdef" for digit in text)
