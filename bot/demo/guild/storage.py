"""Keeps the guild on disk: JSON documents by kind and id in one SQLite file.

Writes are collected and handed to a thread every `FLUSH_SECONDS`, in one transaction, so that no request waits for the
disk. A process that is killed loses at most that much; a transaction is either whole or absent.
"""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bot.demo.guild.errors import Json

FLUSH_SECONDS = 0.05


class Storage:
    """`folder` None keeps nothing: every read is empty and every write is dropped."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._pending: dict[tuple[str, str], Json | None] = {}
        self._wake = asyncio.Event()
        self._flusher: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="guild-storage")
        self._database: sqlite3.Connection | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(folder / "guild.sqlite", check_same_thread=False, isolation_level=None)
            # Surviving a killed process needs no fsync: the page cache outlives it.
            self._database.executescript(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
                "CREATE TABLE IF NOT EXISTS documents"
                " (kind TEXT, id TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;"
            )

    def read(self, kind: str, *, replace: tuple[str, str] = ("", "")) -> Iterator[tuple[str, Json]]:
        """Every stored document of a kind, smallest id first; `replace` swaps one text for another in all of them."""
        if self._database is None:
            return
        rows = self._database.execute(
            "SELECT id, body FROM documents WHERE kind = ? ORDER BY length(id), id", (kind,)
        ).fetchall()
        old, new = replace
        for key, body in rows:
            yield key, json.loads(body.replace(old, new) if old else body)

    def put(self, kind: str, key: str, body: Json) -> None:
        """Keep `body`; it may still be changed until it is written, and is written as it is then."""
        self._mark(kind, key, body)

    def drop(self, kind: str, key: str) -> None:
        self._mark(kind, key, None)

    def start(self) -> None:
        if self._database is not None:
            self._flusher = asyncio.create_task(self._flush_forever())

    async def stop(self) -> None:
        """Write what is left and close."""
        if self._flusher is not None:
            self._flusher.cancel()
            await asyncio.gather(self._flusher, return_exceptions=True)
        if self._database is not None:
            await self.flush()
            self._database.close()
            self._database = None
        self._thread.shutdown()

    async def flush(self) -> None:
        """When this returns, all that was put before is on disk."""
        if self._database is None:
            return
        pending, self._pending = self._pending, {}
        rows = [(kind, key, None if body is None else json.dumps(body)) for (kind, key), body in pending.items()]
        await asyncio.get_running_loop().run_in_executor(self._thread, _write, self._database, rows)

    def put_file(self, attachment_id: str, data: bytes) -> None:
        if self._folder is not None:
            files = self._folder / "files"
            files.mkdir(exist_ok=True)
            (files / attachment_id).write_bytes(data)

    def file(self, attachment_id: str) -> Path | None:
        """Where the bytes of an attachment are; `attachment_id` must be one that was given out."""
        return None if self._folder is None else self._folder / "files" / attachment_id

    def _mark(self, kind: str, key: str, body: Json | None) -> None:
        if self._database is not None:
            self._pending[kind, key] = body
            self._wake.set()

    async def _flush_forever(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(FLUSH_SECONDS)
            self._wake.clear()
            # Shielded: a cancel in mid-write must not lose the batch that was already taken.
            await asyncio.shield(self.flush())


def _write(database: sqlite3.Connection, rows: list[tuple[str, str, str | None]]) -> None:
    database.execute("BEGIN")
    for kind, key, body in rows:
        if body is None:
            database.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, key))
        else:
            database.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, key, body))
    database.execute("COMMIT")
