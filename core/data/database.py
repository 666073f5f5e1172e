"""Opening the database: SQLite in WAL mode or PostgreSQL by URL; sessions; migrations."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from core.errors import Misconfigured

MIGRATIONS = Path(__file__).with_name("migrations")


class Database:
    """One engine. `session()` reads; `begin()` is one transaction, committed at its end."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine: AsyncEngine = create_async_engine(url, pool_pre_ping=not self.is_sqlite)
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            # BEGIN IMMEDIATE: a writer waits for the lock at once and never fails half-way through.
            self._writes: asyncio.Lock | None = asyncio.Lock()
        else:
            self._writes = None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        if self._writes is None:
            async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
                yield session
            return
        async with self._writes, AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def close(self) -> None:
        await self.engine.dispose()

    async def migrate(self) -> bool:
        """Bring the schema up to date; True if it changed. Misconfigured where the file is no database."""
        try:
            async with self.engine.connect() as connection:
                before = await connection.run_sync(_revision)
            if before == self.newest():
                return False
            if before is not None and self.is_sqlite:
                await asyncio.to_thread(self._copy_before, before)
            async with self.engine.begin() as connection:
                await connection.run_sync(_upgrade)
        except (OperationalError, DatabaseError) as wrong:
            raise Misconfigured([f"The database cannot be used: {wrong.orig}."]) from wrong
        return True

    async def is_current(self) -> bool:
        async with self.engine.connect() as connection:
            return bool(await connection.run_sync(_revision) == self.newest())

    @staticmethod
    def newest() -> str | None:
        return ScriptDirectory(str(MIGRATIONS)).get_current_head()

    def _copy_before(self, revision: str) -> None:
        file = make_url(self.url).database
        if not file or not Path(file).exists():
            return
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        with sqlite3.connect(file) as source, sqlite3.connect(f"{file}.before-{revision}-{stamp}") as target:
            source.backup(target)


async def insert_missing(session: AsyncSession, row: SQLModel, *, update: tuple[str, ...] = ()) -> None:
    """Insert a row unless its primary key is there already (then set the columns in `update`).

    One statement, so that two processes that do it at once both go on.
    """
    table = type(row).__table__  # type: ignore[attr-defined]
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement: Any = insert(table).values(row.model_dump())
    keys = list(table.primary_key.columns)
    changes = {name: statement.excluded[name] for name in update}
    statement = (
        statement.on_conflict_do_update(index_elements=keys, set_=changes)
        if changes
        else statement.on_conflict_do_nothing(index_elements=keys)
    )
    await (await session.connection()).execute(statement)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _revision(connection: Any) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Any) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
