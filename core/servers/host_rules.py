"""What the operator's settings say and every server follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from core.guilds.limits import STORAGE_BYTES


@dataclass(frozen=True, slots=True)
class HostRules:
    """`public_host`: the name or address that members connect to. `ports`: the pool that servers take theirs from.

    `keeps_worlds`: there is a store, and the cluster takes worlds there. `keeps_addresses`: paused servers keep theirs.
    `guild_storage`: bytes that a guild may store. `curseforge_key`: the operator's, for mods by name; empty: none.
    """

    public_host: str
    ports: range
    master_key: bytes = field(repr=False)
    idle_after: timedelta = timedelta(seconds=900)
    idle_warn: timedelta = timedelta(seconds=300)
    idle_grace: timedelta = timedelta(seconds=600)
    undo_for: timedelta = timedelta(days=7)
    healthy_after: timedelta = timedelta(minutes=10)
    keeps_worlds: bool = False
    keeps_addresses: bool = True
    guild_storage: int = STORAGE_BYTES
    curseforge_key: str = field(default="", repr=False)
