"""One interaction, one effect: Discord may deliver an interaction twice, to one process or to two.

A face says which interaction a task serves (`begin`). The use-case's own transaction takes it (`claim`), so effect and
claim are committed together or not at all. Whoever comes second gets `Repeated`, and nothing is changed.
"""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.database import insert_missing
from core.data.tables import InteractionRow
from core.data.writers import waited_for

REMEMBERED = timedelta(hours=1)
"""Discord takes no answer to an interaction after 15 minutes, so none can arrive with an effect much later."""

_FORGET = delete(InteractionRow).where(col(InteractionRow.at) < bindparam("before"))
_current: ContextVar[int | None] = ContextVar("interaction", default=None)


class Repeated(Exception):
    """This interaction had its effect already. Whoever made that effect answers."""


def begin(interaction: int) -> None:
    """From now on this task serves this interaction. It may call one use-case that changes something."""
    _current.set(interaction)
    waited_for()


async def claim(session: AsyncSession, now: datetime) -> None:
    """Take the interaction of this task, if it serves one, for the transaction of `session`. Raises Repeated."""
    number = _current.get()
    if number is None:
        return
    connection = await session.connection()
    await connection.execute(_FORGET, {"before": now - REMEMBERED})
    if not await insert_missing(session, InteractionRow(id=number, at=now)):
        raise Repeated(str(number))
