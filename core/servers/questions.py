"""What somebody asked of a server whose game's licence they have to accept first: kept, so that it goes on by itself
(`core.servers.going_on`). What is to be created is kept by `core.servers.create`, in the same table."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.database import Database
from core.data.tables import QuestionRow
from core.errors import LicenceNeeded, Refusal
from core.guilds.access import Actor

KEPT = timedelta(days=1)
"""So long can a question be answered."""
OVER = "licence.over"

_current: ContextVar[str | None] = ContextVar("question", default=None)


class Answered(Exception):
    """What this question was about is done. Whoever did it tells."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`do`: one of `core.servers.going_on`. `mark`: of the licence's text that was shown."""

    do: str
    given: dict[str, Any]
    mark: str


class Questions:
    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @asynccontextmanager
    async def keeping(self, actor: Actor, do: str, **given: Any) -> AsyncIterator[None]:
        """Where a licence stands in the way inside, what was asked for is kept: LicenceNeeded has its question."""
        try:
            yield
        except LicenceNeeded as needed:
            if not needed.question and not needed.then:
                needed.question = await self._keep(actor, needed, {"do": do, "given": given})
            raise

    async def take(self, actor: Actor, server: str, question: str) -> Wish | None:
        """What was asked for, which only they are told. It stays until it is done (`answer`), so nothing is lost with a
        process that dies. None: it is done. Refusal where there is none."""
        async with self._database.session() as session:
            row = await session.get(QuestionRow, question)
            theirs = row is not None and (row.user, row.guild, row.server) == (actor.user, actor.guild, server)
            if row is None or not theirs or row.at < self._now() - KEPT:
                raise Refusal(OVER)
        return Wish(row.wanted["do"], row.wanted["given"], row.mark) if "do" in row.wanted else None

    async def forget_old(self) -> None:
        """Those that nobody can answer any more: they hold what was asked for, addresses among it."""
        async with self._database.begin() as session:
            await session.exec(too_old(self._now()))

    async def _keep(self, actor: Actor, needed: LicenceNeeded, wanted: dict[str, Any]) -> str:
        now = self._now()
        row = QuestionRow(
            id=secrets.token_hex(8),
            guild=actor.guild,
            user=actor.user,
            mark=needed.mark,
            wanted=wanted,
            server=needed.server,
            at=now,
        )
        number = row.id
        async with self._database.begin() as session:
            await session.exec(too_old(now))
            session.add(row)
        return number


@contextmanager
def answering(question: str) -> Iterator[None]:
    """What this task does meanwhile is what the question asks for."""
    before = _current.set(question)
    try:
        yield
    finally:
        _current.reset(before)


async def answer(session: AsyncSession) -> None:
    """The transaction of `session` does what the question of this task asks for, if it answers one: both are committed
    together or not at all. Raises Answered where another one did it meanwhile."""
    if (question := _current.get()) is None:
        return
    row = await session.get(QuestionRow, question, with_for_update=True, populate_existing=True)
    if row is None:
        return  # it grew too old while this was at work
    if not row.wanted:
        raise Answered(question)
    row.wanted = {}
    session.add(row)


def too_old(now: datetime) -> Any:
    """The statement that deletes the questions that nobody can answer any more."""
    return delete(QuestionRow).where(col(QuestionRow.at) < now - KEPT)
