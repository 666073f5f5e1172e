"""What is done for worlds by the clock: retention and collecting, a drill, and notes of who owns what."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import col, select

from core.cluster.children import ChildFailed
from core.data.tables import ServerRow
from core.servers.desk import Desk
from core.words import Phase
from core.worlds.shelf import Shelf

log = structlog.get_logger()
EVERY = timedelta(hours=1)
DRILL_EVERY = timedelta(days=1)
GONE_FOR = timedelta(days=30)
"""So long after a server is gone its last snapshot still lies on the store."""

ABOUT = "about/"
"""Below it lies, for each server, who owns it: with the manifests that is enough to begin anew (bot/backup.py)."""


class Tending:
    """`ledgers` is the folder of core.worlds.ledger."""

    def __init__(self, desk: Desk, shelf: Shelf, ledgers: Path) -> None:
        self._desk = desk
        self._shelf = shelf
        self._ledgers = ledgers
        self._told: dict[str, str] = {}

    async def run(self) -> None:
        """One server after the other; what fails is tried again the next time."""
        for row in await self._rows():
            try:
                await self._tend(row)
            except ChildFailed as wrong:
                log.warning("world not tended", server=row.id, kind=wrong.kind, detail=wrong.detail)
        try:
            await self._run("--tidy", server="-")
        except ChildFailed as wrong:
            log.warning("store not tidied", kind=wrong.kind, detail=wrong.detail)

    async def drill(self) -> None:
        """Bring one world back, any one, and throw it away: whether that works should not be found out in need."""
        rows = [row for row in await self._rows() if row.saved_name]
        if not rows:
            return
        row = random.choice(rows)
        async with self._shelf.bench() as folder:
            into = folder / "world"
            into.mkdir()
            try:
                said = await self._shelf.run("restore", ["--server", row.id, "newest", str(into)])
            except ChildFailed as wrong:
                log.error("drill failed", server=row.id, kind=wrong.kind, detail=wrong.detail)
                return
        log.info("drill", server=row.id, snapshot=said.get("name"), size=said.get("size"), found=said.get("found"))

    async def _rows(self) -> list[ServerRow]:
        async with self._desk.database.session() as session:
            query = select(ServerRow).where(col(ServerRow.saved_name).is_not(None)).order_by(col(ServerRow.id))
            return list(await session.exec(query))

    async def _tend(self, row: ServerRow) -> None:
        if row.phase == Phase.DELETED:
            await self._let_go(row)
            return
        await self._note(row)
        kept = {each.rpartition("/")[2] for each in (row.source, row.good, row.undo_to, row.sealed) if each}
        kept |= await self._cloned_from(row.id)
        self._report(row, await self._run(*(f"--keep={name}" for name in sorted(kept)), server=row.id))

    async def _let_go(self, row: ServerRow) -> None:
        if self._desk.now() - row.changed_at < GONE_FOR:
            kept = [f"--keep={row.saved_name}"] if row.saved_name else []
            self._report(row, await self._run("--only", *kept, server=row.id))
            return
        await self._run("--purge", server=row.id)
        await self._shelf.ask(lambda store: store.hide(ABOUT + row.id))
        async with self._desk.database.begin() as session:
            gone = await session.get(ServerRow, row.id, with_for_update=True)
            if gone is not None:
                gone.saved_name, gone.stored_bytes = None, 0
                session.add(gone)

    async def _cloned_from(self, server: str) -> set[str]:
        """Snapshots that other servers begin with and have not been made from yet."""
        async with self._desk.database.session() as session:
            query = select(ServerRow.source).where(
                col(ServerRow.source).startswith(f"{server}/"), ServerRow.phase != Phase.DELETED
            )
            return {source.rpartition("/")[2] for source in await session.exec(query) if source}

    async def _note(self, row: ServerRow) -> None:
        """Who owns what, where it changed since it was last written."""
        about = json.dumps(about_of(row), sort_keys=True)
        if self._told.get(row.id) != about:
            await self._shelf.ask(lambda store: store.put(ABOUT + row.id, about.encode()))
            self._told[row.id] = about

    async def _run(self, *arguments: str, server: str) -> dict[str, Any]:
        return await self._shelf.run("tend", ["--server", server, str(self._ledgers.absolute()), *arguments])

    def _report(self, row: ServerRow, said: dict[str, Any]) -> None:
        if said.get("alarms"):
            log.error("somebody else hid or overwrote parts of a world", server=row.id, alarms=said["alarms"][:20])
        if said.get("held"):
            log.error("nothing collected", server=row.id, why=said["held"])
        if said.get("packs") or said.get("snapshots"):
            log.info("collected", server=row.id, snapshots=len(said["snapshots"]), bytes=said.get("hidden_bytes"))


def about_of(row: ServerRow) -> dict[str, Any]:
    names = ("id", "guild", "owner", "game", "name", "description", "size", "settings", "channel", "run", "volume")
    return {name: getattr(row, name) for name in names}
