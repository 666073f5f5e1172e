"""Every hour: drop the snapshots that the guild's policy does not keep, and collect the data that no snapshot needs.

The last snapshot of a deleted server stays for GONE_FOR. Then everything of it is collected.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import col, select

from core.children import ChildFailed, Program
from core.data.tables import ServerRow
from core.guilds.quotas import storage_of
from core.notices.alarms import Alarms
from core.notices.kinds.alarms import ForeignAlarm, HeldAlarm
from core.notices.kinds.events import Collected
from core.servers.owner_notes import OwnerNotes
from core.servers.parts import ServerParts
from core.words import Alarm, Phase
from core.worlds.shelf import Shelf

log = structlog.get_logger()
EVERY = timedelta(hours=1)
GONE_FOR = timedelta(days=30)


class Collecting:
    """`ledgers` is the folder of core.worlds.ledger."""

    def __init__(self, parts: ServerParts, shelf: Shelf, ledgers: Path, alarms: Alarms, notes: OwnerNotes) -> None:
        self._database = parts.database
        self._rows = parts.rows
        self._events = parts.events
        self._now = parts.now
        self._shelf = shelf
        self._ledgers = ledgers
        self._alarms = alarms
        self._notes = notes

    async def run(self) -> None:
        """One server after the other; what fails is tried again the next time."""
        policies: dict[int, str] = {}
        for row in await self._saved():
            if row.guild not in policies:
                policies[row.guild] = await self._policy(row.guild)
            try:
                if row.phase == Phase.DELETED:
                    await self._collect_gone(row)
                else:
                    await self._notes.write(row)
                    await self._collect(row, policies[row.guild])
            except ChildFailed as wrong:
                log.warning("snapshots not collected", server=row.id, kind=wrong.kind, detail=wrong.detail)
        try:
            await self._child("--leftovers", server="-")
        except ChildFailed as wrong:
            log.warning("downloads not collected", kind=wrong.kind, detail=wrong.detail)

    async def _saved(self) -> list[ServerRow]:
        """Servers that have snapshots on the store."""
        async with self._database.session() as session:
            query = select(ServerRow).where(col(ServerRow.saved_name).is_not(None)).order_by(col(ServerRow.id))
            return list(await session.exec(query))

    async def _policy(self, guild: int) -> str:
        async with self._database.session() as session:
            limits = await self._rows.limits(session, guild)
            return (await storage_of(session, guild, limits)).policy

    async def _collect(self, row: ServerRow, policy: str) -> None:
        kept = {each.rpartition("/")[2] for each in (row.source, row.good, row.undo_to, row.sealed) if each}
        kept |= await self._cloned_from(row.id)
        names = [f"--keep={name}" for name in sorted(kept)]
        await self._report(row, await self._child(f"--policy={policy}", *names, server=row.id))

    async def _collect_gone(self, row: ServerRow) -> None:
        await self._notes.hide(row.id)
        if self._now() - row.changed_at < GONE_FOR:
            kept = [f"--keep={row.saved_name}"] if row.saved_name else []
            await self._report(row, await self._child("--only", *kept, server=row.id))
            return
        await self._child("--purge", server=row.id)
        async with self._database.begin() as session:
            gone = await session.get(ServerRow, row.id, with_for_update=True)
            if gone is not None:
                gone.saved_name, gone.stored_bytes = None, 0
                session.add(gone)
                await self._events.tell(session, gone, Collected())
        for alarm in (Alarm.FOREIGN, Alarm.HELD, Alarm.DRILL):
            await self._alarms.end(alarm, row.id)

    async def _cloned_from(self, server: str) -> set[str]:
        """Snapshots from which the worlds of other servers are still to be made."""
        async with self._database.session() as session:
            query = select(ServerRow.source).where(
                col(ServerRow.source).startswith(f"{server}/"), ServerRow.phase != Phase.DELETED
            )
            return {source.rpartition("/")[2] for source in await session.exec(query) if source}

    async def _child(self, *arguments: str, server: str) -> dict[str, Any]:
        return await self._shelf.run(Program.PRUNE, ["--server", server, str(self._ledgers.absolute()), *arguments])

    async def _report(self, row: ServerRow, said: dict[str, Any]) -> None:
        foreign, held = said.get("alarms") or [], said.get("held")
        if foreign:
            log.error("somebody else hid or overwrote parts of a world", server=row.id, alarms=foreign[:20])
            await self._alarms.begin(ForeignAlarm(row.id, row.guild, count=len(foreign)))
        else:
            await self._alarms.end(Alarm.FOREIGN, row.id)
        if held:
            log.error("nothing collected", server=row.id, why=held)
            await self._alarms.begin(HeldAlarm(row.id, row.guild, why=str(held)))
        else:
            await self._alarms.end(Alarm.HELD, row.id)
        snapshots, packs = said.get("snapshots") or [], said.get("packs") or 0
        if packs or snapshots:
            log.info("collected", server=row.id, snapshots=len(snapshots), bytes=said.get("hidden_bytes"))
        stored = int(said.get("stored") or 0)
        if stored != row.stored_bytes:
            await self._keep_stored(row.id, stored, Collected(len(snapshots), int(packs)))

    async def _keep_stored(self, server: str, stored: int, done: Collected) -> None:
        """Write down how many bytes the store holds of it now."""
        async with self._database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is None:
                return
            row.stored_bytes = stored
            session.add(row)
            await self._events.tell(session, row, done)
