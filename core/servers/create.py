"""Creating a server: one transaction that takes a name, a port and a place in the quota, or takes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.changes import Changes
from core.data.database import Database
from core.data.tables import CardRow, ServerRow
from core.errors import BadInput, TryAgain
from core.games.catalogue import Catalogue
from core.guilds.access import Actor
from core.guilds.games import pick
from core.guilds.limits import Limits, check_create
from core.notices.kinds import Created
from core.servers import left_guilds, maintenance, names
from core.servers.admission import Admission
from core.servers.events import ServerEvents
from core.servers.ports import Pool
from core.servers.rows import ServerRows
from core.servers.transitions import start_within
from core.servers.views import ServerView, ServerViews
from core.words import Because, Desired, Phase, new_server_id

LONGEST_DESCRIPTION = 200
TRIES = 5


class Creation:
    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        changes: Changes,
        rows: ServerRows,
        views: ServerViews,
        events: ServerEvents,
        now: Callable[[], datetime],
        pool: Pool,
        admission: Admission,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._changes = changes
        self._rows = rows
        self._views = views
        self._events = events
        self._now = now
        self._pool = pool
        self._admission = admission

    async def create(
        self,
        actor: Actor,
        *,
        channel: int,
        game: str,
        name: str,
        size: str | None,
        description: str = "",
        source: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> ServerView:
        """`source`: the snapshot that its world begins with.

        Raises BadInput, LimitReached, NotAllowed or TryAgain; nothing is kept then.
        """
        chosen = self._catalogue.find(game)
        title, about = names.clean(name), clean_description(description)
        chosen.size(size)
        for _ in range(TRIES):
            try:
                async with self._database.begin() as session:
                    await once.claim(session, self._now())
                    await maintenance.refuse(session)
                    await left_guilds.refuse(session, actor.guild)
                    await self._rows.remember_member(session, actor)
                    limits = await self._check_limits(session, actor)
                    picked = pick(chosen, size, limits.withheld, self._catalogue)
                    await refuse_taken(session, actor.guild, title)
                    now = self._now()
                    row = ServerRow(
                        id=new_server_id(),
                        guild=actor.guild,
                        owner=actor.user,
                        game=chosen.id,
                        name=title,
                        name_key=names.key(title),
                        description=about,
                        size=picked.id,
                        channel=channel,
                        source=source,
                        settings=dict(settings or {}),
                        desired=Desired.RUNNING,
                        because=Because.OWNER,
                        by=actor.user,
                        start_by=now + start_within(chosen),
                        started_at=now,
                        phase=Phase.STARTING,
                        phase_since=now,
                        created_at=now,
                        changed_at=now,
                    )
                    await self._admission.check_locked(session, row, actor, limits)
                    session.add(row)
                    await session.flush()
                    await self._pool.give(session, row.id, chosen)
                    session.add(CardRow(server=row.id))
                    created = Created(chosen.id, title, picked.id, source, actor.user)
                    await self._events.tell(session, row, created)
                    await session.flush()
                    view = await self._views.of(session, row)
            except IntegrityError:
                continue  # somebody took the name or the port in this moment: look again
            self._changes.tell(view.id)
            return view
        raise TryAgain("try_again")

    async def refuse_withheld(self, session: AsyncSession, guild: int, game: str, size: str) -> None:
        """Refusal where the guild's admins do not offer this: told before the work that `create` would refuse."""
        if (known := self._catalogue.get(game)) is not None:
            pick(known, size, (await self._rows.limits(session, guild)).withheld, self._catalogue)

    async def _check_limits(self, session: AsyncSession, actor: Actor) -> Limits:
        limits = await self._rows.limits_of(session, actor.guild, actor.user, actor, lock=True)
        check_create(
            actor,
            limits,
            mine=await self._rows.count(session, actor.guild, actor.user),
            guild=await self._rows.count(session, actor.guild),
            deleted=await self._rows.count(session, actor.guild, actor.user, deleted=True),
            deleted_of_all=await self._rows.count(session, actor.guild, deleted=True),
        )
        return limits


def clean_description(typed: str) -> str:
    """On one line. BadInput where it is too long."""
    text = names.one_line(typed)
    if len(text) > LONGEST_DESCRIPTION:
        raise BadInput("description.too_long", most=LONGEST_DESCRIPTION)
    return text


async def refuse_taken(session: AsyncSession, guild: int, name: str) -> None:
    """BadInput where a server of the guild has this name."""
    taken = select(ServerRow.name).where(
        ServerRow.guild == guild, ServerRow.name_key == names.key(name), ServerRow.desired != Desired.DELETED
    )
    if found := (await session.exec(taken)).first():
        raise BadInput("name.taken", name=found)
