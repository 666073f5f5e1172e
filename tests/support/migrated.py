"""Databases as `Database.migrate` leaves them: copies of one that it made, because it takes half a second each time."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

import asyncpg

from core.data.database import Database

TEMPLATE = "migrated"
_ready: set[str] = set()
"""Files and servers that have their template."""


async def file(path: Path) -> None:
    """A new SQLite database in `path`."""
    template = _folder() / f"{TEMPLATE}.db"
    await _make(str(template), f"sqlite+aiosqlite:///{template}")
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(template, path)


async def on_server(server: str, name: str) -> None:
    """A new database on a PostgreSQL server: `postgresql+asyncpg://user@host:port`."""
    connection = await asyncpg.connect(f"{server.replace('+asyncpg', '')}/postgres")
    try:
        if server not in _ready:
            await connection.execute(f"CREATE DATABASE {TEMPLATE}")
            await _make(server, f"{server}/{TEMPLATE}")
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    finally:
        await connection.close()


async def _make(key: str, url: str) -> None:
    if key not in _ready:
        database = Database(url)
        await database.migrate()
        await database.close()
        _ready.add(key)


_folders: list[Path] = []


def _folder() -> Path:
    if not _folders:
        _folders.append(Path(tempfile.mkdtemp(prefix="dormouse-migrated-")))
        atexit.register(shutil.rmtree, _folders[0], ignore_errors=True)
    return _folders[0]
