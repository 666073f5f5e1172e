"""Which ports of the pool a server has. The database's constraint on `ports` is what keeps two servers apart: whoever
takes a port that somebody took in this moment gets an IntegrityError, and looks again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import EventRow, PortRow, ServerRow
from core.errors import LimitReached
from core.games.catalogue import Game
from core.notices.kinds.events import PortsMoved
from core.words import EventKind

CLOSE = 32
"""So many of the lowest free ones are chosen from: any of them, so that two processes that look at once rarely choose
the same."""


@dataclass(frozen=True, slots=True)
class Pool:
    """`numbers`: all ports that servers may have. Only public ports take one: a closed port is for nobody outside."""

    numbers: range

    async def free(self, session: AsyncSession) -> list[int]:
        """Those that no server has, the ones to be tried first in front. Something else may use them."""
        given = set(await session.exec(select(PortRow.port)))
        free = [number for number in self.numbers if number not in given]
        return [*random.sample(free[:CLOSE], len(free[:CLOSE])), *free[CLOSE:]]

    async def moves_of(self, session: AsyncSession, server: str) -> int:
        """How often a server's ports were exchanged since its start was asked for."""
        query = (
            select(func.count())
            .select_from(EventRow)
            .join(ServerRow, col(ServerRow.id) == EventRow.server)
            .where(EventRow.server == server, EventRow.kind == EventKind.PORTS_MOVED)
            .where(col(EventRow.at) >= col(ServerRow.started_at))
        )
        return int((await session.exec(query)).one())

    async def give(self, session: AsyncSession, server: str, game: Game) -> None:
        """A new server's. LimitReached where there are not enough."""
        public = [port for port in game.ports if port.public and not port.shares]
        free = await self.free(session)
        if len(free) < len(public):
            raise LimitReached("create.no_ports")
        for port, number in zip(public, sorted(free[: len(public)]), strict=True):
            session.add(PortRow(server=server, name=port.name, port=number, protocol=port.protocol))


def move(rows: Sequence[PortRow], numbers: Sequence[int]) -> PortsMoved:
    """Give these ports other numbers; there are enough."""
    before = tuple(row.port for row in rows)
    for row, number in zip(rows, numbers, strict=False):
        row.port = number
    return PortsMoved(tuple(row.name for row in rows), before, tuple(row.port for row in rows))
