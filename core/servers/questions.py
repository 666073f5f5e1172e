"""What somebody asked of a server whose game's licence they have to accept first: kept, so that it goes on by itself
(`core.servers.going_on`). What is to be created is kept by `core.servers.create`, in the same table."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, delete

from core.data.database import Database
from core.data.tables import QuestionRow
from core.errors import LicenceNeeded, Refusal
from core.guilds.access import Actor

KEPT = timedelta(days=1)
"""So long can a question be answered."""
OVER = "licence.over"


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
        """What was asked for; nobody else can take it. None: it was taken already. Refusal where there is none."""
        async with self._database.begin() as session:
            row = await session.get(QuestionRow, question, with_for_update=True)
            theirs = row is not None and (row.user, row.guild, row.server) == (actor.user, actor.guild, server)
            if row is None or not theirs or row.at < self._now() - KEPT:
                raise Refusal(OVER)
            wanted, row.wanted = row.wanted, {}
            session.add(row)
        return Wish(wanted["do"], wanted["given"], row.mark) if "do" in wanted else None

    async def forget_old(self) -> None:
        """Those that nobody can answer any more: they hold what was asked for, addresses among it."""
        async with self._database.begin() as session:
            await session.exec(too_old(self._now()))

    async def put_back(self, question: str, wish: Wish) -> None:
        """It was not done, and can be asked for again."""
        async with self._database.begin() as session:
            row = await session.get(QuestionRow, question, with_for_update=True)
            if row is not None:
                row.wanted = {"do": wish.do, "given": wish.given}
                session.add(row)

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


def too_old(now: datetime) -> Any:
    """The statement that deletes the questions that nobody can answer any more."""
    return delete(QuestionRow).where(col(QuestionRow.at) < now - KEPT)
