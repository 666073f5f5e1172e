"""A player's name is taken out of what was written about a server. Of an event nothing else ever changes."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import EventRow, NoticeRow
from core.notices.names import without_name
from core.words import EventKind

_KINDS = (EventKind.WARNED, EventKind.RECALLED, EventKind.CRASHED, EventKind.PAUSED, EventKind.LINE_SENT)
"""Events that may name players: in a list, in a game's last lines, or in a line to its console."""


async def forget_name(session: AsyncSession, server: str, name: str, now: datetime) -> bool:
    """Whether anything named that player, whatever the case. The newest message of each kind is edited, as where a
    guild does not name players any more; older ones stay in their channels as they were."""
    events = await session.exec(select(EventRow).where(EventRow.server == server, col(EventRow.kind).in_(_KINDS)))
    found = False
    for event in events:
        if (data := without_name(event.data, name)) != event.data:
            event.data, found = data, True
            session.add(event)
    newest = select(func.max(NoticeRow.id)).where(NoticeRow.server == server).group_by(col(NoticeRow.kind))
    last = set(await session.exec(newest))
    notices = await session.exec(select(NoticeRow).where(NoticeRow.server == server).with_for_update())
    for notice in notices:
        if (data := without_name(notice.data, name)) == notice.data:
            continue
        notice.data, notice.revision, found = data, notice.revision + 1, True
        if notice.state == "sent" and notice.id in last:
            notice.state, notice.next_at = "pending", now
        session.add(notice)
    return found
