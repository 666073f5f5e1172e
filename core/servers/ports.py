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
from core.games.form.game import Game
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
        free = await self.free(session)
        given = in_a_row(game, free) if counts_on(game) else one_each(game, free)
        if given is None:
            raise LimitReached("create.no_ports")
        for port in game.ports:
            if port.name in given:
                session.add(PortRow(server=server, name=port.name, port=given[port.name], protocol=port.protocol))


def counts_on(game: Game) -> bool:
    """Whether some of its ports have to stand right after another."""
    return any(port.plus for port in game.ports)


def one_each(game: Game, free: Sequence[int]) -> dict[str, int] | None:
    """By name: a number for each public port that does not share one. None: there are too few."""
    names = [port.name for port in game.ports if port.public and not port.shares]
    return dict(zip(names, sorted(free[: len(names)]), strict=True)) if len(free) >= len(names) else None


def in_a_row(game: Game, free: Sequence[int]) -> dict[str, int] | None:
    """Likewise, where ports count on from another."""
    left = list(free)
    given: dict[str, int] = {}
    for port in game.ports:
        if not port.public or port.shares:
            continue
        after = {each.name: each.plus for each in game.ports if each.shares == port.name and each.plus}
        fits = (number for number in left if all(number + plus in left for plus in after.values()))
        if (number := next(fits, None)) is None:
            return None
        given |= {port.name: number} | {name: number + plus for name, plus in after.items()}
        left = [each for each in left if each not in given.values()]
    return given


def move(rows: Sequence[PortRow], numbers: Sequence[int]) -> PortsMoved:
    """Give these ports other numbers; there are enough."""
    before = tuple(row.port for row in rows)
    for row, number in zip(rows, numbers, strict=False):
        row.port = number
    return PortsMoved(tuple(row.name for row in rows), before, tuple(row.port for row in rows))
