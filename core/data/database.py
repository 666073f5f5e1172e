"""Opening the database: SQLite in WAL mode or PostgreSQL by URL; sessions; migrations."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any
from weakref import WeakSet

import structlog
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data import schema, sqlite
from core.data.schema import TOO_NEW, Schema, Stamp
from core.data.trouble import TROUBLE, is_away, reason
from core.data.writers import Writers
from core.errors import Misconfigured, TryAgain

log = structlog.get_logger()
POOL_WAITS = 180
"""Seconds for a connection to PostgreSQL: when a thousand people press at once, the last wait for the rest."""


class Database:
    """One engine. `session()` reads; `begin()` is one transaction, committed at its end.

    Both raise TryAgain, and log why, where the database is away, full or read-only: nothing was changed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._threads: WeakSet[Thread] = WeakSet()
        # Parameters are what people typed, passwords of games among it: no error message repeats them.
        self.engine: AsyncEngine = (
            sqlite.make_engine(parsed, self._threads, hide_parameters=True)
            if self.is_sqlite
            else create_async_engine(parsed, pool_pre_ping=True, pool_timeout=POOL_WAITS, hide_parameters=True)
        )
        self._writer = self.engine.execution_options(**{sqlite.WRITES: True})
        # In one process writers to SQLite queue here, and not in busy_timeout.
        self._writes = Writers() if self.is_sqlite else None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        with _in_words():
            async with AsyncSession(self.engine, expire_on_commit=False) as session:
                yield session

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        with _in_words():
            async with (
                self._writes or nullcontext(),
                AsyncSession(self._writer, expire_on_commit=False) as session,
                session.begin(),
            ):
                yield session

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[AsyncConnection]:
        """A connection in no transaction, for what lives as long as the connection does. TryAgain as above."""
        with _in_words():
            async with self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                yield connection

    async def close(self) -> None:
        await self.engine.dispose()
        await sqlite.ended(self._threads)

    async def migrate(self, to: str = "head") -> bool:
        """Bring the schema up to date; True if it changed. Misconfigured says in words why it cannot be.

        `to`: an older revision, where there is no schema yet.
        """
        try:
            async with self.engine.connect() as connection:
                before = await connection.run_sync(schema.stamp_of)
            found = schema.judge(before)
            if found is Schema.TOO_NEW:
                raise Misconfigured([TOO_NEW])
            if found in (Schema.CURRENT, Schema.NEWER):
                return False
            if before.revision is not None and self.is_sqlite:
                await asyncio.to_thread(self._copy_before, before.revision)
            async with self._writer.begin() as connection:
                await connection.run_sync(_upgrade, to)
        except TROUBLE as wrong:
            raise Misconfigured([f"The database cannot be used: {reason(wrong)}."]) from wrong
        return True

    async def stamp(self) -> Stamp:
        """Raises one of core.data.trouble.TROUBLE where the database cannot be asked."""
        async with self.engine.connect() as connection:
            return await connection.run_sync(schema.stamp_of)

    async def schema(self) -> Schema:
        """Raises as `stamp`."""
        return schema.judge(await self.stamp())

    def _copy_before(self, revision: str) -> None:
        file = make_url(self.url).database
        if not file or not Path(file).exists():
            return
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        with sqlite3.connect(file) as source, sqlite3.connect(f"{file}.before-{revision}-{stamp}") as target:
            source.backup(target)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except TROUBLE as wrong:
        if not is_away(wrong):
            raise
        log.error("database away", why=reason(wrong))
        raise TryAgain("database.away") from wrong


async def insert_missing(session: AsyncSession, row: SQLModel, *, update: tuple[str, ...] = ()) -> bool:
    """Insert a row unless its primary key is there already (then set the columns in `update`); whether it wrote.

    One statement, so that two processes that do it at once both go on.
    """
    statement = _insert_missing(type(row), session.get_bind().dialect.name, update)
    return bool((await (await session.connection()).execute(statement, row.model_dump())).rowcount)


@cache
def _insert_missing(kind: type[SQLModel], dialect: str, update: tuple[str, ...]) -> Any:
    table = kind.__table__  # type: ignore[attr-defined]
    statement: Any = (insert_sqlite if dialect == "sqlite" else postgresql.insert)(table)
    keys = list(table.primary_key.columns)
    if not update:
        return statement.on_conflict_do_nothing(index_elements=keys)
    changes = {name: statement.excluded[name] for name in update}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


def _upgrade(connection: Any, to: str) -> None:
    """Alembic is loaded only where there is something to migrate."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
