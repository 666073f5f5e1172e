"""Opening the database: SQLite in WAL mode or PostgreSQL by URL; sessions; migrations."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.trouble import TROUBLE, is_away, reason
from core.errors import Misconfigured, TryAgain

log = structlog.get_logger()
MIGRATIONS = Path(__file__).with_name("migrations")
WRITES = "dormouse_writes"
NEWER = "The database was made by a newer Dormouse: start that version, or put the copy from before its upgrade back."


class Schema(Enum):
    """What a database holds, compared with what this version needs."""

    NONE = "nothing yet"
    OLD = "made by an older version: to be migrated"
    CURRENT = "as this version needs it"
    NEWER = "made by a newer version, which this one must not touch"


class Database:
    """One engine. `session()` reads; `begin()` is one transaction, committed at its end.

    Both raise TryAgain, and log why, where the database is away, full or read-only: nothing was changed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        # Parameters are what people typed, passwords of games among it: no error message repeats them.
        self.engine: AsyncEngine = create_async_engine(url, pool_pre_ping=not self.is_sqlite, hide_parameters=True)
        self._writer = self.engine.execution_options(**{WRITES: True})
        self._writes: asyncio.Lock | None = None
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
            self._writes = asyncio.Lock()  # in one process writers queue here, in order, and not in busy_timeout

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

    async def close(self) -> None:
        await self.engine.dispose()

    async def migrate(self) -> bool:
        """Bring the schema up to date; True if it changed. Misconfigured says in words why it cannot be."""
        try:
            async with self.engine.connect() as connection:
                before = await connection.run_sync(_revision)
            if (found := _compare(before)) is Schema.NEWER:
                raise Misconfigured([NEWER])
            if found is Schema.CURRENT:
                return False
            if before is not None and self.is_sqlite:
                await asyncio.to_thread(self._copy_before, before)
            async with self._writer.begin() as connection:
                await connection.run_sync(_upgrade)
        except TROUBLE as wrong:
            raise Misconfigured([f"The database cannot be used: {reason(wrong)}."]) from wrong
        return True

    async def schema(self) -> Schema:
        """Raises one of core.data.trouble.TROUBLE where the database cannot be asked."""
        async with self.engine.connect() as connection:
            return _compare(await connection.run_sync(_revision))

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
    return bool((await (await session.connection()).execute(statement)).rowcount)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin transactions by itself, late, and never around a change of the schema.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    """A writer takes the lock at once and never fails half-way through; a reader needs no transaction."""
    if connection.get_execution_options().get(WRITES):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _revision(connection: Any) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _compare(revision: str | None) -> Schema:
    script = ScriptDirectory(str(MIGRATIONS))
    if revision is None:
        return Schema.NONE
    if revision == script.get_current_head():
        return Schema.CURRENT
    known = {each.revision for each in script.walk_revisions()}
    return Schema.OLD if revision in known else Schema.NEWER


def _upgrade(connection: Any) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
