"""What somebody set for themselves, in every guild: a language and a time zone. And what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.data.database import Database, insert_missing
from core.data.tables import AccountRow, GuildRow, MemberRow, ServerRow, ShareRow
from core.errors import BadInput
from core.guilds.access import Actor
from core.text import languages
from core.words import Desired
from core.zones import find_zone

SETTABLE = ("language", "time_zone")
MOST_NAMED = 10
MOST_GUILDS = 200
"""Discord lets a person be in so many."""


@dataclass(frozen=True, slots=True)
class Profile:
    """`language` and `time_zone` None: not set. `name`: that they go by in this guild, as last seen. `here`: their
    servers in this guild by name, MOST_NAMED at most; `servers` and `elsewhere` say how many there are."""

    language: str | None = None
    time_zone: str | None = None
    name: str = ""
    here: tuple[str, ...] = ()
    servers: int = 0
    elsewhere: int = 0


class Accounts:
    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def languages(self) -> dict[int, str]:
        """Of all who chose one."""
        chosen = select(AccountRow.user, AccountRow.language).where(col(AccountRow.language).is_not(None))
        async with self._database.session() as session:
            return {user: language for user, language in await session.exec(chosen) if language}

    async def language_of(self, user: int) -> str | None:
        """The language that somebody chose."""
        async with self._database.session() as session:
            return (await session.exec(select(AccountRow.language).where(AccountRow.user == user))).first()

    async def zone_of(self, user: int) -> str | None:
        """The time zone that somebody chose."""
        async with self._database.session() as session:
            return (await session.exec(select(AccountRow.time_zone).where(AccountRow.user == user))).first()

    async def guilds_of(self, user: int, told: Iterable[int] = ()) -> list[int]:
        """Guilds with servers or settings here in which they were seen, own or share something, or which are `told` to
        be theirs: candidates, in order. Whether they are members there now, only Discord knows."""
        seen = select(MemberRow.guild).where(MemberRow.user == user)
        owning = select(ServerRow.guild).where(ServerRow.owner == user, ServerRow.desired != Desired.DELETED)
        shared = select(ServerRow.guild).join(ShareRow, col(ShareRow.server) == ServerRow.id)
        async with self._database.session() as session:
            found = {*await session.exec(seen), *await session.exec(owning)}
            found |= {*await session.exec(shared.where(ShareRow.target == user))}
            if rest := sorted(set(told) - found)[:MOST_GUILDS]:
                ours = select(GuildRow.id).where(col(GuildRow.id).in_(rest))
                with_servers = select(ServerRow.guild).where(col(ServerRow.guild).in_(rest))
                found |= {*await session.exec(ours), *await session.exec(with_servers)}
        return sorted(found)

    async def show(self, actor: Actor) -> Profile:
        async with self._database.session() as session:
            return await _profile(session, actor)

    async def edit(self, actor: Actor, changes: Mapping[str, str | None]) -> Profile:
        """Set what is in `changes` (None unsets it), leave the rest; of who has set nothing, nothing is kept.
        `time_zone` as people type it. BadInput where it is none, or the language one that is not spoken."""
        asked = {key: changes[key] for key in SETTABLE if key in changes}
        if asked.get("language") not in (None, *languages()):
            raise BadInput("edit.choice", setting="language", choices=", ".join(languages()))
        if "time_zone" in asked:
            typed = (asked["time_zone"] or "").strip()
            asked["time_zone"] = find_zone(typed) if typed else None
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            await insert_missing(session, AccountRow(user=actor.user, created_at=self._now()))
            row = await session.get_one(AccountRow, actor.user, with_for_update=True)
            for key, value in asked.items():
                setattr(row, key, value)
            if all(getattr(row, key) is None for key in SETTABLE):
                await session.delete(row)
            else:
                session.add(row)
            await session.flush()
            return await _profile(session, actor)


async def _profile(session: AsyncSession, actor: Actor) -> Profile:
    row = await session.get(AccountRow, actor.user)
    member = await session.get(MemberRow, (actor.guild, actor.user))
    there = (ServerRow.owner == actor.user, ServerRow.desired != Desired.DELETED)
    query = select(ServerRow.name).where(*there, ServerRow.guild == actor.guild).order_by(col(ServerRow.name_key))
    here = list(await session.exec(query))
    others = select(func.count()).where(*there, ServerRow.guild != actor.guild)
    return Profile(
        language=row.language if row else None,
        time_zone=row.time_zone if row else None,
        name=member.name if member else "",
        here=tuple(here[:MOST_NAMED]),
        servers=len(here),
        elsewhere=int((await session.exec(others)).one()),
    )
