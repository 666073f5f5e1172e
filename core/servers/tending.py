"""What is done for worlds by the clock: retention and collecting, a drill, and notes of who owns what."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.cluster.children import ChildFailed
from core.data.database import insert_missing
from core.data.tables import CardRow, MetaRow, PortRow, ServerRow, ShareRow
from core.guilds.quotas import storage_of
from core.notices.alarms import Alarms
from core.notices.events import record
from core.servers.desk import Desk
from core.words import Alarm, EventKind, Phase
from core.worlds.shelf import Shelf

log = structlog.get_logger()
EVERY = timedelta(hours=1)
DRILL_EVERY = timedelta(days=1)
GONE_FOR = timedelta(days=30)
"""So long after a server is gone its last snapshot still lies on the store."""

ABOUT = "about/"
"""Below it lies, for each server, who owns it: with the manifests that is enough to begin anew (bot/backup.py)."""

_DRILL = "drill"  # the key of MetaRow


@dataclass(frozen=True, slots=True)
class Drill:
    """The last world that came back on trial. `size` in bytes, `seconds` that it took."""

    at: datetime
    server: str
    size: int
    seconds: float


class Tending:
    """`ledgers` is the folder of core.worlds.ledger."""

    def __init__(self, desk: Desk, shelf: Shelf, ledgers: Path, alarms: Alarms) -> None:
        self._desk = desk
        self._shelf = shelf
        self._ledgers = ledgers
        self._alarms = alarms
        self._told: dict[str, str] = {}

    async def run(self) -> None:
        """One server after the other; what fails is tried again the next time."""
        policies: dict[int, str] = {}
        for row in await self._rows():
            if row.guild not in policies:
                policies[row.guild] = await self._policy(row.guild)
            try:
                await self._tend(row, policies[row.guild])
            except ChildFailed as wrong:
                log.warning("world not tended", server=row.id, kind=wrong.kind, detail=wrong.detail)
        try:
            await self._run("--tidy", server="-")
        except ChildFailed as wrong:
            log.warning("store not tidied", kind=wrong.kind, detail=wrong.detail)

    async def drill(self) -> None:
        """Bring one world back, any one, and throw it away: whether that works should not be found out in need.
        Those that did not come back the last time are tried too."""
        rows = {row.id: row for row in await self._rows()}
        failed = {alarm.about for alarm in await self._alarms.open(Alarm.DRILL)}
        for server in failed - rows.keys():
            await self._alarms.end(Alarm.DRILL, server)
        chosen = {random.choice(list(rows))} if rows else set()
        for server in sorted(chosen | (failed & rows.keys())):
            await self._drill(rows[server])

    async def _drill(self, row: ServerRow) -> None:
        began = time.perf_counter()
        async with self._shelf.bench() as folder:
            into = folder / "world"
            into.mkdir()
            try:
                said = await self._shelf.run("restore", ["--server", row.id, "newest", str(into)])
            except ChildFailed as wrong:
                log.error("drill failed", server=row.id, kind=wrong.kind, detail=wrong.detail)
                await self._alarms.begin(Alarm.DRILL, row.id, guild=row.guild, kind=wrong.kind, why=wrong.detail)
                return
        name, size = said.get("name"), int(said.get("size") or 0)
        log.info("drill", server=row.id, snapshot=name, size=size, found=said.get("found"))
        await self._alarms.end(Alarm.DRILL, row.id)
        done = {"at": self._desk.now().timestamp(), "server": row.id, "size": size}
        value = json.dumps(done | {"seconds": round(time.perf_counter() - began, 3)})
        async with self._desk.database.begin() as session:
            await insert_missing(session, MetaRow(key=_DRILL, value=value), update=("value",))

    async def _rows(self) -> list[ServerRow]:
        async with self._desk.database.session() as session:
            query = select(ServerRow).where(col(ServerRow.saved_name).is_not(None)).order_by(col(ServerRow.id))
            return list(await session.exec(query))

    async def _policy(self, guild: int) -> str:
        async with self._desk.database.session() as session:
            limits = await self._desk.limits(session, guild)
            return (await storage_of(session, guild, limits)).policy

    async def _tend(self, row: ServerRow, policy: str) -> None:
        if row.phase == Phase.DELETED:
            await self._let_go(row)
            return
        await self._note(row)
        kept = {each.rpartition("/")[2] for each in (row.source, row.good, row.undo_to, row.sealed) if each}
        kept |= await self._cloned_from(row.id)
        names = [f"--keep={name}" for name in sorted(kept)]
        await self._report(row, await self._run(f"--policy={policy}", *names, server=row.id))

    async def _let_go(self, row: ServerRow) -> None:
        if self._told.get(row.id) != "":  # what is gone must not come back by a note
            await self._shelf.ask(lambda store: store.hide(ABOUT + row.id))
            self._told[row.id] = ""
        if self._desk.now() - row.changed_at < GONE_FOR:
            kept = [f"--keep={row.saved_name}"] if row.saved_name else []
            await self._report(row, await self._run("--only", *kept, server=row.id))
            return
        await self._run("--purge", server=row.id)
        async with self._desk.database.begin() as session:
            gone = await session.get(ServerRow, row.id, with_for_update=True)
            if gone is not None:
                gone.saved_name, gone.stored_bytes = None, 0
                session.add(gone)
        for alarm in (Alarm.FOREIGN, Alarm.HELD, Alarm.DRILL):
            await self._alarms.end(alarm, row.id)

    async def _cloned_from(self, server: str) -> set[str]:
        """Snapshots that other servers begin with and have not been made from yet."""
        async with self._desk.database.session() as session:
            query = select(ServerRow.source).where(
                col(ServerRow.source).startswith(f"{server}/"), ServerRow.phase != Phase.DELETED
            )
            return {source.rpartition("/")[2] for source in await session.exec(query) if source}

    async def _note(self, row: ServerRow) -> None:
        """Who owns what, where it changed since it was last written."""
        about = json.dumps(about_of(row) | await self._around(row.id), sort_keys=True)
        if self._told.get(row.id) != about:
            await self._shelf.ask(lambda store: store.put(ABOUT + row.id, about.encode()))
            self._told[row.id] = about

    async def _around(self, server: str) -> dict[str, Any]:
        """Where its card is, its ports, and with whom it is shared."""
        async with self._desk.database.session() as session:
            card = (await session.exec(select(CardRow).where(CardRow.server == server))).first()
            ports = await session.exec(select(PortRow).where(PortRow.server == server).order_by(PortRow.name))
            shared = select(ShareRow).where(ShareRow.server == server).order_by(col(ShareRow.target))
            return {
                "card": [card.channel, card.message, card.posts] if card and card.message else None,
                "ports": [{"name": each.name, "host": each.port} for each in ports],
                "shares": [[each.target, each.kind, each.role] for each in await session.exec(shared)],
            }

    async def _run(self, *arguments: str, server: str) -> dict[str, Any]:
        return await self._shelf.run("tend", ["--server", server, str(self._ledgers.absolute()), *arguments])

    async def _report(self, row: ServerRow, said: dict[str, Any]) -> None:
        foreign, held = said.get("alarms") or [], said.get("held")
        if foreign:
            log.error("somebody else hid or overwrote parts of a world", server=row.id, alarms=foreign[:20])
            await self._alarms.begin(Alarm.FOREIGN, row.id, guild=row.guild, count=len(foreign))
        else:
            await self._alarms.end(Alarm.FOREIGN, row.id)
        if held:
            log.error("nothing collected", server=row.id, why=held)
            await self._alarms.begin(Alarm.HELD, row.id, guild=row.guild, why=held)
        else:
            await self._alarms.end(Alarm.HELD, row.id)
        snapshots, packs = said.get("snapshots") or [], said.get("packs") or 0
        if packs or snapshots:
            log.info("collected", server=row.id, snapshots=len(snapshots), bytes=said.get("hidden_bytes"))
        stored = int(said.get("stored") or 0)
        if stored != row.stored_bytes:
            await self._weigh(row.id, stored, {"snapshots": len(snapshots), "packs": packs})

    async def _weigh(self, server: str, stored: int, done: dict[str, int]) -> None:
        """Keep what the store holds of it by now."""
        async with self._desk.database.begin() as session:
            row = await session.get(ServerRow, server, with_for_update=True)
            if row is None:
                return
            row.stored_bytes = stored
            session.add(row)
            usage = self._desk.usage(row)
            now = self._desk.now()
            record(session, EventKind.COLLECTED, at=now, guild=row.guild, server=row.id, data=done, usage=usage)


async def last_drill(session: AsyncSession) -> Drill | None:
    row = await session.get(MetaRow, _DRILL)
    if row is None:
        return None
    said = json.loads(row.value)
    return Drill(datetime.fromtimestamp(said["at"], UTC), said["server"], said["size"], said["seconds"])


def about_of(row: ServerRow) -> dict[str, Any]:
    names = ("id", "guild", "owner", "game", "name", "description", "size", "settings", "channel", "run", "volume")
    return {name: getattr(row, name) for name in names}
