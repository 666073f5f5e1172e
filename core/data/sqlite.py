"""SQLite under asyncio: one trip to a connection's thread for each statement, and writers that take their lock at once.

aiosqlite makes four trips for a SELECT (cursor, execute, fetch, close), each with two switches of threads; on a busy
machine those are most of what a small query takes.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from threading import Thread
from typing import Any, Self
from weakref import WeakSet

import aiosqlite
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

WRITES = "dormouse_writes"
"""The execution option of connections whose transactions write."""
ENDS_WITHIN = 1.0
"""Seconds that the thread of a connection has to end; one that is still used does not."""
CONNECTIONS = 8
"""At most, each with a thread and a cache of its own; there is one writer at a time anyway."""


def make_engine(url: URL, threads: WeakSet[Thread], **options: Any) -> AsyncEngine:
    """An engine for a `sqlite+aiosqlite://` address, with options of SQLAlchemy's create_async_engine. `threads`: where
    those of its connections are put, for `ended`."""

    def connect() -> Awaitable[Any]:
        arguments, names = engine.dialect.create_connect_args(url)
        made = _Connection(partial(sqlite3.connect, *arguments, **names))
        threads.add(made._thread)
        return made

    if url.database not in (None, "", ":memory:"):
        options |= {"pool_size": CONNECTIONS, "max_overflow": 0}
    engine = create_async_engine(url, async_creator=connect, **options)
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


async def ended(threads: WeakSet[Thread]) -> None:
    """After the engine was disposed of. A connection that was cut off closes in its thread, which tells the loop so: it
    has to be there until then."""
    await asyncio.gather(*(asyncio.to_thread(each.join, ENDS_WITHIN) for each in set(threads) if each.is_alive()))


class _Connection(aiosqlite.Connection):
    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True  # one that nobody closed keeps no process alive
        self._begins = False
        # Nothing to end and nothing on its way to the thread, where a statement arrives even if who sent it is gone.
        self._at_rest = True

    def begin(self) -> None:
        """Begin a transaction that writes, on the trip of its first statement."""
        self._begins = True

    def cursor(self) -> _Cursor:  # type: ignore[override]
        return _Cursor(self._send)

    async def commit(self) -> None:
        self._begins = False
        if not self._at_rest:
            await self._trip(self._end, self._conn.commit)

    async def rollback(self) -> None:
        self._begins = False
        if not self._at_rest:
            await self._trip(self._end, self._conn.rollback)

    def stop(self) -> asyncio.Future[Any] | None:
        # The thread answers the first one only: who is cancelled while it closes would wait for a second for ever.
        return super().stop() if self._running else None

    async def _send(self, many: bool, sql: str, parameters: Any) -> _Result:
        begins, self._begins, self._at_rest = self._begins, False, False
        result: _Result = await self._trip(self._run, begins, many, sql, parameters)
        return result

    async def _trip(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await self._execute(function, *arguments)  # type: ignore[no-untyped-call]

    # in the connection's thread

    def _run(self, begins: bool, many: bool, sql: str, parameters: Any) -> _Result:
        try:
            if begins:
                self._conn.execute("BEGIN IMMEDIATE")
            cursor = self._conn.executemany(sql, parameters) if many else self._conn.execute(sql, parameters)
            rows = cursor.fetchall() if cursor.description else []
            result = rows, cursor.description, cursor.rowcount, cursor.lastrowid
            cursor.close()
            return result
        finally:
            self._at_rest = not self._conn.in_transaction

    def _end(self, end: Callable[[], None]) -> None:
        end()
        self._at_rest = True


_Result = tuple[list[Any], Any, int, int | None]


class _Cursor:
    """What SQLAlchemy asks of an asyncio driver's cursor. All rows are there once `execute` returns."""

    def __init__(self, send: Callable[[bool, str, Any], Awaitable[_Result]]) -> None:
        self._send = send
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        return await self._keep(False, sql, parameters)

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        return await self._keep(True, sql, parameters)

    async def _keep(self, many: bool, sql: str, parameters: Any) -> Self:
        self._rows, self.description, self.rowcount, self.lastrowid = await self._send(many, sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        self._rows = []


def _prepare(connection: Any, _record: Any) -> None:
    # The driver would begin transactions by itself, late, and never around a change of the schema.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    """A writer takes the lock at once and never fails half-way through; a reader needs no transaction."""
    if connection.get_execution_options().get(WRITES):
        connection.connection.driver_connection.begin()
