"""What is kept of who played (core.activity), where a server's row changes: in its transaction."""

from __future__ import annotations

from sqlmodel import col, delete, update
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import BucketRow, PlaySessionRow, ServerRow


async def end_sessions(session: AsyncSession, row: ServerRow) -> None:
    """The game is to end: who plays does so until the last look, as far as anybody knows. Before the row forgets when
    that was."""
    ended = row.known_at if row.known_at is not None else PlaySessionRow.began
    still = (col(PlaySessionRow.server) == row.id, col(PlaySessionRow.ended).is_(None))
    await session.exec(update(PlaySessionRow).where(*still).values(ended=ended))


async def forget(session: AsyncSession, server: str) -> None:
    """The server is gone for good."""
    await session.exec(delete(PlaySessionRow).where(col(PlaySessionRow.server) == server))
    await session.exec(delete(BucketRow).where(col(BucketRow.server) == server))
