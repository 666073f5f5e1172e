"""What somebody's linked identity is worth in a guild, by that guild's rules.

Most guilds have none of these: which do is read for all at once, every LIFE seconds, and only there it is looked up who
asks. So two processes agree on a changed rule after that time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast
from sqlmodel import col, or_, select

from core.accounts.identities import granted
from core.data.database import Database
from core.data.tables import GuildRow, IdentityRow
from core.guilds.access import Standing

LIFE = 20.0  # seconds
NOBODY = Standing()


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    admins: frozenset[str]
    creators: frozenset[str]


class Standings:
    """`clock` tells seconds."""

    def __init__(
        self, database: Database, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._now = now
        self._clock = clock
        self._rules: Mapping[int, _Elsewhere] = {}
        self._until: float | None = None
        self._reading = asyncio.Lock()
        self._forgotten = 0

    async def of(self, guild: int, user: int) -> Standing:
        if (rules := (await self._known()).get(guild)) is None:
            return NOBODY
        async with self._database.session() as session:
            row = (await session.exec(select(IdentityRow).where(IdentityRow.user == user))).first()
        if row is None:
            return NOBODY
        grants = granted(row, self._now())
        return Standing(True, bool(grants & rules.admins), bool(grants & rules.creators))

    def forget(self) -> None:
        """A guild changed its rules."""
        self._forgotten += 1
        self._until = None

    async def _known(self) -> Mapping[int, _Elsewhere]:
        if self._until is None or self._clock() >= self._until:
            async with self._reading:
                if self._until is None or self._clock() >= self._until:
                    await self._read()
        return self._rules

    async def _read(self) -> None:
        forgotten = self._forgotten
        named = [cast(col(each), String) != "[]" for each in (GuildRow.entra_admin, GuildRow.entra_create)]
        query = select(GuildRow.id, GuildRow.entra_admin, GuildRow.entra_create)
        async with self._database.session() as session:
            found = await session.exec(query.where(or_(col(GuildRow.link_to_create), *named)))
            self._rules = {
                guild: _Elsewhere(frozenset(admins), frozenset(creators)) for guild, admins, creators in found
            }
        if forgotten == self._forgotten:  # else it may be from before the change
            self._until = self._clock() + LIFE
