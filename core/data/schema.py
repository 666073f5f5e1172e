"""Which schema a database holds, and whether this version may use it.

Every migration says in OLDEST_CODE which is the oldest revision whose code may use the schema after it, and running it
writes that into `meta`, in its own transaction. So an older version and a newer one can use one database, until a
migration forbids it. A version's own revision is its newest migration.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sqlalchemy import Connection, inspect, text

MIGRATIONS = Path(__file__).with_name("migrations")
REVISIONS = "alembic_version"
"""The table in which alembic keeps the revision."""
OLDEST_CODE = "oldest_code"
"""The key in `meta`."""
TOO_NEW = "The database was made by a newer Dormouse: start that version, or put the copy from before its upgrade back."


class Schema(Enum):
    """What a database holds, compared with what this version needs."""

    NONE = "nothing yet"
    OLD = "made by an older version: to be migrated"
    CURRENT = "as this version needs it"
    NEWER = "made by a newer version, which lets this one use it"
    TOO_NEW = "made by a newer version, which this one must not touch"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a database says of its schema. `oldest_code` is None where no migration of it has said one."""

    revision: str | None
    oldest_code: str | None = None


def stamp_of(connection: Connection) -> Stamp:
    tables = inspect(connection)
    if not tables.has_table(REVISIONS):
        return Stamp(None)
    revision = connection.scalar(text(f"SELECT version_num FROM {REVISIONS}"))
    oldest = None
    if tables.has_table("meta"):
        oldest = connection.scalar(text("SELECT value FROM meta WHERE key = :key"), {"key": OLDEST_CODE})
    return Stamp(revision, oldest)


def set_oldest_code(connection: Connection, revision: str) -> None:
    connection.execute(text("DELETE FROM meta WHERE key = :key"), {"key": OLDEST_CODE})
    connection.execute(text("INSERT INTO meta VALUES (:key, :value)"), {"key": OLDEST_CODE, "value": revision})


def judge(stamp: Stamp) -> Schema:
    """The one rule for a start, a check, a migration and a copy that is put back."""
    known = revisions()
    if stamp.revision is None:
        return Schema.NONE
    if stamp.revision == known[-1]:
        return Schema.CURRENT
    if stamp.revision in known:
        return Schema.OLD
    return Schema.NEWER if stamp.oldest_code is not None and stamp.oldest_code <= known[-1] else Schema.TOO_NEW


def revisions() -> list[str]:
    """Those that this version has a migration to, its own last. Four digits, so that they compare as text."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))
