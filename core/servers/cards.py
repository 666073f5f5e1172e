"""Where each server's card is, and what it shows: the announcer's memory.

What a card shows is as old as the reading of the rows that it was made from, however long it took to get there. So
every note of it carries that time (`Reading.at`), and before an edit it is noted that nobody knows what will be there
(`editing`): whoever dies on the way looks again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.changes import Changes
from core.data.database import Database
from core.data.tables import CardRow, ServerRow
from core.errors import Refusal
from core.notices import destinations
from core.notices.destinations import Known
from core.notices.outbox import is_here
from core.servers.rows import ServerRows
from core.servers.views import ServerView, ServerViews
from core.text import DEFAULT
from core.words import Phase

COMMITTED_WITHIN = timedelta(minutes=1)
"""A change is stamped before it is committed: so long a reading may miss one that is stamped earlier."""


@dataclass(frozen=True, slots=True)
class CardPlace:
    """`number` is the component id of the card's container (odd; notices have even ones)."""

    server: str
    number: int
    channel: int | None
    message: int | None
    posts: int
    shown: str
    """Digest of what the message shows; empty where nobody knows."""
    doubted: bool
    """Somebody should look whether the message is still there."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A server and its card as they were at `at`. `language` is the channel's."""

    at: datetime
    place: CardPlace
    view: ServerView
    language: str
    channels: tuple[int, ...]
    """Where the card may stand, best first."""
    final: bool
    """The server is gone for good, and its card says so: it changes no more."""
    noted: bool
    """Nothing changed since what the card shows was true, and that is kept: there is nothing to note."""


class Cards:
    def __init__(
        self,
        database: Database,
        rows: ServerRows,
        views: ServerViews,
        changes: Changes,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._rows = rows
        self._views = views
        self._changes = changes
        self._now = now

    # reading

    async def get(self, server: str) -> Reading | None:
        """None where there is no card to be shown: also in a guild that the bot was removed from."""
        at = self._now()
        async with self._database.session() as session:
            row, card = await self._rows.load(session, server), await _row(session, server)
            if row is None or card is None:
                return None
            guild = (await self._rows.context(session, row)).guild
            if guild is not None and guild.left_at is not None:
                return None
            known = Known(
                server_channel=guild.server_channel if guild else None, card=card.channel, created_in=row.channel
            )
            said = card.shown_at is not None and at >= card.shown_at >= row.changed_at - COMMITTED_WITHIN
            return Reading(
                at=at,
                place=_place(card),
                view=await self._views.of(session, row),
                language=guild.language if guild and guild.language else DEFAULT,
                channels=tuple(destinations.of_card(known)),
                final=row.phase == Phase.DELETED and said and bool(card.shown),
                noted=card.shown_at is not None and at >= card.shown_at >= row.changed_at,
            )

    async def stale(self) -> list[str]:
        """Servers that changed since their card was last brought up to date, newest change first."""
        async with self._database.session() as session:
            query = (
                select(CardRow.server)
                .join(ServerRow, col(ServerRow.id) == col(CardRow.server))
                .where(
                    or_(
                        col(CardRow.shown_at).is_(None),
                        col(ServerRow.changed_at) > col(CardRow.shown_at),
                        col(CardRow.shown_at) > self._now(),  # written before the clock was set back
                    ),
                    is_here(ServerRow.guild),
                )
                .order_by(col(ServerRow.changed_at).desc())
            )
            return list(await session.exec(query))

    async def standing(self) -> list[str]:
        """Servers whose card may still change and is posted, or was taken by no channel: newest change first."""
        return await self._servers(_STANDING)

    async def doubted(self) -> list[str]:
        return await self._servers(_DOUBTED)

    async def broken_in(self, guilds: Collection[int]) -> list[str]:
        """Servers of these guilds whose card no channel took."""
        return await self._servers(_BROKEN.where(col(ServerRow.guild).in_(guilds)))

    async def view(self, server: str) -> ServerView | None:
        async with self._database.session() as session:
            row = await self._rows.load(session, server)
            return await self._views.of(session, row) if row else None

    async def place(self, server: str) -> CardPlace | None:
        async with self._database.session() as session:
            row = await _row(session, server)
            return _place(row) if row else None

    # noting

    async def doubt(self, server: str) -> None:
        """Somebody asks for this server: its card is looked at, and posted anew if it is gone."""
        with contextlib.suppress(Refusal):  # a database that takes nothing is no reason not to answer
            async with self._database.begin() as session:
                row = await _row(session, server)
                if row is not None and row.message is not None and row.shown_at is not None:
                    row.shown_at = None
                    session.add(row)
        self._changes.tell(server)

    async def unchanged(self, server: str, at: datetime) -> None:
        """The card shows what was true at `at`, if it is there."""
        async with self._database.begin() as session:
            row = await _row(session, server)
            if row is not None and row.shown_at is not None:
                row.shown_at = _stamp(at)
                session.add(row)

    async def editing(self, server: str) -> None:
        """Commit that the message is about to be edited: until `shown` nobody knows what it shows."""
        async with self._database.begin() as session:
            row = await _row(session, server)
            if row is not None and row.shown:
                row.shown = ""
                session.add(row)

    async def posting(self, server: str, channel: int, now: datetime) -> datetime | None:
        """Commit that a message is about to be posted; the time of an earlier try that was not concluded."""
        async with self._database.begin() as session:
            row = await _row(session, server)
            if row is None:
                return None
            earlier = row.posting_at if row.channel == channel else None
            row.posting_at, row.channel, row.message = earlier or now, channel, None
            session.add(row)
            return earlier

    async def shown(self, server: str, channel: int, message: int, digest: str, at: datetime) -> None:
        """The message shows what was true at `at`."""
        async with self._database.begin() as session:
            row = await _row(session, server)
            if row is None:
                return
            row.channel, row.message, row.shown, row.posting_at, row.broken = channel, message, digest, None, ""
            row.shown_at = _stamp(at)
            session.add(row)

    async def lost(self, server: str) -> CardPlace:
        """Somebody deleted the message: the next one is a new post with a nonce of its own."""
        async with self._database.begin() as session:
            row = await _row(session, server)
            assert row is not None
            row.message, row.shown, row.posting_at = None, "", None
            row.posts += 1
            session.add(row)
            return _place(row)

    async def broken(self, server: str, why: str, at: datetime) -> None:
        """No channel takes what was true at `at`. A doubt about the card is over: it is not there for people to see."""
        async with self._database.begin() as session:
            row = await _row(session, server)
            if row is not None:
                row.broken = why
                row.shown_at = row.shown_at or (_stamp(at) if row.message is not None else None)
                session.add(row)

    async def _servers(self, query: Any) -> list[str]:
        async with self._database.session() as session:
            return list(await session.exec(query))


# Made once: they are asked several times for each change of each server.
_CARDS = (
    select(CardRow.server)
    .join(ServerRow, col(ServerRow.id) == col(CardRow.server))
    .where(col(ServerRow.phase) != Phase.DELETED, is_here(ServerRow.guild))
    .order_by(col(ServerRow.changed_at).desc())
)
_STANDING = _CARDS.where(or_(col(CardRow.message).is_not(None), col(CardRow.broken) != ""))
_DOUBTED = _CARDS.where(col(CardRow.message).is_not(None), col(CardRow.shown_at).is_(None))
_BROKEN = _CARDS.where(col(CardRow.broken) != "")
_ROW = select(CardRow).where(CardRow.server == bindparam("server"))


async def _row(session: AsyncSession, server: str) -> CardRow | None:
    return (await session.exec(_ROW, params={"server": server})).first()


def _stamp(at: datetime) -> datetime:
    return at - COMMITTED_WITHIN


def _place(row: CardRow) -> CardPlace:
    return CardPlace(
        server=row.server,
        number=(row.id or 0) * 2 + 1,
        channel=row.channel,
        message=row.message,
        posts=row.posts,
        shown=row.shown,
        doubted=row.message is not None and row.shown_at is None,
    )
