"""A server's schedule, as its owner and the guild's admins set it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

import core.idle.schedule as schedule
from core.data.tables import ServerRow
from core.errors import BadInput, ChangedMeanwhile
from core.guilds.access import Actor, Do
from core.idle.schedule import Entry
from core.idle.typed import parse
from core.notices.kinds.events import ScheduleSet
from core.servers.events import ServerEvents
from core.servers.rows import ServerRows
from core.servers.views import ServerView, ServerViews
from core.words import ScheduleKind
from core.zones import find_zone


class Scheduling:
    def __init__(self, rows: ServerRows, views: ServerViews, events: ServerEvents, now: Callable[[], datetime]) -> None:
        self._rows = rows
        self._views = views
        self._events = events
        self._now = now

    async def add(self, actor: Actor, server: str, kind: str, typed: str, *, firm: bool = False) -> ServerView:
        """An entry more, as typed (core.idle.typed). One that is there already changes nothing."""
        async with self._rows.changing(actor, server, Do.SCHEDULE) as (session, row):
            if kind not in list(ScheduleKind):
                raise BadInput("command.value")
            entry = parse(ScheduleKind(kind), typed, firm=firm)
            entries = schedule.load(row.schedule)
            if entry not in entries:
                if len(entries) >= schedule.MOST_ENTRIES:
                    raise BadInput("schedule.too_many", most=schedule.MOST_ENTRIES)
                await self._set(session, row, actor, [*entries, entry])
                # What it says of being awake holds at once; a restart that would have been is none.
                row.schedule_at = None if entry.kind is ScheduleKind.AWAKE else row.schedule_at or self._now()
            return await self._views.of(session, row)

    async def remove(self, actor: Actor, server: str, mark: str) -> ServerView:
        """The entry with this mark; ChangedMeanwhile where there is none any more."""
        async with self._rows.changing(actor, server, Do.SCHEDULE) as (session, row):
            entries = schedule.load(row.schedule)
            left = [entry for entry in entries if entry.mark != mark]
            if len(left) == len(entries):
                raise ChangedMeanwhile("schedule.gone", name=row.name)
            await self._set(session, row, actor, left)
            if not any(entry.kind is ScheduleKind.RESTART for entry in left):
                row.restart_by = None
            return await self._views.of(session, row)

    async def set_zone(self, actor: Actor, server: str, typed: str) -> ServerView:
        """An IANA name, or its city; empty: the guild's."""
        async with self._rows.changing(actor, server, Do.SCHEDULE) as (session, row):
            zone = find_zone(typed) if typed.strip() else None
            if zone != row.schedule_zone:
                before, row.schedule_zone = row.schedule_zone, zone
                row.awake_until, row.schedule_at = None, self._now()
                told = ScheduleSet(row.schedule, row.schedule, before, zone, actor.user)
                await self._events.tell(session, row, told)
            return await self._views.of(session, row)

    async def _set(self, session: AsyncSession, row: ServerRow, actor: Actor, entries: Sequence[Entry]) -> None:
        before, row.schedule = row.schedule, schedule.dump(entries)
        row.awake_until = None
        zone = row.schedule_zone
        await self._events.tell(session, row, ScheduleSet(before, row.schedule, zone, zone, actor.user))
