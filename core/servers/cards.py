"""Where each server's card is, and what it shows: the announcer's memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import col, select

from core.data.database import Database
from core.data.tables import CardRow, ServerRow
from core.servers.desk import Desk
from core.servers.views import ServerView


@dataclass(frozen=True, slots=True)
class CardPlace:
    """`number` is the component id of the card's container (odd; notices have even ones)."""

    server: str
    number: int
    channel: int | None
    message: int | None
    posts: int
    shown: str


class Cards:
    def __init__(self, database: Database, desk: Desk) -> None:
        self._database = database
        self._desk = desk

    async def stale(self) -> list[str]:
        """Servers that changed since their card was last brought up to date, newest change first."""
        async with self._database.session() as session:
            query = (
                select(CardRow.server)
                .join(ServerRow, col(ServerRow.id) == col(CardRow.server))
                .where(or_(col(CardRow.shown_at).is_(None), col(ServerRow.changed_at) > col(CardRow.shown_at)))
                .order_by(col(ServerRow.changed_at).desc())
            )
            return list(await session.exec(query))

    async def unchanged(self, server: str) -> None:
        """The card shows what is true now, as far as `stale` is concerned."""
        async with self._database.begin() as session:
            row = await self._row(session, server)
            if row is not None:
                row.shown_at = self._desk.now()
                session.add(row)

    async def get(self, server: str) -> tuple[CardPlace, ServerView, str] | None:
        """Place, state now, and the language of the guild's channel."""
        async with self._database.session() as session:
            row, place = await self._desk.load(session, server), await self._row(session, server)
            if row is None or place is None:
                return None
            guild = (await self._desk.around(session, row)).guild
            language = guild.language if guild and guild.language else "en"
            return _place(place), await self._desk.view(session, row), language

    async def view(self, server: str) -> ServerView | None:
        async with self._database.session() as session:
            row = await self._desk.load(session, server)
            return await self._desk.view(session, row) if row else None

    async def place(self, server: str) -> CardPlace | None:
        async with self._database.session() as session:
            row = await self._row(session, server)
            return _place(row) if row else None

    async def owner(self, server: str) -> int | None:
        async with self._database.session() as session:
            row = await session.get(ServerRow, server)
            return row.owner if row else None

    async def posting(self, server: str, channel: int, now: datetime) -> datetime | None:
        """Commit that a message is about to be posted; the time of an earlier try that was not concluded."""
        async with self._database.begin() as session:
            row = await self._row(session, server)
            if row is None:
                return None
            earlier = row.posting_at if row.channel == channel else None
            row.posting_at, row.channel, row.message = earlier or now, channel, None
            session.add(row)
            return earlier

    async def shown(self, server: str, channel: int, message: int, digest: str) -> None:
        async with self._database.begin() as session:
            row = await self._row(session, server)
            if row is None:
                return
            row.channel, row.message, row.shown, row.posting_at, row.broken = channel, message, digest, None, ""
            row.shown_at = self._desk.now()
            session.add(row)

    async def lost(self, server: str) -> CardPlace:
        """Somebody deleted the message: the next one is a new post with a nonce of its own."""
        async with self._database.begin() as session:
            row = await self._row(session, server)
            assert row is not None
            row.message, row.shown, row.posting_at = None, "", None
            row.posts += 1
            session.add(row)
            return _place(row)

    async def broken(self, server: str, why: str) -> None:
        async with self._database.begin() as session:
            row = await self._row(session, server)
            if row is not None:
                row.broken = why
                session.add(row)

    async def _row(self, session: object, server: str) -> CardRow | None:
        return (await session.exec(select(CardRow).where(CardRow.server == server))).first()  # type: ignore[attr-defined,no-any-return]


def _place(row: CardRow) -> CardPlace:
    return CardPlace(
        server=row.server,
        number=(row.id or 0) * 2 + 1,
        channel=row.channel,
        message=row.message,
        posts=row.posts,
        shown=row.shown,
    )
