"""Whether there is memory for a server to run: asked in the transaction that lets it, so that no race passes a limit.

What runs already goes on, also where a limit was set below it since.
"""

from __future__ import annotations

from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import ServerRow
from core.games.catalogue import Catalogue
from core.guilds.access import Actor, is_admin
from core.guilds.limits import Limits, Running, check_memory
from core.servers.rows import ServerRows
from core.words import Desired


class Admission:
    def __init__(self, rows: ServerRows, catalogue: Catalogue) -> None:
        self._rows = rows
        self._catalogue = catalogue

    async def foresee(self, session: AsyncSession, row: ServerRow, actor: Actor) -> None:
        """As `check`, as far as one can tell before the work after which the server is to run. Locks nothing."""
        if row.desired != Desired.RUNNING:
            limits = await self._rows.limits_of(session, row.guild, row.owner, actor)
            await self.check_locked(session, row, actor, limits)

    async def check(self, session: AsyncSession, row: ServerRow, actor: Actor | None) -> None:
        """LimitReached, with what to pause. `row` is to run next. `actor` None: nobody asks, as for a schedule."""
        limits = await self._rows.limits_of(session, row.guild, row.owner, actor)
        if limits.memory is None and limits.member_memory is None:
            return  # nothing to count, and nobody to wait for
        limits = await self._rows.limits_of(session, row.guild, row.owner, actor, lock=True)
        await self._check(session, row, actor, limits)

    async def check_locked(self, session: AsyncSession, row: ServerRow, actor: Actor, limits: Limits) -> None:
        """Likewise where the guild's row is locked already. `limits`: as they are for the server's owner."""
        if limits.memory is not None or limits.member_memory is not None:
            await self._check(session, row, actor, limits)

    async def _check(self, session: AsyncSession, row: ServerRow, actor: Actor | None, limits: Limits) -> None:
        running = [self._running(each) for each in await self._rows.running(session, row.guild) if each.id != row.id]
        admin = actor is not None and is_admin(actor, limits.admin_role)
        own = actor is None or actor.user == row.owner
        check_memory(self._running(row), running, limits, admin=admin, own=own)

    def _running(self, row: ServerRow) -> Running:
        memory = self._catalogue.memory(row.game, row.size)
        if row.desired == Desired.RUNNING and row.run_size is not None:  # its next start may come any time
            memory = max(memory, self._catalogue.memory(row.game, row.run_size))
        return Running(row.id, row.name, row.owner, memory, row.players_online)
