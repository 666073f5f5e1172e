"""Pure: quotas. Admins are bound by the guild's quota but not by the one a member.

A member may have quotas of their own, and by their roles. For servers, memory and storage each:

| who | says how much |
|---|---|
| the member's own quota | always, where it says something |
| their roles' quotas | else the best of those that say something |
| the guild's rule | else |

Roles are known of whoever acts, and of nobody else: quotas of roles are judged by the actor's roles at that moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.errors import Bytes, LimitReached, TooManyDeleted
from core.games.form.game import Game
from core.games.form.setting import Size
from core.guilds.access import Actor, DoInGuild, Rules, is_admin, judge

SERVERS_PER_MEMBER = 2
SERVERS_PER_GUILD = 10
WORLD_BYTES = 10 * 2**30
STORAGE_BYTES = 2 * SERVERS_PER_GUILD * WORLD_BYTES
"""As many worlds as a guild may have, each as large as it may be, and as much again for what they were before."""
BESIDE_BYTES = 4 * 2**30
"""Disk for what a game that downloads itself puts beside a world, where a guild wants smaller worlds."""
KEPT_FOR_UNDO = 3
"""So many times a quota may deleted servers wait for an Undo at once: a member's for a member, the guild's for all."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A guild's limits, defaults filled in. `create_role` None: everyone may create. `retention` None: the default.

    `memory` and `member_memory`: MiB of what runs at once, in the guild and of the one member that the limits are for;
    None: as much as the host has. `member_storage`: bytes of all snapshots of that member's servers; None: as
    much as the guild has. `withheld`: games and sizes that are not offered (core.guilds.games)."""

    per_member: int = SERVERS_PER_MEMBER
    per_guild: int = SERVERS_PER_GUILD
    memory: int | None = None
    member_memory: int | None = None
    member_storage: int | None = None
    withheld: frozenset[str] = frozenset()
    world_bytes: int = WORLD_BYTES
    storage_bytes: int = STORAGE_BYTES
    retention: str | None = None
    create_role: int | None = None
    admin_role: int | None = None
    link_to_create: bool = False
    creators_elsewhere: bool = False

    @property
    def rules(self) -> Rules:
        return Rules(self.admin_role, self.create_role, self.link_to_create, self.creators_elsewhere)


@dataclass(frozen=True, slots=True)
class Quota:
    """What one member, or each member with one role, may have. None: it says nothing of that. `memory` in MiB,
    `storage` in bytes."""

    servers: int | None = None
    memory: int | None = None
    storage: int | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """One server that is to run. `memory` in MiB."""

    server: str
    name: str
    owner: int
    memory: int
    playing: int = 0


def for_member(limits: Limits, own: Quota | None, roles: Iterable[Quota]) -> Limits:
    """The guild's limits as they are for one member: the table above."""
    own, roles = own or Quota(), tuple(roles)
    servers = own.servers if own.servers is not None else _best(each.servers for each in roles)
    memory = own.memory if own.memory is not None else _best(each.memory for each in roles)
    storage = own.storage if own.storage is not None else _best(each.storage for each in roles)
    per_member = limits.per_member if servers is None else servers
    return replace(limits, per_member=per_member, member_memory=memory, member_storage=storage)


def _best(said: Iterable[int | None]) -> int | None:
    return max((each for each in said if each is not None), default=None)


def check_memory(
    new: Running, running: Sequence[Running], limits: Limits, *, admin: bool = False, own: bool = True
) -> None:
    """Raise LimitReached where there is no memory for one more server that runs. `running`: the others of the guild;
    `limits`: as they are for its owner. `own`: its owner asks."""
    if limits.memory is not None:
        _check_memory("guild", new, running, limits.memory)
    if limits.member_memory is not None and not admin:
        theirs = [each for each in running if each.owner == new.owner]
        _check_memory("member" if own else "owner", new, theirs, limits.member_memory)


def _check_memory(whose: str, new: Running, running: Sequence[Running], most: int) -> None:
    used = sum(each.memory for each in running)
    if used + new.memory <= most:
        return
    values = {"name": new.name, "needs": mib(new.memory), "limit": mib(most), "used": mib(used)}
    if new.memory > most:
        raise LimitReached(f"memory.{whose}_never", **values)
    pause = ", ".join(each.name for each in to_pause(running, used + new.memory - most))
    raise LimitReached(f"memory.{whose}_full", pause=pause, **values)


def to_pause(running: Sequence[Running], missing: int) -> list[Running]:
    """The fewest servers whose pause frees so many MiB, none larger than needed; those where nobody plays, as far as
    they are enough."""
    empty = [each for each in running if not each.playing]
    left = empty if sum(each.memory for each in empty) >= missing else list(running)
    left.sort(key=lambda each: (each.memory, each.name))
    chosen: list[Running] = []
    while missing > 0 and left:
        best = next((each for each in left if each.memory >= missing), left[-1])
        left.remove(best)
        chosen.append(best)
        missing -= best.memory
    return chosen


def mib(amount: int) -> Bytes:
    return Bytes(amount * 2**20)


def check_create(
    actor: Actor, limits: Limits, *, mine: int, guild: int, deleted: int = 0, deleted_of_all: int = 0
) -> None:
    """Raise what stands in the way of one more server.

    `mine` and `guild` count those that are not deleted; `deleted` those of the actor, and `deleted_of_all` of the
    guild, that are kept for an Undo and hold address and disk until then.
    """
    admin = is_admin(actor, limits.admin_role)
    if refused := judge(actor, DoInGuild.CREATE, limits.rules):
        raise refused
    if guild >= limits.per_guild:
        raise LimitReached("create.guild_full", most=limits.per_guild)
    if not limits.per_member and not admin:
        raise LimitReached("create.admins_only")
    if mine >= limits.per_member and not admin:
        raise LimitReached("create.member_full", most=limits.per_member)
    if deleted >= limits.per_member * KEPT_FOR_UNDO and not admin:
        raise TooManyDeleted("create.too_many_deleted", most=limits.per_member * KEPT_FOR_UNDO)
    if deleted_of_all >= limits.per_guild * KEPT_FOR_UNDO:
        raise TooManyDeleted("create.guild_too_many_deleted", most=limits.per_guild * KEPT_FOR_UNDO)


def volume_bytes(game: Game, size: Size, limits: Limits) -> int:
    """How large a server's disk is: as its game's entry says, less where the guild wants smaller worlds. The room for
    what a game fetches is on top, whatever the guild wants."""
    beside = BESIDE_BYTES if game.image is not None and game.image.downloads else 0
    return min(game.volume_of(size) * 2**30, limits.world_bytes + beside) + _room(game)


def world_bytes(game: Game, size: Size, limits: Limits) -> int:
    """How large a world may be brought in: what the guild allows, and its disk holds."""
    return min(limits.world_bytes, volume_bytes(game, size, limits) - _room(game))


def _room(game: Game) -> int:
    return game.image.room * 2**30 if game.image is not None else 0
