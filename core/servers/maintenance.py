"""Maintenance: while the operator has it on, nobody can start a server. Servers that run go on; idle ones are paused.

It is one row of `meta`, read in the transaction that would start a server, so it holds for every process.
"""

from __future__ import annotations

from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.database import insert_missing
from core.data.tables import MetaRow
from core.errors import TryAgain

KEY = "maintenance"


async def said(session: AsyncSession) -> str | None:
    """The operator's words to members, "" where there are none; None while there is no maintenance."""
    row = await session.get(MetaRow, KEY)
    return None if row is None else row.value


async def refuse(session: AsyncSession) -> None:
    """Raises TryAgain while maintenance is on."""
    words = await said(session)
    if words:
        raise TryAgain("host.maintenance_because", words=words)
    if words is not None:
        raise TryAgain("host.maintenance")


async def turn(session: AsyncSession, words: str | None) -> None:
    """Turn it on with these words, or off with None. Both may be repeated."""
    if words is not None:
        await insert_missing(session, MetaRow(key=KEY, value=words), update=("value",))
    elif (row := await session.get(MetaRow, KEY)) is not None:
        await session.delete(row)
