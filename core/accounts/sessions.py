"""Browsers in which somebody signed in. Who has the cookie is signed in; only its hash is stored.

A session ends after IDLE without a request, after LONGEST whatever happens, and when somebody signs out or revokes it.
Its secret is made at each sign-in, so that nobody can bring one along, and exchanged for another by `rotate` where
rights change.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import col, select

from core.data.database import Database
from core.data.tables import SessionRow

IDLE, LONGEST = timedelta(days=7), timedelta(days=30)
SEEN_EVERY = timedelta(minutes=5)
"""So exactly is it kept when a session was used."""
MOST = 20
"""Browsers of one person; the one that was used longest ago is signed out for the next."""


@dataclass(frozen=True, slots=True)
class WebSession:
    """`key` names it in lists; it lets nobody in. `guilds`: theirs as Discord told at the sign-in."""

    key: str
    user: int
    name: str
    guilds: tuple[int, ...]
    created_at: datetime
    seen_at: datetime
    agent: str


class Sessions:
    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def begin(self, user: int, name: str, guilds: Iterable[int] = (), agent: str = "") -> str:
        """Somebody proved who they are. Gives the cookie's secret."""
        secret, now = secrets.token_urlsafe(32), self._now()
        row = SessionRow(
            key=_key(secret),
            user=user,
            name=name,
            guilds=list(guilds),
            created_at=now,
            seen_at=now,
            agent=agent[:200],
        )
        async with self._database.begin() as session:
            over = (col(SessionRow.seen_at) < now - IDLE) | (col(SessionRow.created_at) < now - LONGEST)
            await (await session.connection()).execute(delete(SessionRow).where(over))
            mine = select(SessionRow).where(SessionRow.user == user).order_by(col(SessionRow.seen_at).desc())
            for old in list(await session.exec(mine))[MOST - 1 :]:
                await session.delete(old)
            session.add(row)
        return secret

    async def read(self, secret: str) -> WebSession | None:
        """None where nobody is signed in with this."""
        now, key = self._now(), _key(secret)
        async with self._database.session() as session:
            row = await session.get(SessionRow, key)
        if row is None or not _holds(row, now):
            return None
        if now - row.seen_at >= SEEN_EVERY:
            async with self._database.begin() as session:
                if (seen := await session.get(SessionRow, key)) is not None:
                    seen.seen_at = now
                    session.add(seen)
        return _session(row)

    async def rotate(self, secret: str) -> str | None:
        """The same session under another secret; the old one lets nobody in any more. None where there is none."""
        new = secrets.token_urlsafe(32)
        async with self._database.begin() as session:
            row = await session.get(SessionRow, _key(secret), with_for_update=True)
            if row is None or not _holds(row, self._now()):
                return None
            copy = SessionRow(**(row.model_dump() | {"key": _key(new)}))
            await session.delete(row)
            await session.flush()
            session.add(copy)
        return new

    async def list(self, user: int) -> list[WebSession]:
        """Those that have not ended, the one used last first."""
        mine = select(SessionRow).where(SessionRow.user == user).order_by(col(SessionRow.seen_at).desc())
        async with self._database.session() as session:
            return [_session(row) for row in await session.exec(mine) if _holds(row, self._now())]

    async def end(self, user: int, key: str) -> bool:
        """One of theirs, by its `key`. Whether there was such a one."""
        async with self._database.begin() as session:
            row = await session.get(SessionRow, key)
            if row is None or row.user != user:
                return False
            await session.delete(row)
        return True

    async def sign_out(self, secret: str) -> None:
        """The session that has this secret, if there is one."""
        async with self._database.begin() as session:
            row = await session.get(SessionRow, _key(secret))
            if row is not None:
                await session.delete(row)


def form_mark(secret: str) -> str:
    """What a form of this session carries, so that no other site can send one: OWASP's HMAC-based token pattern."""
    return hmac.digest(secret.encode(), b"form", "sha256").hex()


def _key(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _holds(row: SessionRow, now: datetime) -> bool:
    return now - row.seen_at < IDLE and now - row.created_at < LONGEST


def _session(row: SessionRow) -> WebSession:
    return WebSession(row.key, row.user, row.name, tuple(row.guilds), row.created_at, row.seen_at, row.agent)
