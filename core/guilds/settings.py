"""A guild's own rules: channels, roles, language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.data.database import Database
from core.data.tables import GuildRow
from core.errors import BadInput, NotAllowed
from core.guilds.access import Actor, is_admin
from core.notices.events import record
from core.words import EventKind

LANGUAGES = ("en", "de")


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
    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def get(self, guild: int) -> GuildView:
        async with self._database.session() as session:
            return _view(await session.get(GuildRow, guild))

    async def language(self, guild: int) -> str | None:
        return (await self.get(guild)).language

    async def setup(
        self,
        actor: Actor,
        *,
        server_channel: int | None = None,
        notice_channel: int | None = None,
        admin_role: int | None = None,
        create_role: int | None = None,
        language: str | None = None,
    ) -> GuildView:
        """Set what is given, leave the rest. Raises NotAllowed for anybody but the guild's admins."""
        async with self._database.begin() as session:
            row = await session.get(GuildRow, actor.guild, with_for_update=True) or GuildRow(id=actor.guild)
            if not is_admin(actor, row.admin_role):
                raise NotAllowed("guild.admin_only")
            if language is not None and language not in LANGUAGES:
                raise BadInput("edit.choice", setting="language", choices=", ".join(LANGUAGES))
            given = {
                "server_channel": server_channel,
                "notice_channel": notice_channel,
                "admin_role": admin_role,
                "create_role": create_role,
                "language": language,
            }
            changed = {key: value for key, value in given.items() if value is not None}
            for key, value in changed.items():
                setattr(row, key, value)
            session.add(row)
            if changed:
                record(session, EventKind.GUILD_SET, at=self._now(), guild=actor.guild, by=actor.user, data=changed)
            return _view(row)

    async def greeted(self, guild: int) -> bool:
        """Mark the guild as greeted; False if it was already, so that the greeting comes once."""
        async with self._database.begin() as session:
            row = await session.get(GuildRow, guild, with_for_update=True) or GuildRow(id=guild)
            if row.greeted_at is not None:
                return False
            row.greeted_at = self._now()
            session.add(row)
            return True


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
