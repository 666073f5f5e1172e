"""Tokens for programs: made by a member, shown once, stored as a hash, with scopes and an end.

A token is `dormouse_<id>_<secret>`. Its secret has 256 bits from the system's random source, so one round of SHA-256 is
enough: nobody can try them all, which is what slow hashes are for.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, func, select

from core import once
from core.accounts.scopes import Scope, in_order
from core.data.database import Database, insert_missing
from core.data.tables import MemberRow, TokenRow
from core.errors import BadInput, LimitReached, NotFound
from core.guilds.access import Actor
from core.typed import one_line
from core.words import new_server_id

MOST = 20
DAYS = range(1, 366)
DEFAULT_DAYS = 90
LONGEST_NAME = 40
USED_EVERY = timedelta(minutes=5)
"""So exactly is it kept when a token was used: a program that asks all day shall not write all day."""

_TOKEN = re.compile(r"dormouse_([a-z][a-z2-7]{11})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Token:
    """`name` as typed. `used_at`: within USED_EVERY; None: never."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    ends_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """For whom a token stands."""

    user: int
    name: str
    token: str
    scopes: frozenset[Scope]
    ends_at: datetime


class Tokens:
    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def make(
        self,
        actor: Actor,
        name: str,
        scopes: frozenset[Scope],
        days: int = DEFAULT_DAYS,
        until: datetime | None = None,
    ) -> tuple[Token, str]:
        """A new token, and what a program sends: nobody can read that again. `until`: it ends then at the latest.
        BadInput where the name is empty or too long, or `days` not in DAYS; LimitReached beyond MOST."""
        name, now = one_line(name), self._now()
        if not 1 <= len(name) <= LONGEST_NAME:
            raise BadInput("token.name", most=LONGEST_NAME)
        if days not in DAYS:
            raise BadInput("token.days", low=DAYS[0], high=DAYS[-1])
        secret, ends_at = secrets.token_urlsafe(32), now + timedelta(days=days)
        row = TokenRow(
            id=new_server_id(),
            user=actor.user,
            owner_name=actor.name,
            name=name,
            scopes=list(in_order(scopes)),
            hash=_hash(secret),
            created_at=now,
            ends_at=ends_at if until is None else min(ends_at, until),
        )
        async with self._database.begin() as session:
            await once.claim(session, now)
            standing = select(func.count()).where(TokenRow.user == actor.user, TokenRow.ends_at > now)
            if (await session.exec(standing)).one() >= MOST:
                raise LimitReached("token.most", most=MOST)
            if actor.guild:  # a guild of theirs, whatever else they did there
                await insert_missing(session, MemberRow(guild=actor.guild, user=actor.user, name=actor.name))
            session.add(row)
        return _token(row), f"dormouse_{row.id}_{secret}"

    async def list(self, user: int) -> list[Token]:
        """Those that have not ended, the newest first."""
        mine = select(TokenRow).where(TokenRow.user == user, TokenRow.ends_at > self._now())
        async with self._database.session() as session:
            return [_token(row) for row in await session.exec(mine.order_by(col(TokenRow.created_at).desc()))]

    async def revoke(self, user: int, token: str) -> Token:
        """By its id or its name. NotFound where they have none such."""
        typed = token.strip()
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            mine = select(TokenRow).where(TokenRow.user == user, TokenRow.ends_at > self._now())
            rows = list(await session.exec(mine.with_for_update()))
            row = next((row for row in rows if row.id == typed), None)
            row = row or next((row for row in rows if row.name.casefold() == typed.casefold()), None)
            if row is None:
                raise NotFound("token.not_found")
            await session.delete(row)
            return _token(row)

    async def read(self, sent: str) -> Bearer | None:
        """None for anything but a token of ours that has not ended."""
        if not (found := _TOKEN.fullmatch(sent)):
            return None
        now = self._now()
        async with self._database.session() as session:
            row = await session.get(TokenRow, found[1])
        if row is None or not hmac.compare_digest(row.hash, _hash(found[2])) or row.ends_at <= now:
            return None
        if row.used_at is None or now - row.used_at >= USED_EVERY:
            await self._used(row.id, now)
        return Bearer(row.user, row.owner_name, row.id, frozenset(in_order(row.scopes)), row.ends_at)

    async def _used(self, token: str, now: datetime) -> None:
        async with self._database.begin() as session:
            row = await session.get(TokenRow, token)
            if row is not None:
                row.used_at = now
                session.add(row)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: TokenRow) -> Token:
    return Token(row.id, row.name, tuple(in_order(row.scopes)), row.created_at, row.ends_at, row.used_at)
