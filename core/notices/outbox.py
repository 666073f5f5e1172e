"""The outbox: one row is one message. What it says is decided when it is sent; `revision` says that it says more now.

A sender claims a due row, commits `first_tried_at` before the first try (so that whoever comes after a crash looks
back in the channel first), then reports `sent`, `retry`, `dead` or `dropped`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import trace
from core.data.database import Database
from core.data.tables import NoticeRow, ServerRow
from core.words import NoticeKind

LONGEST_RETRY = timedelta(seconds=30)


async def say(
    session: AsyncSession,
    row: ServerRow,
    kind: NoticeKind,
    data: Mapping[str, Any],
    now: datetime,
    *,
    episode: int | None = None,
    only_if_open: bool = False,
) -> None:
    """Put a message in the outbox, or give the episode's message something new to say.

    `only_if_open`: edit what exists, never start a message.
    """
    number = row.episode if episode is None else episode
    found = (
        await session.exec(
            select(NoticeRow)
            .where(NoticeRow.server == row.id, NoticeRow.kind == kind, NoticeRow.episode == number)
            .with_for_update()
        )
    ).first()
    if found is None:
        if not only_if_open:
            session.add(
                NoticeRow(
                    guild=row.guild,
                    server=row.id,
                    kind=kind,
                    episode=number,
                    data=dict(data),
                    trace=trace.current(),
                    next_at=now,
                    created_at=now,
                )
            )
        return
    found.data = {**found.data, **data}
    found.revision += 1
    found.next_at = now
    if found.state != "dead" and not (only_if_open and found.state == "dropped"):
        found.state = "pending"
    session.add(found)


class Outbox:
    """The sender's side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due_keys(self, now: datetime, limit: int = 500) -> list[str]:
        """Whose notices are due: server ids, and guild ids where a notice is about no server. Longest waiting first."""
        async with self._database.session() as session:
            found = await session.exec(
                select(NoticeRow.server, NoticeRow.guild)
                .where(NoticeRow.state == "pending", NoticeRow.next_at <= now)
                .order_by(col(NoticeRow.next_at), col(NoticeRow.id))
                .limit(limit)
            )
            return list(dict.fromkeys(server or str(guild) for server, guild in found))

    async def due(self, now: datetime, key: str, limit: int = 20) -> list[NoticeRow]:
        """What one server or guild has to say now, in the order in which it happened."""
        query = select(NoticeRow).where(NoticeRow.state == "pending", NoticeRow.next_at <= now)
        if key.isdigit():
            query = query.where(NoticeRow.guild == int(key), col(NoticeRow.server).is_(None))
        else:
            query = query.where(NoticeRow.server == key)
        async with self._database.session() as session:
            return list(await session.exec(query.order_by(col(NoticeRow.id)).limit(limit)))

    async def backlog(self) -> tuple[int, datetime | None]:
        """How many notices wait, and since when the oldest does."""
        async with self._database.session() as session:
            query = select(func.count(), func.min(NoticeRow.created_at)).where(NoticeRow.state == "pending")
            count, oldest = (await session.exec(query)).one()
            return int(count), oldest

    async def trying(self, number: int, channel: int, now: datetime) -> datetime | None:
        """Commit that a send is about to happen; the time of an earlier first try, if there was one."""
        async with self._database.begin() as session:
            row = await session.get(NoticeRow, number, with_for_update=True)
            if row is None:
                return None
            earlier = row.first_tried_at if row.channel in (None, channel) else None
            row.first_tried_at = earlier or now
            row.channel = channel
            session.add(row)
            return earlier

    async def sent(self, number: int, message: int, revision: int, now: datetime) -> None:
        """The message shows `revision` now. The first delivery of a warning starts its full warning time."""
        async with self._database.begin() as session:
            row, server = await _locked(session, number)
            if row is None:
                return
            row.message = message
            row.sent_revision = max(row.sent_revision, revision)
            row.state = "sent" if row.sent_revision >= row.revision else "pending"
            row.attempts = 0
            first = row.sent_at is None
            row.sent_at = row.sent_at or now
            session.add(row)
            if first and row.kind == NoticeKind.IDLE:
                _warning(session, server, row, delivered=now)

    async def drop(self, number: int, revision: int) -> None:
        """There is nothing left to say (a stale warning)."""
        async with self._database.begin() as session:
            row = await session.get(NoticeRow, number, with_for_update=True)
            if row is not None and row.revision == revision:
                row.state = "sent" if row.message else "dropped"
                row.sent_revision = revision
                session.add(row)

    async def address(self, number: int, people: Collection[int]) -> None:
        """One message becomes one for each of these people (`data["to"]`), to go out by direct message."""
        async with self._database.begin() as session:
            row = await session.get(NoticeRow, number, with_for_update=True)
            if row is None or "to" in row.data or not people:
                return
            first, *others = people
            told = row.data
            row.data = {**told, "to": first}
            session.add(row)
            for each in others:
                copied = row.model_dump(include={"guild", "kind", "trace", "next_at", "created_at"})
                session.add(NoticeRow(**copied, data={**told, "to": each}))

    async def retry(self, number: int, now: datetime, *, at_least: float = 0.0) -> None:
        """After a growing time, but not within `at_least` seconds."""
        async with self._database.begin() as session:
            row = await session.get(NoticeRow, number, with_for_update=True)
            if row is not None:
                row.attempts += 1
                growing = min(timedelta(seconds=2 ** min(row.attempts, 9)), LONGEST_RETRY)
                row.next_at = now + max(growing, timedelta(seconds=at_least))
                session.add(row)

    async def dead(self, number: int, now: datetime, *, last: bool) -> None:
        """This destination can never take it: go to the next one, or give up if it was the `last`."""
        async with self._database.begin() as session:
            row, server = await _locked(session, number)
            if row is None:
                return
            row.channel = row.message = row.first_tried_at = None
            row.destination += 1
            row.next_at = now
            row.attempts = 0
            if last:
                row.state = "dead"
                if row.kind == NoticeKind.IDLE:
                    _warning(session, server, row, delivered=None)
            session.add(row)


async def _locked(session: AsyncSession, number: int) -> tuple[NoticeRow | None, ServerRow | None]:
    """A notice and its server, locked in the order in which everybody locks them: the server first."""
    found = await session.get(NoticeRow, number)
    if found is None:
        return None, None
    server = await session.get(ServerRow, found.server, with_for_update=True) if found.server else None
    return await session.get(NoticeRow, number, with_for_update=True, populate_existing=True), server


def _warning(session: AsyncSession, server: ServerRow | None, notice: NoticeRow, *, delivered: datetime | None) -> None:
    if server is None or server.episode != notice.episode or server.warned_at is None:
        return
    if delivered is None:
        server.warning_dead = True
    else:
        server.warning_delivered_at = delivered
    session.add(server)
