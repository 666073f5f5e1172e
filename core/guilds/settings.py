"""A guild's own rules: channels, roles, language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once, trace
from core.changes import Changes
from core.data.database import Database, insert_missing
from core.data.tables import GuildRow, NoticeRow, ServerRow
from core.errors import BadInput, NotAllowed
from core.guilds.access import Actor, is_admin
from core.notices.events import record
from core.words import EventKind, NoticeKind

LANGUAGES = ("en", "de")
SETTABLE = ("server_channel", "notice_channel", "admin_role", "create_role", "language")


@dataclass(frozen=True, slots=True)
class GuildView:
    """None: not set, Discord's or the host's default applies."""

    server_channel: int | None = None
    notice_channel: int | None = None
    admin_role: int | None = None
    create_role: int | None = None
    language: str | None = None
    may_greet: bool = True  # it was not greeted yet


class Guilds:
    def __init__(self, database: Database, changes: Changes, now: Callable[[], datetime]) -> None:
        self._database = database
        self._changes = changes
        self._now = now

    async def get(self, guild: int) -> GuildView:
        async with self._database.session() as session:
            return _view(await session.get(GuildRow, guild))

    async def language(self, guild: int) -> str | None:
        return (await self.get(guild)).language

    async def setup(self, actor: Actor, changes: Mapping[str, int | str | None]) -> GuildView:
        """Set what is in `changes` (None unsets it), leave the rest. NotAllowed for all but the guild's admins."""
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            row = await _row(session, actor.guild)
            if not is_admin(actor, row.admin_role):
                raise NotAllowed("guild.admin_only")
            if changes.get("language") not in (None, *LANGUAGES):
                raise BadInput("edit.choice", setting="language", choices=", ".join(LANGUAGES))
            changed = {key: value for key, value in changes.items() if key in SETTABLE and getattr(row, key) != value}
            for key, value in changed.items():
                setattr(row, key, value)
            session.add(row)
            view = _view(row)
            if changed:
                record(session, EventKind.GUILD_SET, at=self._now(), guild=actor.guild, by=actor.user, data=changed)
            shown = list(await session.exec(select(ServerRow.id).where(ServerRow.guild == actor.guild)))
        for server in shown if changed else ():
            self._changes.tell(server)
        return view

    async def greet(self, guild: int) -> bool:
        """Put the greeting in the outbox, once ever; False if it was before."""
        async with self._database.begin() as session:
            row = await _row(session, guild)
            if row.greeted_at is not None:
                return False
            row.greeted_at = now = self._now()
            session.add(row)
            session.add(
                NoticeRow(guild=guild, kind=NoticeKind.WELCOME, trace=trace.current(), next_at=now, created_at=now)
            )
        self._changes.tell("")
        return True


async def _row(session: AsyncSession, guild: int) -> GuildRow:
    """The guild's row, made if it is missing, locked for this transaction."""
    await insert_missing(session, GuildRow(id=guild))
    return await session.get_one(GuildRow, guild, with_for_update=True)


def _view(row: GuildRow | None) -> GuildView:
    if row is None:
        return GuildView()
    return GuildView(
        server_channel=row.server_channel,
        notice_channel=row.notice_channel,
        admin_role=row.admin_role,
        create_role=row.create_role,
        language=row.language,
        may_greet=row.greeted_at is None,
    )
