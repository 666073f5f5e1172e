"""A guild's own rules: channels, roles, language, time zone, idle defaults, whether player names are shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, delete, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import once
from core.changes import Changes
from core.data.database import Database, insert_missing
from core.data.tables import CardRow, GuildRow, PlaySessionRow, ServerRow
from core.errors import BadInput, NotAllowed
from core.guilds.access import Actor, DoInGuild, judge
from core.guilds.quotas import rules_of
from core.notices.events import record
from core.notices.kinds.events import GuildSet
from core.notices.kinds.notices import WelcomeNotice
from core.notices.outbox import look_again_in, say_to_guild
from core.text import languages
from core.words import Desired, GuildSetting, Phase
from core.zones import find_zone

SETTABLE = (
    GuildSetting.SERVER_CHANNEL,
    GuildSetting.NOTICE_CHANNEL,
    GuildSetting.ADMIN_ROLE,
    GuildSetting.CREATE_ROLE,
    GuildSetting.LANGUAGE,
    GuildSetting.TIME_ZONE,
    GuildSetting.NAMES,
    GuildSetting.LINK_TO_CREATE,
    GuildSetting.ENTRA_ADMIN,
    GuildSetting.ENTRA_CREATE,
    GuildSetting.IDLE_AFTER,
    GuildSetting.IDLE_WARN,
)
ELSEWHERE = (GuildSetting.ENTRA_ADMIN, GuildSetting.ENTRA_CREATE)
"""Names of the OpenID provider's app roles and groups, in a list."""
MOST_ELSEWHERE = 20
LONGEST_ELSEWHERE = 300
_COLUMNS = {GuildSetting.NAMES: "player_names"}
"""Where one is kept under another name."""
MOST_IDLE = {GuildSetting.IDLE_AFTER: 1440 * 60, GuildSetting.IDLE_WARN: 60 * 60}
"""Seconds; the least is 0."""
MOST_PLACES = 5
"""Channels of cards that a view names."""


@dataclass(frozen=True, slots=True)
class GuildView:
    """None: not set, Discord's or the host's default applies. `idle_after` and `idle_warn` in seconds, 0 is never;
    `host_after` and `host_warn` are what holds without them.
    `cards`: channels in which there are cards now. `entra_admin` and `entra_create`: app roles and groups of the OpenID
    provider that stand for admin, or may create."""

    server_channel: int | None = None
    notice_channel: int | None = None
    admin_role: int | None = None
    create_role: int | None = None
    language: str | None = None
    time_zone: str | None = None
    names: bool = True
    link_to_create: bool = False
    entra_admin: tuple[str, ...] = ()
    entra_create: tuple[str, ...] = ()
    idle_after: int | None = None
    idle_warn: int | None = None
    host_after: int = 900
    host_warn: int = 300
    cards: tuple[int, ...] = ()


class Guilds:
    """`idle_after` and `idle_warn`: the host's rules. `rules_changed` is told of each change."""

    def __init__(
        self,
        database: Database,
        changes: Changes,
        now: Callable[[], datetime],
        idle_after: timedelta = timedelta(seconds=900),
        idle_warn: timedelta = timedelta(seconds=300),
        rules_changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._rules_changed = rules_changed
        self._database = database
        self._changes = changes
        self._now = now
        self._host: dict[str, Any] = {
            "host_after": int(idle_after.total_seconds()),
            "host_warn": int(idle_warn.total_seconds()),
        }

    async def get(self, guild: int) -> GuildView:
        async with self._database.session() as session:
            return self._view(await session.get(GuildRow, guild))

    async def place(self, actor: Actor, channel: int | None = None) -> int:
        """Where a server that is made outside of any channel has its card and messages; 0: there is no such place. Only
        the guild's admins may name one: nobody knows here in which channels a member may write. NotAllowed."""
        async with self._database.session() as session:
            row = await session.get(GuildRow, actor.guild)
            if channel is not None and judge(actor, DoInGuild.SETUP, rules_of(row)) is not None:
                raise NotAllowed("create.channel")
            view = self._view(row, await _cards(session, actor.guild))
        if channel is not None:
            return channel  # one of another guild is refused where messages are posted (cogs/posting.py)
        return next((each for each in (view.server_channel, view.notice_channel, *view.cards) if each), 0)

    async def language(self, guild: int) -> str | None:
        return (await self.get(guild)).language

    async def look(self, actor: Actor) -> GuildView:
        """With the channels of its cards. NotAllowed for all but the guild's admins."""
        async with self._database.session() as session:
            row = await session.get(GuildRow, actor.guild)
            if refused := judge(actor, DoInGuild.SETUP, rules_of(row)):
                raise refused
            return self._view(row, await _cards(session, actor.guild))

    async def setup(self, actor: Actor, changes: Mapping[str, int | str | bool | Sequence[str] | None]) -> GuildView:
        """Set what is in `changes` (None unsets it), leave the rest; a time zone as people type it, and names of roles
        and groups elsewhere, too, or in a list. What idle defaults
        change holds for servers that say nothing themselves. NotAllowed for all but the guild's admins."""
        async with self._database.begin() as session:
            await once.claim(session, self._now())
            if refused := judge(actor, DoInGuild.SETUP, rules_of(await session.get(GuildRow, actor.guild))):
                raise refused
            asked = _checked({setting: changes[setting] for setting in SETTABLE if setting in changes})
            following = await _following(session, actor.guild) if GuildSetting.TIME_ZONE in asked else []
            row = await _row(session, actor.guild)
            if refused := judge(actor, DoInGuild.SETUP, rules_of(row)):
                raise refused
            stored = {setting: getattr(row, _COLUMNS.get(setting, setting)) for setting in asked}
            changed = {setting: value for setting, value in asked.items() if stored[setting] != value}
            before = {setting: stored[setting] for setting in changed}
            for key, value in changed.items():
                setattr(row, _COLUMNS.get(key, key.value), value)
            session.add(row)
            if GuildSetting.TIME_ZONE in changed:
                for each in following:  # what its schedule said in the other zone is no beginning that was missed
                    each.awake_until, each.schedule_at = None, self._now()
                    session.add(each)
            if changed.get(GuildSetting.NAMES) is False:
                theirs = select(ServerRow.id).where(ServerRow.guild == actor.guild)
                named = (col(PlaySessionRow.name) != "", col(PlaySessionRow.server).in_(theirs))
                await session.exec(delete(PlaySessionRow).where(*named))
                await look_again_in(session, actor.guild, self._now())
            view = self._view(row, await _cards(session, actor.guild))
            if changed:
                record(session, GuildSet(_plain(changed), _plain(before), actor.user), self._now(), guild=actor.guild)
            there = select(ServerRow.id).where(ServerRow.guild == actor.guild, ServerRow.phase != Phase.DELETED)
            shown = list(await session.exec(there))
        self._rules_changed()
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

    def _view(self, row: GuildRow | None, cards: tuple[int, ...] = ()) -> GuildView:
        if row is None:
            return GuildView(**self._host, cards=cards)
        known: dict[str, Any] = {setting: getattr(row, _COLUMNS.get(setting, setting)) for setting in SETTABLE}
        known |= {setting: tuple(known[setting]) for setting in ELSEWHERE}
        return GuildView(**known, **self._host, cards=cards)


def _plain(values: Mapping[GuildSetting, Any]) -> dict[GuildSetting, int | str | None]:
    """As events keep it."""
    return {key: ", ".join(value) or None if key in ELSEWHERE else value for key, value in values.items()}


def _names(typed: object) -> list[str]:
    """Of roles and groups elsewhere: from a list, or as people type them, separated by spaces or commas."""
    given = re.split(r"[,\s]+", typed) if isinstance(typed, str) else list(typed) if isinstance(typed, Sequence) else []
    found = [each.strip() for each in given if isinstance(each, str) and each.strip()]
    if len(found) > MOST_ELSEWHERE or any(len(each) > LONGEST_ELSEWHERE for each in found):
        raise BadInput("guild.elsewhere", most=MOST_ELSEWHERE)
    return list(dict.fromkeys(found))


def _checked(asked: Mapping[GuildSetting, int | str | bool | Sequence[str] | None]) -> dict[GuildSetting, Any]:
    """As it is kept. BadInput for what no option offers."""
    kept: dict[GuildSetting, Any] = dict(asked)
    if kept.get(GuildSetting.LANGUAGE) not in (None, *languages()):
        raise BadInput("edit.choice", setting="language", choices=", ".join(languages()))
    if (typed := kept.get(GuildSetting.TIME_ZONE)) is not None:
        kept[GuildSetting.TIME_ZONE] = find_zone(str(typed))
    if GuildSetting.NAMES in kept and kept[GuildSetting.NAMES] is not False:
        kept[GuildSetting.NAMES] = True
    if GuildSetting.LINK_TO_CREATE in kept:
        kept[GuildSetting.LINK_TO_CREATE] = kept[GuildSetting.LINK_TO_CREATE] is True
    for setting in ELSEWHERE:
        if setting in kept:
            kept[setting] = _names(kept[setting])
    for setting, most in MOST_IDLE.items():
        if (seconds := kept.get(setting)) is not None and not 0 <= int(seconds) <= most:
            raise BadInput("command.value")
    return kept


async def _following(session: AsyncSession, guild: int) -> list[ServerRow]:
    """Servers whose schedule follows the guild's time zone, locked: before the guild, as everybody locks them."""
    query = select(ServerRow).where(
        ServerRow.guild == guild, ServerRow.schedule != "", col(ServerRow.schedule_zone).is_(None)
    )
    return list(await session.exec(query.order_by(col(ServerRow.id)).with_for_update()))


async def _cards(session: AsyncSession, guild: int) -> tuple[int, ...]:
    """Where the guild's cards stand, or will."""
    query = (
        select(func.coalesce(CardRow.channel, ServerRow.channel))
        .select_from(ServerRow)
        .outerjoin(CardRow, col(CardRow.server) == ServerRow.id)
        .where(ServerRow.guild == guild, ServerRow.desired != Desired.DELETED)
        .distinct()
        .limit(MOST_PLACES)
    )
    return tuple(sorted(await session.exec(query)))


async def _row(session: AsyncSession, guild: int) -> GuildRow:
    """The guild's row, made if it is missing, locked for this transaction."""
    await insert_missing(session, GuildRow(id=guild))
    return await session.get_one(GuildRow, guild, with_for_update=True)
