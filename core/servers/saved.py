"""What becomes of a world, as the controller sees it: receipts, volumes that came to be, were lost or given back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from core.cluster.port import NEWEST, Observed, Saved, order_of
from core.data.tables import ServerRow
from core.notices import outbox
from core.notices.events import record
from core.servers.create import START_WITHIN, start_within
from core.servers.desk import Desk
from core.servers.power import retell, stamp
from core.words import Because, Desired, EventKind, NoticeKind, PodPhase, VolumePhase

_TROUBLED = (Because.CRASHES, Because.START_FAILED)


class Saves:
    """Holds no state; every method writes within the caller's transaction, but `sealed`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def has_news(self, row: ServerRow, seen: Observed) -> bool:
        """Whether `fold` would write."""
        return _is_newer(row, seen.saved) or self._is_bound(row, seen) or self._needs_time(row, seen)

    async def fold(self, session: AsyncSession, row: ServerRow, seen: Observed) -> None:
        if _is_newer(row, seen.saved) and seen.saved is not None:
            await self._take(session, row, seen.saved)
        if self._is_bound(row, seen):
            row.bound = row.volume
            await self._came_to_be(session, row, seen)
        if self._needs_time(row, seen):
            row.start_by = self._desk.now() + self._start_within(row)

    def archive(self, session: AsyncSession, row: ServerRow) -> None:
        """From here on the next volume is made from the seal, whatever becomes of this one."""
        self._record(session, row, EventKind.ARCHIVED, {"volume": row.volume, "name": row.sealed})
        source = row.sealed or (NEWEST if row.bound == row.volume else row.source)
        row.volume, row.source, row.sealed = row.volume + 1, source, None

    async def lost(self, session: AsyncSession, row: ServerRow) -> None:
        now = self._desk.now()
        self._record(session, row, EventKind.VOLUME_LOST, {"volume": row.volume})
        row.volume, row.run, row.source, row.sealed = row.volume + 1, row.run + 1, NEWEST, None
        row.start_by, row.undo_to = now + self._start_within(row), None
        data = {"state": "lost", "volume": row.volume}
        await outbox.say(session, row, NoticeKind.RESTORED, data, now, episode=row.volume)

    async def sealed(self, server: str, volume: int, run: int, saved: Saved | None) -> None:
        """The volume is safe, if nobody resumed the server meanwhile."""
        async with self._desk.database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is None or (row.volume, row.run) != (volume, run):
                return
            if row.desired not in (Desired.ARCHIVED, Desired.DELETED):
                return
            if _is_newer(row, saved) and saved is not None:
                await self._take(session, row, saved)
            row.sealed, row.changed_at = saved.name if saved else "", self._desk.now()
            session.add(row)

    async def _take(self, session: AsyncSession, row: ServerRow, saved: Saved) -> None:
        row.saved_name, row.saved_at, row.saved_bytes = saved.name, saved.at, saved.size
        row.saved_new, row.stored_bytes = saved.new_bytes, saved.stored
        if not row.crash_count and row.because not in _TROUBLED:
            row.good = saved.name
        data = {"name": saved.name, "size": saved.size, "new": saved.new_bytes, "checked": saved.checked}
        self._record(session, row, EventKind.SNAPSHOT, data)
        if row.desired in (Desired.PAUSED, Desired.ARCHIVED):
            await retell(session, row, self._desk.now(), {}, episode=row.episode)  # the receipt

    async def _came_to_be(self, session: AsyncSession, row: ServerRow, seen: Observed) -> None:
        restored = seen.restored
        if restored is None or restored.volume != row.volume:
            return
        data = {"name": restored.name, "volume": row.volume, "to": stamp(restored.at)}
        self._record(session, row, EventKind.RESTORED, data)
        news = {"back": True, "to": stamp(restored.at)}
        await outbox.say(
            session, row, NoticeKind.RESTORED, news, self._desk.now(), episode=row.volume, only_if_open=True
        )

    def _is_bound(self, row: ServerRow, seen: Observed) -> bool:
        if not self._desk.host.keeps_worlds or row.bound == row.volume:
            return False
        return seen.volume is VolumePhase.BOUND and seen.volume_number == row.volume

    def _needs_time(self, row: ServerRow, seen: Observed) -> bool:
        """A restore takes as long as it takes; the game's own time to start begins after it."""
        if seen.pod is not PodPhase.RESTORING or row.start_by is None or row.desired != Desired.RUNNING:
            return False
        return row.start_by - self._desk.now() < self._start_within(row) - timedelta(minutes=1)

    def _start_within(self, row: ServerRow) -> timedelta:
        game = self._desk.game(row)
        return start_within(game) if game else START_WITHIN

    def _record(self, session: AsyncSession, row: ServerRow, kind: EventKind, data: dict[str, Any]) -> None:
        usage = self._desk.usage(row)
        record(session, kind, at=self._desk.now(), guild=row.guild, server=row.id, data=data, usage=usage)


def _is_newer(row: ServerRow, saved: Saved | None) -> bool:
    return saved is not None and saved.order > order_of(row.saved_name)
