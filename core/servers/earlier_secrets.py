"""Whether a log may tell secrets that a server had once, and that nobody knows any more: only those that hold now, and
those that this run was started with, can be blacked out. What events say of it is enough, and no old secret is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import EventRow, ServerRow
from core.words import Desired, EventKind

_STARTS = (EventKind.CREATED, EventKind.RESUMED, EventKind.RESTARTED)
_LOOKED_BACK = 500
"""Events: what is further back counts as changed, unless it was the same run."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """`last`: of the last run, `before`: of the one before its last start."""

    last: bool = False
    before: bool = False

    def seen(self, *, begun: bool) -> Earlier:
        """As the cluster has them. Until a run has `begun`, what the cluster has as the last one is that before it."""
        return self if begun else Earlier(self.last or self.before, self.before)


def judged(newest_first: Iterable[bool | None], *, known: bool) -> Earlier:
    """Pure. None: a start. True: a secret was changed. `known`: what the last run was started with is known still.

    | a secret was changed | last run | before |
    | --- | --- | --- |
    | since the last start, and what that took is known | shown | shown |
    | since the last start, else | hidden | hidden |
    | between the last two starts | shown | hidden |
    | earlier, or never | shown | shown |
    """
    starts, last, before = 0, False, False
    for changed in newest_first:
        if changed is None:
            starts += 1
            if starts == 2:
                return Earlier(last, before)
        elif changed and (starts or not known):
            last, before = last or not starts, True
    return Earlier(last, before)


async def earlier_secrets(session: AsyncSession, row: ServerRow, secret: Collection[str], run: int) -> Earlier:
    """`secret`: the ids of its settings that are. `run`: which one the cluster has now; 0: none."""
    if not secret:
        return Earlier()
    query = (
        select(EventRow.kind, EventRow.data)
        .where(EventRow.server == row.id, col(EventRow.kind).in_((*_STARTS, EventKind.EDITED)))
        .order_by(col(EventRow.id).desc())
        .limit(_LOOKED_BACK)
    )
    found = [
        None if kind in _STARTS else not set(secret).isdisjoint(data.get("changed", ()))
        for kind, data in await session.exec(query)
    ]
    if len(found) == _LOOKED_BACK:
        found.append(True)
    known = row.desired == Desired.RUNNING or row.run_settings is not None
    at_rest = row.desired != Desired.RUNNING and row.ready_at is not None
    return judged(found, known=known).seen(begun=at_rest or run == row.run)
