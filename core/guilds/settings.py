"""A guild's own rules: channels, roles, language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.changes import Changes
from core.data.database import Database, insert_missing
from core.data.tables import GuildRow, ServerRow
from core.errors import BadInput
from core.guilds.access import Actor, DoInGuild, judge
from core.guilds.quotas import rules_of
from core.notices.events import record
from core.notices.kinds import GuildSet, WelcomeNotice
from core.notices.outbox import say_to_guild
from core.text import languages
from core.words import GuildSetting, Phase

SETTABLE = (
    GuildSetting.SERVER_CHANNEL,
    GuildSetting.NOTICE_CHANNEL,
    GuildSetting.ADMIN_ROLE,
    GuildSetting.CREATE_ROLE,
    GuildSetting.LANGUAGE,
)


@dataclass(frozen=True, slots=True)
class GuildView:
    """None: not set, Discord's or the host's default applies."""

    server_channel: int | None = None
    notice_channel: int | None = None
    admin_role: int | None = None
    create_role: int | None = None
    language: str | None = None


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
            if refused := judge(actor, DoInGuild.SETUP, rules_of(row)):
                raise refused
            if changes.get("language") not in (None, *languages()):
                raise BadInput("edit.choice", setting="language", choices=", ".join(languages()))
            asked = {setting: changes[setting] for setting in SETTABLE if setting in changes}
            changed = {setting: value for setting, value in asked.items() if getattr(row, setting) != value}
            before = {setting: getattr(row, setting) for setting in changed}
            for key, value in changed.items():
                setattr(row, key.value, value)
            session.add(row)
            view = _view(row)
            if changed:
                record(session, GuildSet(changed, before, actor.user), self._now(), guild=actor.guild)
            there = select(ServerRow.id).where(ServerRow.guild == actor.guild, ServerRow.phase != Phase.DELETED)
            shown = list(await session.exec(there))
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
            say_to_guild(session, guild, WelcomeNotice(), now)
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
    )
