"""Saves what a pause could not: the store was away, or refused, when the game had ended.

A pause does not wait for the store, for the volume stays. But until the world's last state is on the store, it has
only one home.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlmodel import col, or_, select

from core.cluster.port import Cluster
from core.data.tables import EventRow, ServerRow
from core.errors import ClusterError
from core.servers.desk import Desk
from core.words import Desired, EventKind, Phase, Problem

log = structlog.get_logger()
EVERY = timedelta(minutes=10)
_STORE = (Problem.STORE_AWAY, Problem.STORE_REFUSED)


class LateSaves:
    def __init__(self, desk: Desk, cluster: Cluster) -> None:
        self._desk = desk
        self._cluster = cluster

    async def run(self) -> None:
        """One server after the other; what fails is tried again the next time."""
        for server in await self._unsaved():
            try:
                saved = await self._cluster.snapshot(server, full=True)
            except ClusterError as wrong:
                log.warning("paused and not saved", server=server, problem=wrong.problem, detail=wrong.detail)
                if wrong.problem in _STORE:
                    return  # the next one would fare no better
                continue
            log.info("saved late", server=server, snapshot=saved.name)

    async def _unsaved(self) -> list[str]:
        """Servers that sleep on a volume of which there is no snapshot since they were paused."""
        after = or_(col(ServerRow.saved_at).is_(None), col(EventRow.at) > col(ServerRow.saved_at))
        query = (
            select(ServerRow.id)
            .join(EventRow, col(EventRow.server) == col(ServerRow.id))
            .where(
                ServerRow.phase == Phase.PAUSED,
                ServerRow.desired == Desired.PAUSED,
                col(ServerRow.bound) == col(ServerRow.volume),
                EventRow.kind == EventKind.PAUSED,
                after,
            )
            .distinct()
        )
        if not self._desk.host.keeps_worlds:
            return []
        async with self._desk.database.session() as session:
            return list(await session.exec(query))
