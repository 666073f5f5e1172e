"""Pure: quotas. Admins are bound by the guild's quota but not by the one a member."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import LimitReached, NotAllowed
from core.guilds.access import Actor, is_admin

SERVERS_PER_MEMBER = 2
SERVERS_PER_GUILD = 10
WORLD_BYTES = 10 * 2**30
STORAGE_BYTES = 2 * SERVERS_PER_GUILD * WORLD_BYTES
"""As many worlds as a guild may have, each as large as it may be, and as much again for what they were before."""
KEPT_FOR_UNDO = 3  # times a member's quota: deleted servers that may wait for an Undo at once


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


def check_create(actor: Actor, limits: Limits, *, mine: int, guild: int, deleted: int = 0) -> None:
    """Raise what stands in the way of one more server.

    `mine` and `guild` count those that are not deleted; `deleted` those of the actor that are kept for an Undo and
    hold their address until then.
    """
    admin = is_admin(actor, limits.admin_role)
    if limits.create_role is not None and limits.create_role not in actor.roles and not admin:
        raise NotAllowed("create.role", role=limits.create_role)
    if guild >= limits.per_guild:
        raise LimitReached("create.guild_full", most=limits.per_guild)
    if mine >= limits.per_member and not admin:
        raise LimitReached("create.member_full", most=limits.per_member)
    if deleted >= limits.per_member * KEPT_FOR_UNDO:
        raise LimitReached("create.too_many_deleted", most=limits.per_member * KEPT_FOR_UNDO)
