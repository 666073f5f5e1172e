"""The bot is removed from a guild, or invited back: what the servers do then (core.guilds.absence), and who is told.

`GuildRow.left_at` is the fact; everything else follows from it, again and again, so it may stop on any line: whoever
hears of it acts at once, and `settle` does by the clock what nobody did. While it is set, no card and no notice of that
guild goes out (core.servers.cards, core.notices.outbox).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import structlog
from sqlmodel import col, or_, select

from core.data.database import insert_missing
from core.data.tables import GuildRow, ServerRow
from core.errors import Refusal
from core.guilds.absence import PURGED_AFTER, Step, next_step
from core.notices.events import record
from core.notices.kinds.events import ArchiveAsked, GuildJoined, GuildLeft, Paused
from core.servers.parts import ServerParts
from core.servers.settled import settle
from core.words import Because, Desired

log = structlog.get_logger()
EVERY = timedelta(minutes=1)


class Departures:
    def __init__(self, parts: ServerParts) -> None:
        self._database = parts.database
        self._changes = parts.changes
        self._transitions = parts.transitions
        self._events = parts.events
        self._now = parts.now
        self._keeps_worlds = parts.rules.keeps_worlds

    async def not_among(self, guilds: Collection[int]) -> list[int]:
        """Guilds that the bot was in, as far as the rows tell, and that are not among these."""
        async with self._database.session() as session:
            known = await session.exec(select(GuildRow.id).where(col(GuildRow.left_at).is_(None)))
            return sorted(set(known) - set(guilds))

    async def left(self, guild: int) -> None:
        """The bot was removed there: its servers pause at once. Not for an outage. May be repeated."""
        async with self._database.begin() as session:
            await insert_missing(session, GuildRow(id=guild))
            row = await session.get_one(GuildRow, guild, with_for_update=True)
            if row.left_at is None:
                row.left_at = self._now()
                session.add(row)
                record(session, GuildLeft(), row.left_at, guild=guild)
                log.info("guild left", guild=guild)
        await self._settle(guild)

    async def joined(self, guild: int) -> None:
        """The bot is in the guild: all is as it was. May be repeated."""
        async with self._database.session() as session:
            found = await session.get(GuildRow, guild)
            if found is None or found.left_at is None:
                return
        async with self._database.begin() as session:
            row = await session.get_one(GuildRow, guild, with_for_update=True)
            if row.left_at is None:
                return
            now = self._now()
            if now >= row.left_at + PURGED_AFTER:
                row.greeted_at = None  # nothing is left of the first time: who invites it now is new here
            row.left_at = None
            session.add(row)
            record(session, GuildJoined(), now, guild=guild)
            log.info("guild joined again", guild=guild)
        await self._settle(guild)
        # What changed meanwhile was shown nowhere.
        async with self._database.session() as session:
            servers = list(await session.exec(select(ServerRow.id).where(ServerRow.guild == guild)))
        for server in ("", *servers):
            self._changes.tell(server)

    async def settle(self) -> None:
        """Do what is due in every guild."""
        await self._settle(None)

    async def _settle(self, guild: int | None) -> None:
        for server in await self._due(guild):
            try:
                await self._carry_out(server)
            except Refusal as not_now:  # maintenance, a block, a licence
                log.info("not now", server=server, why=not_now.message)

    async def _due(self, guild: int | None) -> list[str]:
        query = (
            select(ServerRow, GuildRow)
            .outerjoin(GuildRow, col(GuildRow.id) == col(ServerRow.guild))
            .where(
                col(ServerRow.desired) != Desired.DELETED,
                or_(col(GuildRow.left_at).is_not(None), col(ServerRow.because) == Because.GUILD_GONE),
            )
            .order_by(col(ServerRow.id))
        )
        if guild is not None:
            query = query.where(ServerRow.guild == guild)
        async with self._database.session() as session:
            return [row.id for row, its_guild in await session.exec(query) if self._step(row, its_guild) is not None]

    async def _carry_out(self, server: str) -> None:
        """One step of one server, decided while its row is locked."""
        async with self._database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is None:
                return
            settle(row, self._now())
            now, step = self._now(), self._step(row, await session.get(GuildRow, row.guild))
            match step:
                case None:
                    return
                case Step.PAUSE:
                    await self._transitions.stop(session, row, Paused(Because.GUILD_GONE))
                case Step.ARCHIVE:
                    row.desired = Desired.ARCHIVED
                    await self._events.tell(session, row, ArchiveAsked(Because.GUILD_GONE))
                case Step.PURGE:
                    await self._transitions.delete(session, row, because=Because.GUILD_GONE, by=None, purge_at=now)
                case Step.START:
                    await self._transitions.start(session, row, by=None)
            row.changed_at = now
            session.add(row)
        log.info("guild gone" if step is not Step.START else "guild back", server=server, step=step.value)
        self._changes.tell(server)

    def _step(self, row: ServerRow, guild: GuildRow | None) -> Step | None:
        left_at = guild.left_at if guild else None
        desired, because = Desired(row.desired), Because(row.because)
        return next_step(desired, because, left_at, self._now(), keeps_worlds=self._keeps_worlds)
