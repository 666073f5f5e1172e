"""What only one of several processes does at a time, and how they hear of each other's changes.

Correctness never rests on either: updates are conditional and applies idempotent. A lease saves work and API requests;
following saves the time until the next look.
"""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from sqlalchemy import text
from sqlmodel import col, select

from core.clock import APART, happened
from core.data.database import Database
from core.data.tables import ServerRow
from core.errors import TryAgain

log = structlog.get_logger()
TRY, PING = 2.0, 5.0  # seconds
PATIENCE = 5.0  # seconds that the database may take to say that it is still there
FOLLOW = 1.0  # seconds


class Lease:
    """An advisory lock of PostgreSQL, held by a connection of its own: it ends with the process, however that ends.

    SQLite has one process only (the data folder's lock), which therefore always holds it.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._number = zlib.crc32(f"dormouse {name}".encode())
        self.held = False

    async def hold(self, work: Callable[[], Awaitable[None]]) -> None:
        """Wait for the lease, then `work`. Where it is lost, `work` is cancelled, and begun again once it is back.

        Returns when `work` does; what `work` raises is raised here.
        """
        if self._database.is_sqlite:
            self.held = True
            await work()
            return
        while True:
            with contextlib.suppress(TryAgain):
                if await self._once(work):
                    return
            await asyncio.sleep(TRY)

    async def _once(self, work: Callable[[], Awaitable[None]]) -> bool:
        async with self._database.alone() as connection:
            # A server whose client's machine vanished lets go after half a minute, not after hours.
            for setting, value in (("tcp_keepalives_idle", 10), ("tcp_keepalives_interval", 5)):
                await connection.execute(text(f"SET {setting} = {value}"))
            asked = text("SELECT pg_try_advisory_lock(:number)")
            if not (await connection.execute(asked, {"number": self._number})).scalar():
                return False
            log.info("lease taken", lease=self._name)
            self.held = True
            working = asyncio.ensure_future(work())
            try:
                while not working.done():
                    await asyncio.wait([working], timeout=PING)
                    if not working.done():
                        async with asyncio.timeout(PATIENCE):
                            await connection.execute(text("SELECT 1"))
                await working
                return True
            finally:
                self.held = False
                if not working.done():
                    log.warning("lease lost", lease=self._name)
                    working.cancel()
                    await asyncio.gather(working, return_exceptions=True)


async def follow(database: Database, now: Callable[[], datetime], changed: Callable[[str], None]) -> None:
    """Tell of servers that other processes changed (and, which does no harm, of our own). Never returns."""
    told: dict[str, datetime] = {}
    since = now()
    while True:
        await asyncio.sleep(FOLLOW)
        began = now()
        query = select(ServerRow.id, ServerRow.changed_at).where(
            col(ServerRow.changed_at) > happened(since, began) - APART
        )
        try:
            async with database.session() as session:
                found = dict(list(await session.exec(query)))
        except TryAgain:
            continue
        for server, at in found.items():
            if told.get(server) != at:
                changed(server)
        told, since = found, began
