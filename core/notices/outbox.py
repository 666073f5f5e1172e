"""The outbox: one row is one message. What it says is decided when it is sent; `revision` says that it says more now.

A sender claims a due row, commits `first_tried_at` before the first try (so that whoever comes after a crash looks
back in the channel first), then reports `sent`, `retry`, `dead` or `dropped`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import trace
from core.data.database import Database
from core.data.tables import NoticeRow, ServerRow
from core.words import NoticeKind

LONGEST_RETRY = timedelta(minutes=5)


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
            select(NoticeRow).where(NoticeRow.server == row.id, NoticeRow.kind == kind, NoticeRow.episode == number)
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
    if found.state == "sent":
        found.state = "pending"
    session.add(found)


class Outbox:
    """The sender's side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: datetime, limit: int = 20) -> list[NoticeRow]:
        async with self._database.session() as session:
            found = await session.exec(
                select(NoticeRow)
                .where(NoticeRow.state == "pending", NoticeRow.next_at <= now)
                .order_by(col(NoticeRow.next_at), col(NoticeRow.id))
                .limit(limit)
            )
            return list(found)

    async def next_due(self) -> datetime | None:
        async with self._database.session() as session:
            return (
                await session.exec(
                    select(NoticeRow.next_at)
                    .where(NoticeRow.state == "pending")
                    .order_by(col(NoticeRow.next_at))
                    .limit(1)
                )
            ).first()

    async def trying(self, number: int, channel: int, now: datetime) -> datetime | None:
        """Commit that a send is about to happen; the time of an earlier first try, if there was one."""
        async with self._database.begin() as session:
            row = await session.get(NoticeRow, number, with_for_update=True)
            if row is None:
                return None
            earlier = row.first_tried_at if row.channel in (None, channel) else None
            row.first_tried_at = earlier or now
            row.channel = channel
            row.attempts += 1
            session.add(row)
            return earlier

    async def sent(self, number: int, message: int, revision: int, now: datetime) -> None:
        """The message shows `revision` now. The first delivery of a warning starts its full warning time."""
        async with self._database.begin() as session:
            row = await session.get(NoticeRow, number, with_for_update=True)
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
                await _warning(session, row, delivered=now)

    async def drop(self, number: int, revision: int) -> None:
        """There is nothing left to say (a stale warning)."""
        async with self._database.begin() as session:
            row = await session.get(NoticeRow, number, with_for_update=True)
            if row is not None and row.revision == revision:
                row.state = "sent" if row.message else "dropped"
                row.sent_revision = revision
                session.add(row)

    async def retry(self, number: int, now: datetime) -> None:
        async with self._database.begin() as session:
            row = await session.get(NoticeRow, number, with_for_update=True)
            if row is not None:
                row.next_at = now + min(timedelta(seconds=2 ** min(row.attempts, 9)), LONGEST_RETRY)
                session.add(row)

    async def dead(self, number: int, now: datetime, *, last: bool) -> None:
        """This destination can never take it: go to the next one, or give up if it was the `last`."""
        async with self._database.begin() as session:
            row = await session.get(NoticeRow, number, with_for_update=True)
            if row is None:
                return
            row.channel = row.message = row.first_tried_at = None
            row.destination += 1
            row.next_at = now
            row.attempts = 0
            if last:
                row.state = "dead"
                if row.kind == NoticeKind.IDLE:
                    await _warning(session, row, delivered=None)
            session.add(row)


async def _warning(session: AsyncSession, notice: NoticeRow, *, delivered: datetime | None) -> None:
    server = await session.get(ServerRow, notice.server, with_for_update=True)
    if server is None or server.episode != notice.episode or server.warned_at is None:
        return
    if delivered is None:
        server.warning_dead = True
    else:
        server.warning_delivered_at = delivered
    session.add(server)
