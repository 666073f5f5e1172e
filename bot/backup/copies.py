"""Copies of the database on the store, and the way back.

backups/<time>.db.gz      SQLite's database as it was at <time> (UTC, YYYYMMDD-HHMMSS)
backups/<time>.rows.gz    PostgreSQL's, row by row (rows.py)
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gzip
import os
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from bot.backup import rows
from bot.settings import Settings
from core.children import Program, minimal_env, run_child
from core.data import schema
from core.data.database import Database
from core.data.lease import Lease
from core.data.schema import Schema
from core.data.trouble import TROUBLE, reason
from core.errors import Misconfigured
from core.worlds.store import Store, Version

EVERY = timedelta(minutes=15)
PREFIX = "backups/"
DAY_FULL, DAYS = timedelta(days=1), timedelta(days=30)
"""All copies of one day stay, one a day of thirty."""

_FORMAT = "%Y%m%d-%H%M%S"
_FILE, _ROWS = ".db.gz", ".rows.gz"
DATABASE = "DORMOUSE_DATABASE_URL"
"""Where the child process is told the database's URL."""
_OTHER_WITHIN = 5.0  # seconds to see whether another process holds the lease


def take(database: str, folder: Path, store: Store, now: datetime) -> Version:
    """A consistent copy, also while it is written to; old ones are hidden. `database`: its URL; `folder`: for files on
    the way. Raises StoreError, sqlite3.Error, OSError, sqlalchemy's DBAPIError."""
    url = make_url(database)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        packed = Path(place, "copy.gz")
        if url.get_backend_name() == "sqlite":
            _pack_file(Path(str(url.database)), packed)
        else:
            asyncio.run(_pack_rows(database, packed))
        made = store.put_file(f"{PREFIX}{_next(store, now).strftime(_FORMAT)}{_ending(database)}", packed)
    for key in _old([each.key for each in store.list(PREFIX)], now):
        store.hide(key)
    return made


def _next(store: Store, now: datetime) -> datetime:
    """Now, but after all copies that there are: the newest is the last one by name, also where the clock was set
    back."""
    taken = [at for each in store.list(PREFIX) if (at := _time(each.key))]
    return max([now, *(at + timedelta(seconds=1) for at in taken)])


def _pack_file(database: Path, packed: Path) -> None:
    copy = packed.with_name("copy.db")
    if not database.is_file():  # and not: make one
        raise FileNotFoundError(errno.ENOENT, "there is no database yet", str(database))
    with contextlib.closing(sqlite3.connect(database)) as source, contextlib.closing(sqlite3.connect(copy)) as to:
        source.backup(to)
    with copy.open("rb") as plain, gzip.open(packed, "wb", compresslevel=6) as target:
        shutil.copyfileobj(plain, target)


async def _pack_rows(database: str, packed: Path) -> None:
    opened = Database(database)
    try:
        await rows.write(opened, packed)
    finally:
        await opened.close()


async def keep(settings: Settings) -> None:
    """Take a copy in a child process. Raises ChildFailed."""
    env = minimal_env(str(settings.data_dir.absolute()), python=True) | settings.store_place.env
    await run_child(Program.BACKUP, [], env=env | {DATABASE: settings.database}, cwd=settings.data_dir)


def found(store: Store) -> list[Version]:
    """Newest first."""
    return [each for each in reversed(list(store.list(PREFIX))) if _time(each.key)]


def name(copy: Version) -> str:
    """As people type it."""
    return copy.key.removeprefix(PREFIX).partition(".")[0]


def restore(store: Store, wanted: str, database: str, folder: Path) -> str | None:
    """Put a copy (`newest`, or as `name` says) in the place of the database; where that was moved to.

    The bot must not run. Misconfigured where there is no such copy, it is damaged, or a bot does run.
    """
    chosen = next((each for each in found(store) if wanted in ("newest", name(each))), None)
    if chosen is None:
        raise Misconfigured([f"There is no copy {wanted}: `dormouse backup ls` shows those there are."])
    if not chosen.key.endswith(_ending(database)):
        other = "PostgreSQL" if chosen.key.endswith(_ROWS) else "SQLite"
        raise Misconfigured([f"The copy {name(chosen)} is of a {other}: it goes back into one of its own kind only."])
    stamp = datetime.now(UTC).strftime(_FORMAT)
    folder.mkdir(parents=True, exist_ok=True)
    url = make_url(database)
    if url.get_backend_name() == "sqlite":
        return _put_file(store, chosen, Path(str(url.database)), stamp)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        packed = Path(place, "copy.gz")
        packed.write_bytes(store.get(chosen.key))
        return asyncio.run(_put_rows(database, packed, stamp))


def _put_file(store: Store, chosen: Version, database: Path, stamp: str) -> str | None:
    database.parent.mkdir(parents=True, exist_ok=True)
    new = database.with_name(database.name + ".new")
    try:
        new.write_bytes(gzip.decompress(store.get(chosen.key)))
        with contextlib.closing(sqlite3.connect(new)) as opened:
            said = opened.execute("PRAGMA integrity_check").fetchone()[0]
        found = _stamp_of(new) if said == "ok" else None
    except (OSError, EOFError, zlib.error, sqlite3.Error, DBAPIError) as wrong:
        raise Misconfigured([f"The copy {name(chosen)} is damaged ({wrong}): take another one."]) from wrong
    if found is None:
        raise Misconfigured([f"The copy {name(chosen)} is damaged ({said}): take another one."])
    if schema.judge(found) is Schema.TOO_NEW:
        raise rows.too_new(found.revision)
    aside = None
    if database.exists():
        aside = database.with_name(f"{database.name}.aside-{stamp}")
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{database}{ending}", f"{aside}{ending}")
    os.replace(new, database)
    return str(aside) if aside else None


def _stamp_of(file: Path) -> schema.Stamp:
    engine = create_engine("sqlite://", creator=partial(sqlite3.connect, file), poolclass=NullPool)
    with engine.connect() as connection:
        return schema.stamp_of(connection)


async def _put_rows(database: str, packed: Path, stamp: str) -> str | None:
    opened = Database(database)
    try:
        await opened.schema()  # says by itself why it cannot be used
        async with _no_other(opened):
            return await rows.read(opened, packed, stamp)
    except TROUBLE as wrong:
        raise Misconfigured([f"The database cannot be used: {reason(wrong)}."]) from wrong
    finally:
        await opened.close()


@contextlib.asynccontextmanager
async def _no_other(database: Database) -> AsyncIterator[None]:
    """Hold what a running bot holds, on whatever machine it is. Misconfigured where one does run."""
    ours, over = asyncio.Event(), asyncio.Event()

    async def keep_it() -> None:
        ours.set()
        await over.wait()

    holding = asyncio.create_task(Lease(database, "control").hold(keep_it))
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ours.wait(), _OTHER_WITHIN)
        if not ours.is_set():
            raise Misconfigured(["Another Dormouse is running on this database: stop that one first."])
        yield
    finally:
        over.set()
        if not ours.is_set():
            holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)


def _old(keys: Iterable[str], now: datetime) -> list[str]:
    """Keys of copies that are not kept."""
    days: set[object] = set()
    going = []
    for key in sorted(keys, reverse=True):
        at = _time(key)
        if at is None or at > now - DAY_FULL:
            continue
        if at < now - DAYS or at.date() in days:
            going.append(key)
        days.add(at.date())
    return going


def _time(key: str) -> datetime | None:
    stamp, _, ending = key.removeprefix(PREFIX).partition(".")
    try:
        return datetime.strptime(stamp, _FORMAT).replace(tzinfo=UTC) if f".{ending}" in (_FILE, _ROWS) else None
    except ValueError:
        return None


def _ending(database: str) -> str:
    return _FILE if make_url(database).get_backend_name() == "sqlite" else _ROWS
