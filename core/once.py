"""One interaction, one effect: Discord may deliver an interaction twice, to one process or to two.

A face says which interaction a task serves (`begin`); the use-case's own transaction takes it (`claim`), so that
effect and claim are kept together or not at all. Who comes second gets `Repeated`, and nothing was changed.
"""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.database import insert_missing
from core.data.tables import InteractionRow

REMEMBERED = timedelta(hours=1)
"""Discord takes no answer to an interaction after 15 minutes, so none can arrive with an effect much later."""

_current: ContextVar[int | None] = ContextVar("interaction", default=None)


class Repeated(Exception):
    """This interaction had its effect already, and whoever had it answers."""


def begin(interaction: int) -> None:
    """What this task does from now on serves this interaction; it may change things in one use-case."""
    _current.set(interaction)


async def claim(session: AsyncSession, now: datetime) -> None:
    """Take the interaction of this task, if it serves one, for the transaction of `session`. Raises Repeated."""
    number = _current.get()
    if number is None:
        return
    connection = await session.connection()
    await connection.execute(delete(InteractionRow).where(col(InteractionRow.at) < now - REMEMBERED))
    if not await insert_missing(session, InteractionRow(id=number, at=now)):
        raise Repeated(str(number))
