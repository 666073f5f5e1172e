"""What whoever runs the bot has to know at once: a direct message when it begins, and kept here until it is over.

An alarm is open from `begin` to `end`, whatever restarts lie between; within that time it is told once.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.changes import Changes
from core.data.database import Database, insert_missing
from core.data.tables import MetaRow
from core.notices.kinds.alarms import AlarmNotice, BackupAlarm
from core.notices.outbox import say_to_guild
from core.words import Alarm

log = structlog.get_logger()
NO_GUILD = 0
"""The guild of an alarm's notices."""

_PREFIX = "alarm/"


@dataclass(frozen=True, slots=True)
class Open:
    """`about`: a server's id, a node, a problem, or empty."""

    alarm: Alarm
    about: str
    since: datetime


class Alarms:
    def __init__(self, database: Database, changes: Changes, now: Callable[[], datetime]) -> None:
        self._database = database
        self._changes = changes
        self._now = now

    async def begin(self, notice: AlarmNotice) -> bool:
        """Tell the operators, unless this alarm is open; whether it was told."""
        now = self._now()
        async with self._database.begin() as session:
            row = MetaRow(key=_key(notice.alarm, notice.about), value=json.dumps(int(now.timestamp())))
            if not await insert_missing(session, row):
                return False
            say_to_guild(session, NO_GUILD, notice, now)
        self._changes.tell("")
        return True

    async def end(self, alarm: Alarm, about: str = "") -> None:
        """It is over; the next time is told anew."""
        async with self._database.session() as session:
            known = await session.get(MetaRow, _key(alarm, about))
        if known is None:
            return
        async with self._database.begin() as session:
            found = await session.get(MetaRow, _key(alarm, about), with_for_update=True)
            if found is not None:
                await session.delete(found)
        log.info("alarm is over", alarm=alarm, about=about)

    async def open(self, alarm: Alarm | None = None) -> list[Open]:
        async with self._database.session() as session:
            return await open_alarms(session, alarm)

    def after(
        self, alarm: type[BackupAlarm], times: int, work: Callable[[], Awaitable[None]]
    ) -> Callable[[], Awaitable[None]]:
        """`work`, which raises the alarm when it has failed so many times in a row, and ends it when it succeeds."""
        failed = 0

        async def run() -> None:
            nonlocal failed
            try:
                await work()
            except Exception as wrong:
                failed += 1
                if failed >= times:
                    await self.begin(alarm(why=str(wrong) or type(wrong).__name__, times=failed))
                raise
            failed = 0
            await self.end(alarm.alarm)

        return run


async def open_alarms(session: AsyncSession, alarm: Alarm | None = None) -> list[Open]:
    """Those that are open, of one kind or of all, by kind and server."""
    prefix = _PREFIX + (f"{alarm}/" if alarm else "")
    query = select(MetaRow).where(col(MetaRow.key).startswith(prefix)).order_by(col(MetaRow.key))
    found = []
    for row in await session.exec(query):
        kind, _, about = row.key.removeprefix(_PREFIX).partition("/")
        if kind in set(Alarm):
            found.append(Open(Alarm(kind), about, datetime.fromtimestamp(json.loads(row.value), UTC)))
    return found


def _key(alarm: Alarm, about: str) -> str:
    return f"{_PREFIX}{alarm}/{about}"
