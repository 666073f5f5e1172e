"""Who did what in a guild, and when: its events, for its admins, newest first.

Events are written in the transaction that makes them true and never changed, so this only reads. What is of servers
that were deleted long ago is there too: their rows stay, with the name that they had.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.database import Database
from core.data.tables import EventRow, GuildRow, ServerRow
from core.errors import NotFound
from core.guilds.access import Actor, DoInGuild, judge
from core.guilds.quotas import rules_of
from core.notices import events
from core.notices.kinds.events import Event
from core.servers import names
from core.words import Desired, EventKind, is_server_id

PER_PAGE = 8
KINDS: Mapping[str, frozenset[EventKind]] = {
    "starts": frozenset({EventKind.RESUMED, EventKind.RESTARTED, EventKind.PAUSED, EventKind.KEPT, EventKind.VOTED}),
    "changes": frozenset(
        {
            EventKind.EDITED,
            EventKind.IDLE_SET,
            EventKind.SCHEDULE_SET,
            EventKind.SHARED,
            EventKind.OFFERED,
            EventKind.OFFER_ENDED,
            EventKind.TRANSFERRED,
            EventKind.OWNER_GONE,
            EventKind.OWNER_BACK,
            EventKind.GUILD_SET,
            EventKind.QUOTA_SET,
            EventKind.GAME_OFFERED,
            EventKind.NAME_FORGOTTEN,
        }
    ),
    "console": frozenset({EventKind.LINE_SENT}),
    "files": frozenset(
        {
            EventKind.FOLDER_MADE,
            EventKind.FILE_WRITTEN,
            EventKind.FILE_UPLOADED,
            EventKind.FILE_RENAMED,
            EventKind.FILE_DELETED,
        }
    ),
    "servers": frozenset(
        {
            EventKind.CREATED,
            EventKind.DELETED,
            EventKind.UNDELETED,
            EventKind.PURGE_ASKED,
            EventKind.PURGED,
            EventKind.ARCHIVE_ASKED,
            EventKind.ARCHIVED,
        }
    ),
    "worlds": frozenset(
        {
            EventKind.SNAPSHOT_ASKED,
            EventKind.RESTORE,
            EventKind.RESTORED,
            EventKind.IMPORTED,
            EventKind.EXPORTED,
            EventKind.VOLUME_LOST,
        }
    ),
    "trouble": frozenset(
        {
            EventKind.CRASHED,
            EventKind.PROBLEM,
            EventKind.VOLUME_LOST,
            EventKind.NOT_SAVED,
            EventKind.PORTS_MOVED,
        }
    ),
    "guild": frozenset(
        {
            EventKind.GUILD_SET,
            EventKind.QUOTA_SET,
            EventKind.GAME_OFFERED,
            EventKind.GUILD_JOINED,
            EventKind.GUILD_LEFT,
            EventKind.GUILD_JOINED,
            EventKind.GUILD_LEFT,
            EventKind.GUILD_BLOCKED,
            EventKind.GUILD_UNBLOCKED,
            EventKind.LICENCE_ACCEPTED,
            EventKind.WEBHOOK,
        }
    ),
}
"""What can be asked for."""
TOLD = frozenset().union(*KINDS.values()) - {EventKind.PROBLEM}
"""What is shown where no kind is asked for. What servers do by themselves all day is left out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """None: all. `server`: an id or a name. `kind`: of KINDS. `before`: only events that are older than this one."""

    member: int | None = None
    server: str | None = None
    kind: str | None = None
    days: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """`name`: of the server, as it is or was last; empty where it is about the guild. `event` None: only a newer
    version can read it."""

    number: int
    at: datetime
    by: int | None
    name: str
    kind: str
    event: Event | None


@dataclass(frozen=True, slots=True)
class Page:
    """`asked` as it was understood: its server is an id. `older`: the event before which the next page begins."""

    asked: Asked
    entries: tuple[Entry, ...]
    older: int | None


class Audit:
    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def read(self, actor: Actor, asked: Asked, *, most: int = PER_PAGE) -> Page:
        """At most so many. NotAllowed for all but the guild's admins; NotFound for a server that it never had."""
        async with self._database.session() as session:
            await self._judge(session, actor)
            asked = await self._understood(session, actor.guild, asked)
            query = select(EventRow).where(
                EventRow.guild == actor.guild, col(EventRow.kind).in_(KINDS.get(asked.kind or "", TOLD))
            )
            if asked.server is not None:
                query = query.where(EventRow.server == asked.server)
            if asked.member is not None:
                query = query.where(EventRow.by == asked.member)
            if asked.days is not None:
                query = query.where(col(EventRow.at) >= self._now() - timedelta(days=asked.days))
            if asked.before is not None:
                query = query.where(col(EventRow.id) < asked.before)
            found = list(await session.exec(query.order_by(col(EventRow.id).desc()).limit(most + 1)))
            shown = found[:most]
            named = select(ServerRow.id, ServerRow.name).where(col(ServerRow.id).in_({row.server for row in shown}))
            known = dict((await session.exec(named)).all())
        entries = tuple(_entry(row, known) for row in shown)
        return Page(asked, entries, entries[-1].number if len(found) > most else None)

    async def suggest(self, actor: Actor, typed: str, *, most: int = 25) -> list[tuple[str, str, bool]]:
        """Id and name of servers, and whether each was deleted; those that are there first. None for who may not."""
        wanted = names.spaced(typed).casefold()
        async with self._database.session() as session:
            if judge(actor, DoInGuild.AUDIT, rules_of(await session.get(GuildRow, actor.guild))) is not None:
                return []
            query = (
                select(ServerRow.id, ServerRow.name, ServerRow.desired)
                .where(ServerRow.guild == actor.guild)
                .order_by(col(ServerRow.desired) == Desired.DELETED, col(ServerRow.created_at).desc())
                .limit(500)
            )
            found = (await session.exec(query)).all()
        fitting = [each for each in found if wanted in each[1].casefold()]
        return [(server, name, desired == Desired.DELETED) for server, name, desired in fitting[:most]]

    async def _judge(self, session: AsyncSession, actor: Actor) -> None:
        refused = judge(actor, DoInGuild.AUDIT, rules_of(await session.get(GuildRow, actor.guild)))
        if refused is not None:
            raise refused

    async def _understood(self, session: AsyncSession, guild: int, asked: Asked) -> Asked:
        """With the server's id; of several that had a name, the one that has it now or had it last."""
        if asked.server is None:
            return asked
        of_guild = select(ServerRow.id).where(ServerRow.guild == guild)
        found = None
        if is_server_id(asked.server):
            found = (await session.exec(of_guild.where(ServerRow.id == asked.server))).first()
        if found is None:
            named = of_guild.where(ServerRow.name_key == names.key(asked.server)).order_by(
                col(ServerRow.desired) == Desired.DELETED, col(ServerRow.created_at).desc()
            )
            found = (await session.exec(named)).first()
        if found is None:
            raise NotFound("server.not_found")
        return Asked(asked.member, found, asked.kind, asked.days, asked.before)


def _entry(row: EventRow, known: Mapping[str, str]) -> Entry:
    event: Event | None = None
    with contextlib.suppress(ValueError):
        event = events.read(row)
    return Entry(row.id or 0, row.at, row.by, known.get(row.server or "", ""), row.kind, event)
