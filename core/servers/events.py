"""What happens to one server: each event carries what the server uses from then on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import GuildRow, ServerRow
from core.notices.kinds.events import Event
from core.notices.telling import tell
from core.servers.projections import Projections


class ServerEvents:
    def __init__(self, projections: Projections, now: Callable[[], datetime]) -> None:
        self._projections = projections
        self._now = now

    async def tell(self, session: AsyncSession, row: ServerRow, event: Event) -> None:
        """Call it in the transaction that makes it true, after the row was changed (core.notices.telling)."""
        guild = await session.get(GuildRow, row.guild)
        await tell(session, row, event, self._now(), self._projections.usage(row, guild))
