"""The part of `dormouse check` that looks into the database."""

from __future__ import annotations

import asyncio

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.check.report import Report
from bot.settings import Settings
from core.data.database import Database
from core.data.schema import TOO_NEW, Schema
from core.data.tables import PortRow, ServerRow
from core.data.trouble import TROUBLE, reason
from core.words import Phase, Problem
from core.worlds.gaps import Gaps

PATIENCE = 15.0  # seconds


async def check(settings: Settings, report: Report) -> set[int]:
    """Looked into, and written to without keeping it. The ports that servers have."""
    if settings.database_url is None and not (settings.data_dir / "dormouse.db").exists():
        report.remarks.append("The database will be made at the first start.")
        return set()
    database = Database(settings.database)
    try:
        async with asyncio.timeout(PATIENCE):
            return await _look_into(database, report)
    except TROUBLE as wrong:
        name = "The database" if settings.database_url is None else "DORMOUSE_DATABASE_URL: the database"
        report.mistakes.append(f"{name} cannot be used: {reason(wrong)}.")
        return set()
    finally:
        await database.close()


async def _look_into(database: Database, report: Report) -> set[int]:
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    schema = await database.schema()
    if schema is Schema.TOO_NEW:
        report.mistakes.append(TOO_NEW)
        return set()
    if schema is Schema.OLD and not database.is_sqlite:
        report.mistakes.append("The database's schema is from an older Dormouse: run `dormouse migrate`.")
    # Neither keeps anything: SQLite's driver would not open a transaction for a CREATE by itself.
    trial = "BEGIN IMMEDIATE" if database.is_sqlite else "CREATE TABLE dormouse_check (written INTEGER)"
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql(trial)
        await connection.rollback()
    if schema in (Schema.NONE, Schema.OLD):
        if schema is Schema.NONE or database.is_sqlite:
            report.remarks.append(f"The database ({kind}) can be written to; a start will bring its schema up to date.")
        return set()
    async with database.session() as session:
        given = set(await session.exec(select(PortRow.port)))
        if schema is Schema.CURRENT:
            await _worlds(session, report)
    what = "is up to date" if schema is Schema.CURRENT else "is of a newer Dormouse, which lets this one use it,"
    report.remarks.append(f"The database ({kind}) {what} and can be written to.")
    return given


async def _worlds(session: AsyncSession, report: Report) -> None:
    """Servers whose world could not be saved the last time, or whose newest snapshot is not all of it."""
    there = select(ServerRow).where(ServerRow.phase != Phase.DELETED).order_by(col(ServerRow.id))
    for row in await session.exec(there.where(ServerRow.unsaved_why != "")):
        good = f"the last good one is of {row.saved_at:%Y-%m-%d %H:%M} UTC" if row.saved_at else "there is none yet"
        why = _WHY.get(row.unsaved_why, row.unsaved_why)
        report.mistakes.append(f"The world of {row.id} (guild {row.guild}) could not be saved: {why}; {good}.")
    for row in await session.exec(there.where(col(ServerRow.saved_name).is_not(None))):
        if count := Gaps.of(row.saved_gaps).files:
            lacks = "1 file" if count == 1 else f"{count} files"
            report.remarks.append(
                f"The newest snapshot of {row.id} (guild {row.guild}) lacks {lacks} that could not be read whole: "
                f"`dormouse worlds ls {row.id}` names the first."
            )


_WHY: dict[str, str] = {
    Problem.STORE_REFUSED: "the store refuses the key, or has reached a cap",
    Problem.STORE_AWAY: "the store does not answer",
    Problem.DISK_FULL: "the disk is full",
}
