"""Pure: how full a guild's storage, or one world's room, is; of what to warn, and what is refused.

Saves that Dormouse takes by itself are never refused. In a full guild retention keeps less instead (`policy_for`), so
that room comes back without anybody losing the newest world.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from core.errors import Bytes, LimitReached
from core.guilds.limits import Limits
from core.words import Fill
from core.worlds.retention import CHOICES, DEFAULT, LEAN


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store has of one server. `bytes`: all snapshots; `world_bytes`: the newest one brought back."""

    server: str
    name: str
    bytes: int
    world_bytes: int = 0
    saved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Storage:
    """A guild's, largest server first. Deleted servers do not count, also while they can be brought back."""

    servers: tuple[Stored, ...]
    limits: Limits

    @property
    def used(self) -> int:
        return sum(each.bytes for each in self.servers)

    @property
    def fill(self) -> Fill:
        return fill(self.used, self.limits.storage_bytes)

    @property
    def policy(self) -> str:
        return policy_for(self.fill, self.limits.retention)

    @classmethod
    def of(cls, servers: Iterable[Stored], limits: Limits) -> Storage:
        return cls(tuple(sorted(servers, key=lambda each: (-each.bytes, each.name))), limits)


def fill(used: int, limit: int) -> Fill:
    """A limit of 0 is full at once."""
    return max(each for each in Fill if used * 100 >= each * limit)


def is_news(now: Fill, told: int) -> bool:
    """Whether to warn. `told` is the fill at the last look: one message for each time that a mark is crossed upwards,
    the highest where several are."""
    return now > told


def policy_for(now: Fill, chosen: str | None) -> str:
    """Which of retention's POLICIES says what is kept. A choice that this version does not know is as none."""
    if now is Fill.FULL:
        return LEAN
    return chosen if chosen in CHOICES else DEFAULT


def refuse_owners(used: int, limits: Limits, *, own: bool) -> None:
    """Raise LimitReached where a member's worlds take as much as they may. `limits`: as they are for that member;
    `own`: they ask."""
    if limits.member_storage is not None and fill(used, limits.member_storage) is Fill.FULL:
        whose = "member" if own else "owner"
        raise LimitReached(f"storage.{whose}_full", used=Bytes(used), limit=Bytes(limits.member_storage))


def refuse_more(storage: Storage, server: str | None = None) -> None:
    """Raise LimitReached where there is no room for what somebody wants to store besides. `server`: whose world."""
    limits = storage.limits
    if storage.fill is Fill.FULL:
        raise LimitReached("storage.full", used=Bytes(storage.used), limit=Bytes(limits.storage_bytes))
    for each in storage.servers:
        if each.server == server and fill(each.world_bytes, limits.world_bytes) is Fill.FULL:
            used, limit = Bytes(each.world_bytes), Bytes(limits.world_bytes)
            raise LimitReached("storage.world_full", name=each.name, used=used, limit=limit)
