"""One interaction, one effect: Discord may deliver an interaction twice, to one process or to two. A program that heard
no answer may ask again, too, with the key that it gave.

A face says which interaction, or which key, a task serves (`begin`). The use-case's own transaction takes it (`claim`),
so effect and claim are committed together or not at all. Whoever comes second gets `Repeated`, and nothing is changed.
Of a key it is kept what was made, so that whoever asks again gets that; the answer itself is kept where that works out.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete
from sqlmodel import SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.database import Database, insert_missing
from core.data.tables import InteractionRow, RequestKeyRow
from core.data.writers import waited_for

REMEMBERED = timedelta(hours=1)
"""Discord takes no answer to an interaction after 15 minutes, so none can arrive with an effect much later."""
KEYS_REMEMBERED = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Key:
    """Chosen by a program of `user`. `digest`: SHA-256 of what it asks for: it is not used for anything else."""

    user: int
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Done:
    """What a key had as its effect. `made`: the id of it. `answer` None: it was not kept."""

    digest: str
    made: str
    answer: str | None


_FORGET = delete(InteractionRow).where(col(InteractionRow.at) < bindparam("before"))
_FORGET_KEYS = delete(RequestKeyRow).where(col(RequestKeyRow.at) < bindparam("before"))
_current: ContextVar[int | Key | None] = ContextVar("interaction", default=None)


class Repeated(Exception):
    """This interaction had its effect already. Whoever made that effect answers."""


def begin(interaction: int | Key) -> None:
    """From now on this task serves this interaction. It may call one use-case that changes something."""
    _current.set(interaction)
    waited_for()


async def claim(session: AsyncSession, now: datetime) -> None:
    """Take the interaction of this task, if it serves one, for the transaction of `session`. Raises Repeated."""
    match _current.get():
        case None:
            return
        case Key() as key:
            forget, before, name = _FORGET_KEYS, now - KEYS_REMEMBERED, key.key
            row: SQLModel = RequestKeyRow(user=key.user, key=key.key, digest=key.digest, at=now)
        case number:
            forget, before, name = _FORGET, now - REMEMBERED, str(number)
            row = InteractionRow(id=number, at=now)
    await (await session.connection()).execute(forget, {"before": before})
    if not await insert_missing(session, row):
        raise Repeated(name)


async def made(session: AsyncSession, what: str) -> None:
    """In the transaction that made it: whoever asks again with the same key, if this task has one, gets this."""
    if isinstance(key := _current.get(), Key):
        row = await session.get(RequestKeyRow, (key.user, key.key))
        if row is not None:
            row.made = what
            session.add(row)


async def release(session: AsyncSession) -> None:
    """What was asked for is not done yet, and the key of this task, if it has one, can be used again for it."""
    if isinstance(key := _current.get(), Key):
        theirs = (col(RequestKeyRow.user) == key.user, col(RequestKeyRow.key) == key.key)
        await (await session.connection()).execute(delete(RequestKeyRow).where(*theirs))


class Keys:
    """What had its effect by a key, within KEYS_REMEMBERED."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, key: Key) -> Done | None:
        """Whatever was asked for with it: its `digest` says whether that is the same."""
        async with self._database.session() as session:
            row = await session.get(RequestKeyRow, (key.user, key.key))
        return Done(row.digest, row.made, row.answer) if row is not None else None

    async def keep(self, key: Key, answer: str) -> None:
        async with self._database.begin() as session:
            row = await session.get(RequestKeyRow, (key.user, key.key))
            if row is not None and row.digest == key.digest:
                row.answer = answer
                session.add(row)
