"""The database that the settings name: opened for a start, and migrated by hand."""

from __future__ import annotations

import structlog

from bot.backup import copies
from bot.settings import Settings
from core.children import ChildFailed
from core.data import schema
from core.data.database import Database
from core.data.schema import Schema
from core.data.trouble import TROUBLE, reason
from core.errors import Misconfigured

log = structlog.get_logger()


async def open_database(settings: Settings) -> Database:
    """With a schema that this version may use. An old one is migrated on SQLite, after a copy; on PostgreSQL, where
    others may be using it, that is for `dormouse migrate`: Misconfigured."""
    database = Database(settings.database)
    try:
        stamp = await database.stamp()
        found = schema.judge(stamp)
        if found is Schema.OLD and not database.is_sqlite:
            raise Misconfigured(
                ["The database's schema is from an older Dormouse: run `dormouse migrate`, then start."]
            )
        if found is Schema.NEWER:
            own = schema.revisions()[-1]
            log.info("schema of a newer version", schema=stamp.revision, own=own, oldest_code=stamp.oldest_code)
        if found is Schema.OLD and (missing := await _keep_before(settings)):
            log.warning("no copy on the store before the upgrade", detail=missing)
        await database.migrate()
    except TROUBLE as wrong:
        await database.close()
        raise Misconfigured([f"The database cannot be used: {reason(wrong)}."]) from wrong
    except Misconfigured:
        await database.close()
        raise
    return database


async def migrate(settings: Settings) -> tuple[Schema, str]:
    """Bring the schema up to date: what it was before, and why there is no copy on the store from before, or "".

    Misconfigured where it cannot be done.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    try:
        found = await database.schema()
        missing = await _keep_before(settings) if found is Schema.OLD else ""
        await database.migrate()
    except TROUBLE as wrong:
        raise Misconfigured([f"The database cannot be used: {reason(wrong)}."]) from wrong
    finally:
        await database.close()
    return found, missing


async def _keep_before(settings: Settings) -> str:
    """A copy on the store; why it took none, or "". SQLite's own lies beside the database in any case."""
    try:
        await copies.keep(settings)
    except ChildFailed as wrong:
        return wrong.detail
    return ""
