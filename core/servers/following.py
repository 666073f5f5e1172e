"""Who is told by direct message when players join a server: `/server follow`.

Nobody but the follower is concerned, so it makes no event. A follow ends by its follower, with its server, and where
its follower may not join any more or takes no direct message.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, delete, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.clock import APART
from core.data.database import Database
from core.data.tables import FollowRow, GuildRow, ServerRow
from core.errors import LimitReached, Refusal, TryAgain
from core.guilds.access import Actor, Do
from core.guilds.membership import Membership
from core.notices import outbox
from core.notices.kinds.notices import FollowNotice
from core.notices.names import named
from core.servers.rows import ServerRows
from core.servers.views import ServerView, ServerViews
from core.words import Gone, Unknown

NOT_AGAIN_WITHIN = timedelta(minutes=15)
"""A follower is told of one server at most so often; who joins meanwhile is not told of later."""
TOLD_WITHIN = timedelta(minutes=5)
"""What could not be said by then is not said any more."""
MOST_FOLLOWERS = 100
"""Of one server: each costs two requests to Discord when somebody joins."""


@dataclass(frozen=True, slots=True)
class Followed:
    """`follows`: from now on. `changed`: it was another before."""

    server: ServerView
    follows: bool
    changed: bool = True


class Following:
    def __init__(
        self,
        database: Database,
        rows: ServerRows,
        views: ServerViews,
        membership: Membership,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._rows = rows
        self._views = views
        self._membership = membership
        self._now = now

    async def follow(self, actor: Actor, server: str, language: str | None = None, *, toggles: bool = True) -> Followed:
        """Begin; where the actor follows it already, that ends, if it `toggles`. LimitReached where so many do."""
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            row = await self._rows.find(session, actor, server, Do.FOLLOW, lock=True)
            if not toggles and await session.get(FollowRow, (row.id, actor.user)) is not None:
                return Followed(await self._views.of(session, row), follows=True, changed=False)
            if await self._end(session, row.id, actor.user):
                return Followed(await self._views.of(session, row), follows=False)
            count = select(func.count()).where(col(FollowRow.server) == row.id)
            if (await session.exec(count)).one() >= MOST_FOLLOWERS:
                raise LimitReached("follow.full", name=row.name, most=MOST_FOLLOWERS)
            session.add(FollowRow(server=row.id, user=actor.user, language=language))
            return Followed(await self._views.of(session, row), follows=True)

    async def stop(self, actor: Actor, server: str) -> Followed:
        """By the button of a direct message, so whatever rights are left. Twice is once."""
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            row = await session.get(ServerRow, server)
            if row is not None and row.guild == actor.guild and await self._end(session, row.id, actor.user):
                return Followed(await self._views.of(session, row), follows=False)
            row = await self._rows.find(session, actor, server, Do.SEE)
            return Followed(await self._views.of(session, row), follows=False, changed=False)

    async def may_be_told(self, server: str, user: int, since: datetime) -> bool:
        """Whether a follower is to be told now of who joined at `since`; not where nobody knows. The follow of one who
        left the guild, or may not join any more, ends."""
        if self._now() - since > TOLD_WITHIN:
            return False
        async with self._database.session() as session:
            row, follow = await session.get(ServerRow, server), await session.get(FollowRow, (server, user))
        if row is None or follow is None:
            return False
        found = await self._membership.of(row.guild, user)
        if isinstance(found, Unknown):
            return False
        if not isinstance(found, Gone):
            actor = Actor(user, row.guild, roles=found.roles, manages_guild=found.manages_guild)
            try:
                async with self._database.session() as session:
                    await self._rows.find(session, actor, server, Do.FOLLOW)
            except TryAgain:
                return False
            except Refusal:
                pass
            else:
                return True
        async with self._database.begin() as session:
            await self._end(session, server, user)
        return False

    async def _end(self, session: AsyncSession, server: str, user: int) -> bool:
        """Whether there was anything to end."""
        theirs = delete(FollowRow).where(col(FollowRow.server) == server, col(FollowRow.user) == user)
        return bool((await session.exec(theirs)).rowcount)


async def due_follows(session: AsyncSession, servers: Collection[str], now: datetime) -> dict[str, list[FollowRow]]:
    """Who is to be told now that somebody joined one of these servers, locked."""
    due = or_(
        col(FollowRow.told_at).is_(None),
        col(FollowRow.told_at) <= now - NOT_AGAIN_WITHIN,
        col(FollowRow.told_at) > now + APART,  # written before the clock was set back
    )
    query = select(FollowRow).where(col(FollowRow.server).in_(servers), due)
    found: dict[str, list[FollowRow]] = {}
    for follow in await session.exec(query.order_by(col(FollowRow.server), col(FollowRow.user)).with_for_update()):
        found.setdefault(follow.server, []).append(follow)
    return found


async def tell_followers(
    session: AsyncSession,
    row: ServerRow,
    guild: GuildRow | None,
    due: Sequence[FollowRow],
    names: tuple[str, ...],
    online: int,
    now: datetime,
) -> None:
    """Players joined, in this transaction: `names` as far as they are known, `online` players now. `due`: as of
    `due_follows`."""
    shown = named(names, shown=guild is None or guild.player_names)
    for follow in due:
        follow.told_at = now
    notices = [FollowNotice(follow.user, shown, online, follow.language) for follow in due]
    await outbox.say_to_each(session, row, notices, now)
