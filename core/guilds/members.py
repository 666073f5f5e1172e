"""Who somebody is in a guild now, for faces where Discord does not say it with each request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from core.errors import NotFound, TryAgain
from core.guilds.access import Actor
from core.guilds.membership import Membership, Present
from core.queues import Queues
from core.words import Gone, Unknown

FRESH = timedelta(seconds=60)
"""So old may be what rights rest on."""
MOST_KEPT = 10_000


class Members:
    """Asks Discord at most once in FRESH for each member of a guild, however many wait for the answer."""

    def __init__(self, membership: Membership, now: Callable[[], datetime]) -> None:
        self._membership = membership
        self._now = now
        self._asking = Queues()
        self._known: dict[tuple[int, int], tuple[datetime, Present | Gone]] = {}

    async def actor(self, guild: int, user: int, name: str = "") -> Actor:
        """NotFound where they are no member: the same as for a guild that does not exist. TryAgain where Discord does
        not tell."""
        found = await self.of(guild, user)
        if isinstance(found, Gone):
            raise NotFound("guild.not_found")
        if isinstance(found, Unknown):
            raise TryAgain("guild.unknown")
        return Actor(user=user, guild=guild, name=name, roles=found.roles, manages_guild=found.manages_guild)

    async def among(self, guilds: Iterable[int], user: int, name: str = "") -> list[Actor]:
        """As whom they act in each of these guilds; those are left out where they are no member, or nobody knows."""
        found = await asyncio.gather(*(self.of(guild, user) for guild in guilds))
        return [
            Actor(user=user, guild=guild, name=name, roles=each.roles, manages_guild=each.manages_guild)
            for guild, each in zip(guilds, found, strict=True)
            if isinstance(each, Present)
        ]

    async def of(self, guild: int, user: int) -> Present | Gone | Unknown:
        key = (guild, user)
        if (known := self._fresh(key)) is not None:
            return known
        async with self._asking.of(str(key)):
            if (known := self._fresh(key)) is not None:
                return known
            asked_at = self._now()
            found = await self._membership.of(guild, user)
            if not isinstance(found, Unknown):
                if len(self._known) >= MOST_KEPT:
                    self._known = {each: kept for each, kept in self._known.items() if asked_at - kept[0] < FRESH}
                self._known[key] = (asked_at, found)
            return found

    def _fresh(self, key: tuple[int, int]) -> Present | Gone | None:
        at, found = self._known.get(key, (None, None))
        return found if at is not None and timedelta() <= self._now() - at < FRESH else None
