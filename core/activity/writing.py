"""What is kept of play, in as few statements as there can be: sessions of many looks, and buckets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from core.activity.buckets import Bucket
from core.activity.sessions import Look, follow
from core.data.tables import BucketRow, PlaySessionRow

_SESSIONS: Any = PlaySessionRow.__table__  # type: ignore[attr-defined]
_OPEN = select(_SESSIONS.c.server, _SESSIONS.c.name, _SESSIONS.c.id, _SESSIONS.c.began).where(
    _SESSIONS.c.server.in_(bindparam("servers", expanding=True)), _SESSIONS.c.ended.is_(None)
)
_END = (
    update(_SESSIONS)
    .where(_SESSIONS.c.id == bindparam("session"))
    .values(ended=bindparam("at"), ended_seen=bindparam("seen"))
)
_BEGIN = insert(_SESSIONS)


@dataclass(frozen=True, slots=True)
class Step:
    """From one look at a server to the next. `named`: its guild has the names of players kept. `gap`: after that long
    nothing is known of the time between."""

    server: str
    named: bool
    before: Look | None
    now: Look
    gap: timedelta


async def write_sessions(session: AsyncSession, steps: Sequence[Step]) -> None:
    """Sessions that begin or end by these steps, each of another server: the same as by one after the other."""
    if not steps:
        return
    connection = await session.connection()
    open_ = await _open(connection, [each.server for each in steps])
    ends, begins = list[dict[str, Any]](), list[dict[str, Any]]()
    for step in steps:
        found = open_[step.server]
        changes = follow(found, step.before, step.now, step.gap)
        for end in changes.ended:
            number, began = found[end.name]
            ends.append({"session": number, "at": max(began, end.at), "seen": end.seen})
        for begin in changes.begun:
            if step.named or not begin.name:
                begins.append({"server": step.server, "name": begin.name, "began": begin.at, "began_seen": begin.seen})
    if ends:  # before one of the same name begins
        await connection.execute(_END, ends)
    if begins:
        await connection.execute(_BEGIN, [{"ended": None, "ended_seen": False} | each for each in begins])


async def _open(connection: AsyncConnection, servers: list[str]) -> dict[str, dict[str, tuple[int, datetime]]]:
    """By server and name: the session's number, and when it began."""
    found: dict[str, dict[str, tuple[int, datetime]]] = defaultdict(dict)
    for server, name, number, began in await connection.execute(_OPEN, {"servers": servers}):
        found[server][name] = (number, began)
    return found


async def write_buckets(session: AsyncSession, buckets: Iterable[tuple[str, Bucket]]) -> None:
    """Each with its server. Of two of the same time the one that knows more of it stays."""
    if rows := [_values(server, bucket) for server, bucket in buckets]:
        statement = _upsert(session.get_bind().dialect.name)
        await (await session.connection()).execute(statement, rows)


@cache
def _upsert(dialect: str) -> Any:
    table = BucketRow.__table__  # type: ignore[attr-defined]
    statement: Any = (insert_sqlite if dialect == "sqlite" else postgresql.insert)(table)
    kept = {name: statement.excluded[name] for name in ("known", "seconds", "low", "high", "cpu", "memory")}
    keys = [table.c.server, table.c.span, table.c.start]
    return statement.on_conflict_do_update(
        index_elements=keys, set_=kept, where=statement.excluded.known > table.c.known
    )


def _values(server: str, bucket: Bucket) -> dict[str, Any]:
    return {
        "server": server,
        "span": bucket.span,
        "start": bucket.start,
        "known": bucket.known,
        "seconds": bucket.seconds,
        "low": bucket.low,
        "high": bucket.high,
        "cpu": bucket.cpu,
        "memory": bucket.memory,
    }
