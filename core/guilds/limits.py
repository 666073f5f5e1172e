"""Pure: quotas. Admins are bound by the guild's quota but not by the one a member."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import LimitReached, TooManyDeleted
from core.games.catalogue import Game, Size
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
    """A guild's limits, defaults filled in. `create_role` None: everyone may create. `retention` None: the default."""

    per_member: int = SERVERS_PER_MEMBER
    per_guild: int = SERVERS_PER_GUILD
    world_bytes: int = WORLD_BYTES
    storage_bytes: int = STORAGE_BYTES
    retention: str | None = None
    create_role: int | None = None
    admin_role: int | None = None

    @property
    def rules(self) -> Rules:
        return Rules(self.admin_role, self.create_role)


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
    """How large a server's disk is: as its game's entry says, less where the guild wants smaller worlds."""
    beside = BESIDE_BYTES if game.image is not None and game.image.downloads else 0
    return min(game.volume_of(size) * 2**30, limits.world_bytes + beside)


def world_bytes(game: Game, size: Size, limits: Limits) -> int:
    """How large a world may be brought in: what the guild allows, and its disk holds."""
    return min(limits.world_bytes, volume_bytes(game, size, limits))
