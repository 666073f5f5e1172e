"""All rows of a PostgreSQL as a file, and back: needs no program of PostgreSQL's on this machine.

gzip of JSON lines. The first says the schema's revision, each other one `[table, row]` with the row as `row_to_json`
writes it, parents before children, and the last how many there were: a file that was cut is known. What `meta` says
of the schema is left out, as alembic's table is: both come with the schema.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.data.database import Database
from core.data.schema import OLDEST_CODE, REVISIONS, revisions
from core.errors import Misconfigured

_BUT = {"meta": f" WHERE key <> '{OLDEST_CODE}'"}
_AT_ONCE = 500  # rows of one INSERT


async def write(database: Database, file: Path) -> None:
    """Everything as it was at one moment, while others go on writing. Raises one of core.data.trouble.TROUBLE."""
    async with database.engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        revision = await connection.scalar(text(f"SELECT version_num FROM {REVISIONS}"))
        count = 0
        with gzip.open(file, "wt", encoding="utf-8", compresslevel=6) as target:
            target.write(json.dumps({"schema": revision}) + "\n")
            for table in await connection.run_sync(_tables):
                query = text(f'SELECT row_to_json(each)::text FROM "{table}" each{_BUT.get(table, "")}')
                async for (row,) in await connection.stream(query):
                    target.write(json.dumps([table, json.loads(row)]) + "\n")
                    count += 1
            target.write(json.dumps({"rows": count}) + "\n")


async def read(database: Database, file: Path, stamp: str) -> str | None:
    """Make the database what it was. Tables that are there are moved to a schema `aside-<stamp>`, which is returned.

    All rows come in one transaction. Raises Misconfigured where the file is damaged or of a newer version (nothing was
    changed then), and one of core.data.trouble.TROUBLE.
    """
    revision = _checked(file)
    if revision not in revisions():
        raise too_new(revision)  # even if this version could use that schema: it cannot make it
    async with database.engine.begin() as connection:
        aside = await _move_aside(connection, f"aside-{stamp}")
    await database.migrate(revision)
    async with database.engine.begin() as connection:
        for table, rows in _batches(file):
            await connection.execute(
                text(
                    f'INSERT INTO "{table}" SELECT * FROM json_populate_recordset(NULL::"{table}", CAST(:rows AS json))'
                ),
                {"rows": "[" + ",".join(rows) + "]"},
            )
        await connection.run_sync(_count_on)
    await database.migrate()
    return aside


def too_new(revision: str | None) -> Misconfigured:
    return Misconfigured(
        [
            f"The copy has the schema of a newer Dormouse ({revision}): put it back with that version, "
            "or take an older copy."
        ]
    )


def _tables(connection: Connection) -> list[str]:
    """Parents first."""
    found = [table for table, _ in inspect(connection).get_sorted_table_and_fkc_names() if table]
    return [table for table in found if table != REVISIONS]


async def _move_aside(connection: AsyncConnection, schema: str) -> str | None:
    tables = await connection.run_sync(lambda at: inspect(at).get_table_names())
    if not tables:
        return None
    await connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    for table in tables:  # with their indexes and sequences
        await connection.execute(text(f'ALTER TABLE "{table}" SET SCHEMA "{schema}"'))
    return schema


def _count_on(connection: Connection) -> None:
    """New rows get numbers beyond those that came back."""
    for table in _tables(connection):
        for column in inspect(connection).get_columns(table):
            if "nextval" in str(column.get("default") or ""):
                name = column["name"]
                connection.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('\"{table}\"', '{name}'),"
                        f' coalesce(max("{name}"), 1), max("{name}") IS NOT NULL) FROM "{table}"'
                    )
                )


def _checked(file: Path) -> str:
    """The revision, once every line was read."""
    try:
        lines = _lines(file)
        revision, last, count = str(next(lines)["schema"]), None, -1
        for count, last in enumerate(lines):  # noqa: B007 - what they are in the end
            pass
        if not isinstance(last, dict) or last["rows"] != count:
            raise ValueError("it has no end")
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, StopIteration) as wrong:
        raise Misconfigured([f"The copy is damaged ({wrong}): take another one."]) from wrong
    return revision


def _lines(file: Path) -> Iterator[Any]:
    with gzip.open(file, "rt", encoding="utf-8") as source:
        for line in source:
            yield json.loads(line)


def _batches(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Rows of one table, as JSON."""
    table, rows = "", list[str]()
    for line in _lines(file):
        if isinstance(line, dict):
            continue
        if rows and (line[0] != table or len(rows) >= _AT_ONCE):
            yield table, rows
            rows = []
        table = line[0]
        rows.append(json.dumps(line[1]))
    if rows:
        yield table, rows
