"""Servers as they are now, for whoever watches some of them: a view of each is made once a change, for all together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from core.changes import Changes
from core.data.database import Database
from core.errors import TryAgain
from core.feed.reader import Closed
from core.servers.rows import ServerRows
from core.servers.views import ServerView, ServerViews

log = structlog.get_logger()
AGAIN = 1.0  # seconds, where the database is away


@dataclass(slots=True, eq=False)
class Shown:
    """`text`: the view as a face renders it, once for all; empty until then."""

    view: ServerView
    text: str = ""


class Live:
    def __init__(self, database: Database, rows: ServerRows, views: ServerViews, changes: Changes) -> None:
        self._database = database
        self._rows = rows
        self._views = views
        self._watchers: set[Watcher] = set()
        self._latest: dict[str, Shown] = {}
        self._changed: dict[str, None] = {}
        self._guilds: dict[str, int] = {}  # of servers, as far as they were looked at
        self._woken = asyncio.Event()
        self._showing: asyncio.Task[None] | None = None
        self._closed = False
        changes.subscribe(self._change)

    @contextlib.contextmanager
    def watch(self, guilds: frozenset[int], server: str | None = None) -> Iterator[Watcher]:
        """A Watcher of what changes from now on: one server, or None: all of these guilds. Closed."""
        if self._closed:
            raise Closed
        watcher = Watcher(self, guilds, server)
        self._watchers.add(watcher)
        if self._showing is None:
            self._showing = asyncio.create_task(self._show(), name="live")
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            if not self._watchers:
                self._showing.cancel()
                self._showing = None
                self._latest.clear()
                self._changed.clear()
                self._guilds.clear()

    def close(self) -> None:
        """All who watch get Closed."""
        self._closed = True
        for watcher in self._watchers:
            watcher.woken.set()

    @property
    def closed(self) -> bool:
        return self._closed

    def latest(self, server: str) -> Shown | None:
        return self._latest.get(server)

    def _change(self, server: str) -> None:
        if self._watchers and server:
            self._changed[server] = None
            self._woken.set()

    async def _show(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._changed:
                server = next(iter(self._changed))
                del self._changed[server]
                try:
                    await self._one(server)
                except TryAgain:
                    self._changed[server] = None
                    await asyncio.sleep(AGAIN)
                except Exception:
                    log.exception("not shown", server=server)

    async def _one(self, server: str) -> None:
        guild = self._guilds.get(server)
        if not any(each.takes(server, guild) for each in self._watchers):
            return
        async with self._database.session() as session:
            row = await self._rows.load(session, server)
            if row is None:
                return
            self._guilds[server] = row.guild
            watching = [each for each in self._watchers if each.takes(server, row.guild)]
            if not watching:
                return
            self._latest[server] = Shown(await self._views.of(session, row))
        for watcher in watching:
            watcher.changed[server] = None
            watcher.woken.set()


class Watcher:
    """What changed and was not given yet: of each server only the newest."""

    def __init__(self, live: Live, guilds: frozenset[int], server: str | None) -> None:
        self.guilds = guilds
        self.server = server
        self.changed: dict[str, None] = {}
        self.woken = asyncio.Event()
        self._live = live

    def takes(self, server: str, guild: int | None) -> bool:
        """`guild` None: that is not known yet."""
        return self.server in (None, server) and (guild is None or guild in self.guilds)

    async def next(self, within: float) -> list[Shown]:
        """Those that changed since the last call, as soon as there are some; none after `within` seconds. Closed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not self.changed:
                    self.woken.clear()
                    if self._live.closed:
                        raise Closed
                    await self.woken.wait()
        if self._live.closed:
            raise Closed
        servers, self.changed = list(self.changed), {}
        return [shown for server in servers if (shown := self._live.latest(server)) is not None]
