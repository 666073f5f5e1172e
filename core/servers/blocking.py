"""Blocking a guild: what runs there is paused, and nothing starts there any more; its worlds stay.

`GuildRow.blocked_at` is the fact, read in the transaction of every start (core.servers.blocked). What runs
nevertheless, because it was started in that moment or the block was typed at a shell, `settle` pauses by the clock.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlmodel import col, select

from core.data.tables import GuildRow, ServerRow
from core.errors import Refusal
from core.notices import outbox
from core.notices.events import record
from core.notices.kinds.events import GuildBlocked, GuildUnblocked, Paused
from core.notices.kinds.notices import BlockedNotice, BlockOver
from core.servers.parts import ServerParts
from core.servers.settled import settle
from core.words import Because, Desired

log = structlog.get_logger()
EVERY = timedelta(seconds=15)


class Blocking:
    def __init__(self, parts: ServerParts) -> None:
        self._database = parts.database
        self._changes = parts.changes
        self._transitions = parts.transitions
        self._now = parts.now

    async def block(self, guild: int, words: str, *, by: int | None) -> bool:
        """False where it is blocked with these words already; other words take the place of those before. The guild is
        told in one message. `settle` pauses what runs. Refusal where the bot never was in that guild."""
        async with self._database.begin() as session:
            row = await session.get(GuildRow, guild, with_for_update=True)
            if row is None:
                raise Refusal("operator.no_guild", number=guild)
            if row.blocked_at is not None and row.blocked_words == words:
                return False
            now, again = self._now(), row.blocked_at is not None
            row.blocked_at, row.blocked_words = row.blocked_at or now, words
            session.add(row)
            record(session, GuildBlocked(words, by), now, guild=guild)
            notice = BlockedNotice(await outbox.a_channel(session, guild), words)
            if not (again and await outbox.change_of_guild(session, guild, notice, now)):
                outbox.say_to_guild(session, guild, notice, now)
        log.info("guild blocked", guild=guild, by=by)
        self._changes.tell("")
        return True

    async def unblock(self, guild: int, *, by: int | None) -> bool:
        """False where it is not blocked. Its servers stay paused until somebody resumes them."""
        async with self._database.begin() as session:
            row = await session.get(GuildRow, guild, with_for_update=True)
            if row is None:
                raise Refusal("operator.no_guild", number=guild)
            if row.blocked_at is None:
                return False
            row.blocked_at, row.blocked_words = None, ""
            session.add(row)
            record(session, GuildUnblocked(by), self._now(), guild=guild)
            notice = BlockOver(await outbox.a_channel(session, guild))
            await outbox.change_of_guild(session, guild, notice, self._now())
        log.info("guild unblocked", guild=guild, by=by)
        self._changes.tell("")
        return True

    async def settle(self) -> int:
        """Pause what runs in guilds that are blocked; how many servers those were. May stop on any line."""
        async with self._database.session() as session:
            running = (
                select(ServerRow.id)
                .join(GuildRow, col(GuildRow.id) == ServerRow.guild)
                .where(col(GuildRow.blocked_at).is_not(None), ServerRow.desired == Desired.RUNNING)
            )
            found = list(await session.exec(running))
        paused = 0
        for server in found:
            paused += await self._pause(server)
        return paused

    async def _pause(self, server: str) -> bool:
        async with self._database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            guild = await session.get(GuildRow, row.guild) if row else None
            if row is None or row.desired != Desired.RUNNING or guild is None or guild.blocked_at is None:
                return False
            settle(row, self._now())
            event = Paused(Because.OPERATOR, words=guild.blocked_words, told=True)
            await self._transitions.stop(session, row, event)
            row.changed_at = self._now()
            session.add(row)
        self._changes.tell(server)
        log.info("paused", server=server, because="guild blocked")
        return True
