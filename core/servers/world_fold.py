"""Folds what the cluster reports about a world into the row: new snapshots, volumes that were made, lost or sealed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from core.cluster.port import Observed
from core.data.database import Database
from core.data.tables import ServerRow
from core.notices.kinds.events import Archived, NotSaved, Restored, SnapshotTaken, VolumeLost, VolumeMade
from core.servers.events import ServerEvents
from core.servers.lifecycle import is_the_clusters_turn
from core.servers.projections import Projections
from core.servers.settled import settle
from core.servers.transitions import start_within
from core.words import Because, Desired, PodPhase, Problem, VolumePhase
from core.worlds.failures import Failure
from core.worlds.receipt import Receipt, order_of
from core.worlds.source import NEWEST

_TROUBLED = (Because.CRASHES, Because.START_FAILED)


class WorldFold:
    """Holds no state. Every method but `sealed` and `not_saved` writes in the caller's transaction."""

    def __init__(
        self,
        database: Database,
        projections: Projections,
        events: ServerEvents,
        now: Callable[[], datetime],
        *,
        keeps_worlds: bool,
        tell: Callable[[str], None],
    ) -> None:
        """`tell` is called after each change of a server's row that is not the caller's."""
        self._database = database
        self._projections = projections
        self._events = events
        self._now = now
        self.keeps_worlds = keeps_worlds
        self._tell = tell

    def has_news(self, row: ServerRow, seen: Observed) -> bool:
        """Whether `fold` would write."""
        return (
            _is_newer(row, seen.saved)
            or _said_of_save(row, seen) is not None
            or self._is_bound(row, seen)
            or self._needs_time(row, seen)
        )

    async def fold(self, session: AsyncSession, row: ServerRow, seen: Observed) -> None:
        if _is_newer(row, seen.saved) and seen.saved is not None:
            await self._take(session, row, seen.saved)
        if (said := _said_of_save(row, seen)) is not None:
            await self._note(session, row, said)
        if self._is_bound(row, seen):
            row.bound = row.volume
            row.unsaved_since, row.unsaved_why = None, ""  # that was of another volume
            await self._events.tell(session, row, VolumeMade(row.volume))
            await self._came_to_be(session, row, seen)
        if self._needs_time(row, seen):
            row.start_by = self._now() + start_within(self._projections.game(row))

    async def archive(self, session: AsyncSession, row: ServerRow) -> None:
        """From now on the next volume is made from the seal, and this one may be released."""
        await self._events.tell(session, row, Archived(row.volume, row.sealed))
        source = row.sealed or (NEWEST if row.bound == row.volume else row.source)
        row.volume, row.source, row.sealed = row.volume + 1, source, None

    async def replace_lost(self, session: AsyncSession, row: ServerRow) -> None:
        """The next volume is made from the newest snapshot."""
        await self._events.tell(session, row, VolumeLost(row.volume))
        row.volume, row.run, row.source, row.sealed = row.volume + 1, row.run + 1, NEWEST, None
        row.start_by, row.undo_to = self._now() + start_within(self._projections.game(row)), None

    async def sealed(self, server: str, volume: int, run: int, saved: Receipt | None) -> None:
        """Note that the volume is safe on the store, unless somebody resumed the server meanwhile."""
        async with self._database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is None or (row.volume, row.run) != (volume, run):
                return
            if row.desired not in (Desired.ARCHIVED, Desired.DELETED):
                return
            settle(row, self._now())
            if _is_newer(row, saved) and saved is not None:
                await self._take(session, row, saved)
            row.sealed, row.changed_at = saved.name if saved else "", self._now()
            row.unsaved_since, row.unsaved_why = None, ""
            session.add(row)

    async def not_saved(self, server: str, problem: str | None) -> None:
        """Note that a try from outside of the pod gave no snapshot."""
        async with self._database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            why = Problem(problem or Problem.CANNOT_APPLY)
            if row is None or row.unsaved_why == why:
                return
            row.changed_at = self._now()
            session.add(row)
            await self._note(session, row, why)
        self._tell(server)

    async def _note(self, session: AsyncSession, row: ServerRow, why: str) -> None:
        """`why`: a Problem; empty: all is saved."""
        row.unsaved_why = why
        if not why:
            row.unsaved_since = None
            return
        row.unsaved_since = row.unsaved_since or self._now()
        await self._events.tell(session, row, NotSaved(Problem(why)))

    async def _take(self, session: AsyncSession, row: ServerRow, saved: Receipt) -> None:
        row.saved_name, row.saved_at, row.saved_bytes = saved.name, saved.at, saved.size
        row.saved_new, row.stored_bytes = saved.new_bytes, saved.stored
        row.saved_gaps = saved.gaps.to_json() if saved.gaps.counts else {}
        if row.unsaved_since is not None and saved.at >= row.unsaved_since:
            row.unsaved_since, row.unsaved_why = None, ""
        if not row.crash_count and row.because not in _TROUBLED:
            row.good = saved.name
        taken = SnapshotTaken(saved.name, saved.size, saved.new_bytes, saved.checked)
        await self._events.tell(session, row, taken)

    async def _came_to_be(self, session: AsyncSession, row: ServerRow, seen: Observed) -> None:
        restored = seen.restored
        if restored is None or restored.volume != row.volume:
            return
        await self._events.tell(session, row, Restored(restored.name, row.volume, restored.at))

    def _is_bound(self, row: ServerRow, seen: Observed) -> bool:
        if not self.keeps_worlds or row.bound == row.volume:
            return False
        return seen.volume is VolumePhase.BOUND and seen.volume_number == row.volume

    def _needs_time(self, row: ServerRow, seen: Observed) -> bool:
        """What the cluster does in its own time is not limited: the game's time to start begins after it."""
        if row.start_by is None or row.desired != Desired.RUNNING or not is_the_clusters_turn(row.ready_at, seen):
            return False
        within = start_within(self._projections.game(row))
        return row.start_by - self._now() < within - timedelta(minutes=1)


def _said_of_save(row: ServerRow, seen: Observed) -> str | None:
    """The `unsaved_why` that follows from the pod's last try; None: nothing new. That all is well counts while the game
    runs: after its end only the snapshot that follows is one of all that was played."""
    last = seen.last_save
    if last is None or last.failure == Failure.KILLED or row.desired == Desired.DELETED:
        return None
    if last.problem is not None:
        return last.problem if row.unsaved_why != last.problem else None
    up = row.desired == Desired.RUNNING and seen.pod is PodPhase.READY and seen.run == row.run
    return "" if row.unsaved_why and up else None


def _is_newer(row: ServerRow, saved: Receipt | None) -> bool:
    return saved is not None and saved.order > order_of(row.saved_name)
