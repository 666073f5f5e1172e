"""Pure: who may do what, for every face: the one table of rights.

| level | who | may |
|---|---|---|
| PLAYER | everyone; once shared with players, only those | resume, keep, join, follow |
| MANAGER | members and roles it was shared with as manager | also pause, restart, edit, idle, console, logs, files |
| OWNER | whoever created it or was given it | everything |
| ADMIN | *Manage Server*, or the guild's admin role | everything on every server of the guild, and its rules |

A role or group that somebody's linked identity has elsewhere may stand for ADMIN, and for who may create (`Standing`).

Managers also go back to older worlds, and resume it while its schedule says that it sleeps (wake); during its
maintenance only admins do. Files are read by managers and changed by the owner. Nobody is OWNER of a server that
belongs to the admins (core.words.ADMINS).

`NEEDS` and `NEEDS_IN_GUILD` have the level that each verb needs; `judge` is the answer, and says who may where it is
no. A server of another guild is answered as one that does not exist, and so is, in direct messages, another's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from core.errors import NotAllowed, NotFound, Refusal
from core.words import ADMINS


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
    WAKE = "wake"
    SCHEDULE = "schedule"
    MAINTAIN = "maintain"
    CONSOLE = "console"
    LOGS = "logs"
    FILES = "files"
    FILES_WRITE = "files_write"
    DELETE = "delete"
    UNDO = "undo"
    PURGE = "purge"
    SNAPSHOTS = "snapshots"
    SNAPSHOT = "snapshot"
    RESTORE = "restore"
    CLONE = "clone"
    DOWNLOAD = "download"
    ARCHIVE = "archive"
    IMPORT = "import"
    SHARE = "share"
    TRANSFER = "transfer"
    FOLLOW = "follow"
    ACCEPT = "accept"
    FORGET = "forget"


NEEDS: dict[Do, Level] = {
    Do.SEE: Level.NOBODY,
    Do.RESUME: Level.PLAYER,
    Do.KEEP: Level.PLAYER,
    Do.JOIN: Level.PLAYER,
    Do.FOLLOW: Level.PLAYER,
    Do.PAUSE: Level.MANAGER,
    Do.RESTART: Level.MANAGER,
    Do.EDIT: Level.MANAGER,
    Do.IDLE: Level.MANAGER,
    Do.WAKE: Level.MANAGER,
    Do.CONSOLE: Level.MANAGER,
    Do.LOGS: Level.MANAGER,
    Do.FILES: Level.MANAGER,
    Do.SNAPSHOTS: Level.MANAGER,
    Do.SNAPSHOT: Level.MANAGER,
    Do.RESTORE: Level.MANAGER,
    Do.CLONE: Level.MANAGER,
    Do.DOWNLOAD: Level.MANAGER,
    Do.ARCHIVE: Level.MANAGER,
    Do.SCHEDULE: Level.OWNER,
    Do.IMPORT: Level.OWNER,
    Do.FILES_WRITE: Level.OWNER,
    Do.DELETE: Level.OWNER,
    Do.UNDO: Level.OWNER,
    Do.PURGE: Level.OWNER,
    Do.SHARE: Level.OWNER,
    Do.TRANSFER: Level.OWNER,
    Do.ACCEPT: Level.OWNER,
    Do.FORGET: Level.OWNER,
    Do.MAINTAIN: Level.ADMIN,
}

OF_DELETED = frozenset({Do.SEE, Do.DELETE, Do.UNDO, Do.PURGE})
"""What can be done to a server that is deleted and can still be brought back. Deleting it twice is one deletion."""


class DoInGuild(StrEnum):
    """What can be asked of a guild, and of none of its servers."""

    HELP = "help"
    LIST = "list"
    LIST_DELETED = "list_deleted"  # those that the actor may bring back
    CREATE = "create"
    SETUP = "setup"
    STATUS = "status"
    QUOTA = "quota"
    GAMES = "games"
    AUDIT = "audit"
    WEBHOOKS = "webhooks"
    ACCOUNT = "account"
    ACTIVITY = "activity"  # of the servers that the actor may see


NEEDS_IN_GUILD: dict[DoInGuild, Level] = {
    DoInGuild.HELP: Level.NOBODY,
    DoInGuild.LIST: Level.NOBODY,
    DoInGuild.LIST_DELETED: Level.NOBODY,
    DoInGuild.CREATE: Level.PLAYER,
    DoInGuild.SETUP: Level.ADMIN,
    DoInGuild.STATUS: Level.ADMIN,
    DoInGuild.QUOTA: Level.ADMIN,
    DoInGuild.GAMES: Level.ADMIN,
    DoInGuild.AUDIT: Level.ADMIN,
    DoInGuild.WEBHOOKS: Level.ADMIN,
    DoInGuild.ACCOUNT: Level.NOBODY,
    DoInGuild.ACTIVITY: Level.NOBODY,
}
"""PLAYER: everybody, or whoever has the role that the guild's rules name, or an identity that they name."""

Verb = Do | DoInGuild


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody's identity at an OpenID provider is worth in a guild (core.accounts.standings). `linked`: they have
    one. `admin`, `creator`: the guild's rules name a role or group of it."""

    linked: bool = False
    admin: bool = False
    creator: bool = False


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
    standing: Standing = Standing()


@dataclass(frozen=True, slots=True)
class Share:
    target: int
    kind: str  # member | role
    role: str  # player | manager


@dataclass(frozen=True, slots=True)
class Who:
    """Those who may do something to one server, for a sentence that names them: `least` is OWNER or MANAGER, and who is
    above that may, too. `owner`: by name, empty where nobody knows it. `owned`: it has one."""

    least: Level
    owner: str
    owned: bool = True


@dataclass(frozen=True, slots=True)
class Rights:
    """What one actor may do to one server, and who may do the rest. `managed`: the server has managers; `owned`: and an
    owner, who is not the admins."""

    level: Level
    owner: str = ""
    managed: bool = False
    owned: bool = True

    def may(self, do: Do) -> bool:
        return may(do, self.level)

    def who(self, do: Do) -> Who:
        """Nobody is named whom the server does not have. What players may, somebody lacks only where the server is
        shared with others: then whoever can share it."""
        least = NEEDS[Do.SHARE] if NEEDS[do] <= Level.PLAYER else NEEDS[do]
        least = Level.MANAGER if self.managed and least is Level.MANAGER else Level.OWNER
        return Who(least, self.owner, self.owned)


EVERYTHING = Rights(Level.ADMIN)


@dataclass(frozen=True, slots=True)
class Rules:
    """A guild's rules about rights. `create_role` None, and no role or group elsewhere named (`creators_elsewhere`):
    everybody may create. `link_to_create`: whoever has linked an account."""

    admin_role: int | None = None
    create_role: int | None = None
    link_to_create: bool = False
    creators_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Owned:
    """What of a server rights depend on, and the names that a refusal says."""

    guild: int
    owner: int
    name: str = ""
    owner_name: str = ""  # as last seen; empty if never
    shares: tuple[Share, ...] = ()


def judge(actor: Actor, do: Verb, rules: Rules, server: Owned | None = None) -> Refusal | None:
    """None: the actor may. Else what they are told: that there is no such server, or who may.

    `server`: None where there is none; of no account where the verb is about a guild.
    """
    if isinstance(do, DoInGuild):
        return _judge_in_guild(actor, do, rules)
    if server is None or server.guild != actor.guild or (actor.direct and server.owner != actor.user):
        return NotFound("server.not_found")
    has = rights(actor, server.owner, server.shares, rules.admin_role, owner_name=server.owner_name)
    return None if has.may(do) else NotAllowed("server.not_allowed", do=do, name=server.name, who=has.who(do))


def shares_matter(actor: Actor, do: Verb, rules: Rules, server: Owned) -> bool:
    """Whether `judge` needs to know with whom the server is shared."""
    if isinstance(do, DoInGuild) or NEEDS[do] in (Level.NOBODY, Level.OWNER, Level.ADMIN):
        return False
    return level(actor, server.owner, (), rules.admin_role) < Level.OWNER


def _judge_in_guild(actor: Actor, do: DoInGuild, rules: Rules) -> Refusal | None:
    admin = is_admin(actor, rules.admin_role)
    if NEEDS_IN_GUILD[do] is Level.ADMIN and not admin:
        return NotAllowed("guild.admin_only")
    if NEEDS_IN_GUILD[do] is not Level.PLAYER or admin:
        return None
    if rules.link_to_create and not actor.standing.linked:
        return NotAllowed("create.link")
    chosen, closed = rules.create_role, rules.creators_elsewhere
    if actor.standing.creator or chosen in actor.roles or (chosen is None and not closed):
        return None
    return NotAllowed("create.role", role=chosen) if chosen is not None else NotAllowed("create.elsewhere")


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
    return actor.manages_guild or actor.standing.admin or (admin_role is not None and admin_role in actor.roles)


def may(do: Do, has: Level) -> bool:
    return has >= NEEDS[do]


def rights(
    actor: Actor, owner: int, shares: Iterable[Share] = (), admin_role: int | None = None, *, owner_name: str = ""
) -> Rights:
    """The actor's on one server of their own guild."""
    shares = tuple(shares)
    managed = any(share.role == "manager" for share in shares)
    return Rights(level(actor, owner, shares, admin_role), owner_name, managed, owner != ADMINS)
