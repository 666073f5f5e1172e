"""The drill: once a day one world is restored on trial and thrown away."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.children import ChildFailed, Program
from core.data.database import Database, insert_missing
from core.data.tables import MetaRow, ServerRow
from core.notices.alarms import Alarms
from core.notices.kinds.alarms import DrillAlarm
from core.words import Alarm
from core.worlds.scratch import SPARE, NoRoom
from core.worlds.shelf import Shelf

log = structlog.get_logger()
EVERY = timedelta(days=1)
_KEY = "drill"  # of MetaRow


@dataclass(frozen=True, slots=True)
class Drill:
    """The last restore on trial that worked. `size` in bytes; `seconds`: how long it took."""

    at: datetime
    server: str
    size: int
    seconds: float


class Drills:
    def __init__(self, database: Database, shelf: Shelf, alarms: Alarms, now: Callable[[], datetime]) -> None:
        self._database = database
        self._shelf = shelf
        self._alarms = alarms
        self._now = now

    async def run(self) -> None:
        """Restore a world chosen by chance, and every world whose last drill failed. An alarm tells what fails: better
        now than when somebody needs it."""
        rows = {row.id: row for row in await self._rows()}
        failed = {alarm.about for alarm in await self._alarms.open(Alarm.DRILL)}
        for server in failed - rows.keys():
            await self._alarms.end(Alarm.DRILL, server)
        fit = [row.id for row in rows.values() if _takes(row) <= self._shelf.room.whole]
        if rows and not fit:
            log.warning("no drill: there is no room for any world", room=self._shelf.room.whole)
        chosen = {random.choice(fit)} if fit else set()
        for server in sorted(chosen | (failed & rows.keys())):
            await self._drill(rows[server])

    async def _rows(self) -> list[ServerRow]:
        async with self._database.session() as session:
            query = select(ServerRow).where(col(ServerRow.saved_name).is_not(None)).order_by(col(ServerRow.id))
            return list(await session.exec(query))

    async def _drill(self, row: ServerRow) -> None:
        began = time.perf_counter()
        try:
            async with self._shelf.scratch(_takes(row)) as folder:
                into = folder / "world"
                into.mkdir()
                said = await self._shelf.run(Program.RESTORE, ["--server", row.id, "newest", str(into)])
        except NoRoom as wrong:
            log.warning("no drill: there is no room for it", server=row.id, wanted=wrong.wanted, room=wrong.whole)
            return
        except ChildFailed as wrong:
            log.error("drill failed", server=row.id, kind=wrong.kind, detail=wrong.detail)
            await self._alarms.begin(DrillAlarm(row.id, row.guild, why=wrong.detail))
            return
        name, size = said.get("name"), int(said.get("size") or 0)
        log.info("drill", server=row.id, snapshot=name, size=size, found=said.get("found"))
        await self._alarms.end(Alarm.DRILL, row.id)
        done = {"at": self._now().timestamp(), "server": row.id, "size": size}
        value = json.dumps(done | {"seconds": round(time.perf_counter() - began, 3)})
        async with self._database.begin() as session:
            await insert_missing(session, MetaRow(key=_KEY, value=value), update=("value",))


def _takes(row: ServerRow) -> int:
    """Bytes of scratch for its world, as it was saved last."""
    return (row.saved_bytes or 0) + SPARE


async def last_drill(session: AsyncSession) -> Drill | None:
    row = await session.get(MetaRow, _KEY)
    if row is None:
        return None
    said = json.loads(row.value)
    return Drill(datetime.fromtimestamp(said["at"], UTC), said["server"], said["size"], said["seconds"])
