"""Pure: who may do what to a server.

| level | who | may |
|---|---|---|
| PLAYER | everyone; once shared with players, only those | resume, keep, join |
| MANAGER | members and roles it was shared with as manager | also pause, restart, edit, idle, console, logs, go back |
| OWNER | whoever created it or was given it | everything |
| ADMIN | *Manage Server*, or the guild's admin role | everything on every server of the guild |

A member of another guild sees nothing: callers look servers up by guild, and the answer is NotFound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Level(IntEnum):
    NOBODY = 0
    PLAYER = 1
    MANAGER = 2
    OWNER = 3
    ADMIN = 4


class Do(StrEnum):
    """What can be done to a server, as the sentences name it."""

    SEE = "see"
    RESUME = "resume"
    KEEP = "keep"
    JOIN = "join"
    PAUSE = "pause"
    RESTART = "restart"
    EDIT = "edit"
    IDLE = "idle"
    CONSOLE = "console"
    LOGS = "logs"
    DELETE = "delete"
    SNAPSHOTS = "snapshots"
    SNAPSHOT = "snapshot"
    RESTORE = "restore"
    CLONE = "clone"
    DOWNLOAD = "download"
    ARCHIVE = "archive"
    IMPORT = "import"
    SHARE = "share"
    TRANSFER = "transfer"


NEEDS: dict[Do, Level] = {
    Do.SEE: Level.NOBODY,
    Do.RESUME: Level.PLAYER,
    Do.KEEP: Level.PLAYER,
    Do.JOIN: Level.PLAYER,
    Do.PAUSE: Level.MANAGER,
    Do.RESTART: Level.MANAGER,
    Do.EDIT: Level.MANAGER,
    Do.IDLE: Level.MANAGER,
    Do.CONSOLE: Level.MANAGER,
    Do.LOGS: Level.MANAGER,
    Do.SNAPSHOTS: Level.MANAGER,
    Do.SNAPSHOT: Level.MANAGER,
    Do.RESTORE: Level.MANAGER,
    Do.CLONE: Level.MANAGER,
    Do.DOWNLOAD: Level.MANAGER,
    Do.ARCHIVE: Level.MANAGER,
    Do.IMPORT: Level.OWNER,
    Do.DELETE: Level.OWNER,
    Do.SHARE: Level.OWNER,
    Do.TRANSFER: Level.OWNER,
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, as Discord reports it with each interaction. `direct`: by direct message, where Discord tells neither
    guild nor rights; nobody's servers are there but the actor's own."""

    user: int
    guild: int
    name: str = ""
    roles: frozenset[int] = frozenset()
    manages_guild: bool = False
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    target: int
    kind: str  # member | role
    role: str  # player | manager


def level(actor: Actor, owner: int, shares: Iterable[Share] = (), admin_role: int | None = None) -> Level:
    """The actor's level on one server of their own guild."""
    if is_admin(actor, admin_role):
        return Level.ADMIN
    if actor.user == owner:
        return Level.OWNER
    shares = tuple(shares)
    mine = {share.role for share in shares if share.target == actor.user or share.target in actor.roles}
    if "manager" in mine:
        return Level.MANAGER
    closed = any(share.role == "player" for share in shares)
    return Level.NOBODY if closed and "player" not in mine else Level.PLAYER


def is_admin(actor: Actor, admin_role: int | None = None) -> bool:
    return actor.manages_guild or (admin_role is not None and admin_role in actor.roles)


def may(do: Do, has: Level) -> bool:
    return has >= NEEDS[do]
