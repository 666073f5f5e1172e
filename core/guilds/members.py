"""Who somebody is in a guild now, for faces where Discord does not say it with each request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

from core.errors import NotFound, TryAgain
from core.guilds.access import Actor, Standing
from core.guilds.membership import Membership, Present
from core.queues import Queues
from core.words import Gone, Unknown

StandingOf = Callable[[int, int], Awaitable[Standing]]
"""By guild and user."""
FRESH = timedelta(seconds=60)
"""So old may be what rights rest on."""
MOST_KEPT = 10_000


class Members:
    """Asks Discord at most once in FRESH for each member of a guild, however many wait for the answer."""

    def __init__(self, membership: Membership, now: Callable[[], datetime], standing: StandingOf | None = None) -> None:
        """`standing` says what somebody's identity elsewhere is worth in a guild; None: nothing."""
        self._standing = standing
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
        return await self._actor(guild, user, name, found)

    async def among(self, guilds: Iterable[int], user: int, name: str = "") -> list[Actor]:
        """As whom they act in each of these guilds; those are left out where they are no member, or nobody knows."""
        guilds = list(guilds)
        found = await asyncio.gather(*(self.of(guild, user) for guild in guilds))
        here = [(guild, each) for guild, each in zip(guilds, found, strict=True) if isinstance(each, Present)]
        return [await self._actor(guild, user, name, each) for guild, each in here]

    async def _actor(self, guild: int, user: int, name: str, found: Present) -> Actor:
        standing = Standing() if self._standing is None else await self._standing(guild, user)
        return Actor(user, guild, name, found.roles, found.manages_guild, standing=standing)

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
                age = timedelta(seconds=found.age) if isinstance(found, Present) else timedelta()
                self._known[key] = (asked_at - age, found)
            return found

    def _fresh(self, key: tuple[int, int]) -> Present | Gone | None:
        at, found = self._known.get(key, (None, None))
        return found if at is not None and timedelta() <= self._now() - at < FRESH else None
