"""The vocabulary: every state a server, its pod and its volume can be in, and nothing else.

The values are stored and travel in labels and metrics: never rename one, only add.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
    NODE_LOST = "node_lost"
    VOLUME_LOST = "volume_lost"
    VOLUME_FOREIGN = "volume_foreign"
    CANNOT_APPLY = "cannot_apply"
    NO_PLACE = "no_place"
    IMAGE = "image"
    QUOTA = "quota"
    REFUSED = "refused"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHING = "crashing"
    DISK_FULL = "disk_full"
    CARD_BROKEN = "card_broken"
    STORE_AWAY = "store_away"
    STORE_REFUSED = "store_refused"
    WORLD_DAMAGED = "world_damaged"
    SNAPSHOT_GONE = "snapshot_gone"


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
    RESTORE = "restore"
    GAME = "game"


class Lack(StrEnum):
    """What no node has enough of for a server that finds no place."""

    MEMORY = "memory"
    CPU = "cpu"
    PORT = "port"


class EventKind(StrEnum):
    """Append-only facts: the audit, and what usage is billed from."""

    CREATED = "created"
    RESUMED = "resumed"
    PAUSED = "paused"
    RESTARTED = "restarted"
    KEPT = "kept"
    EDITED = "edited"
    IDLE_SET = "idle_set"
    DELETED = "deleted"
    UNDELETED = "undeleted"
    PHASE = "phase"
    PROBLEM = "problem"
    CRASHED = "crashed"
    WARNED = "warned"
    RECALLED = "recalled"
    PURGED = "purged"
    SNAPSHOT = "snapshot"
    RESTORE = "restore"
    RESTORED = "restored"
    VOLUME_LOST = "volume_lost"
    ARCHIVED = "archived"
    IMPORTED = "imported"
    EXPORTED = "exported"
    COLLECTED = "collected"
    GUILD_SET = "guild_set"
    GUILD_JOINED = "guild_joined"
    GUILD_LEFT = "guild_left"


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
    ALARM = "alarm"


class Alarm(StrEnum):
    """Something that whoever runs the bot has to know at once; guilds are not told."""

    FOREIGN = "foreign"  # somebody else hid or overwrote parts of a world
    HELD = "held"  # nothing can be collected
    DRILL = "drill"  # a world did not come back on trial
    BACKUP = "backup"  # no copy of the database, several times in a row


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


Evidence = Empty | Occupied | Unknown


@dataclass(frozen=True, slots=True)
class Exit:
    """How a game process ended last. `code` is 128 + n for signal n."""

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
    """16 hexadecimal characters: one id from the interaction through event, notice, object and agent call."""
    return secrets.token_hex(8)
