"""When a server is awake, asleep, restarted or in maintenance."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from bot.web.api.models import Body, Model, Typed
from bot.web.api.servers import ServerId
from bot.web.callers import Called, actor_for
from bot.web.context import web_of
from core.guilds.access import Do
from core.idle.schedule import Entry
from core.servers.views import ServerView
from core.words import ScheduleKind

router = APIRouter(prefix="/servers/{server}/schedule", tags=["schedules"])


class ScheduleEntry(Model):
    """It repeats each week."""

    mark: str
    """By which it is removed."""
    kind: ScheduleKind
    days: list[int]
    """On which it begins; Monday is 0."""
    begins: str
    """`HH:MM`, by the clock on the wall of the schedule's time zone."""
    ends: str | None
    """null: a restart lasts no time."""
    days_later: int
    """Days from the one on which it begins to the one on which it ends."""
    firm: bool
    """Of sleep: whoever plays."""

    @classmethod
    def of(cls, entry: Entry) -> ScheduleEntry:
        return cls(
            mark=entry.mark,
            kind=entry.kind,
            days=list(entry.days),
            begins=_clock(entry.at),
            ends=_clock(entry.until) if entry.lasts else None,
            days_later=entry.later,
            firm=entry.firm,
        )


class Schedule(Model):
    entries: list[ScheduleEntry]
    time_zone: str
    own_time_zone: bool
    """False: the guild's."""
    woken_until: datetime | None
    """Until when somebody woke it although it should sleep."""
    changes_at: datetime | None
    """When something else holds."""

    @classmethod
    def of(cls, view: ServerView) -> Schedule:
        assert view.schedule is not None
        known = view.schedule
        return cls(
            entries=[ScheduleEntry.of(entry) for entry in known.entries],
            time_zone=known.zone,
            own_time_zone=known.own_zone,
            woken_until=known.woken_until,
            changes_at=known.state.until,
        )


class NewEntry(Body):
    kind: ScheduleKind
    when: Annotated[Typed, Field(min_length=1, examples=["Mon-Fri 22:00 to 06:00"])]
    """As people type it, in English or German. A restart has no end: `daily 05:00`."""
    firm: bool = False
    """Of sleep: whoever plays."""


class Zone(Body):
    time_zone: Annotated[Typed, Field(examples=["Europe/Berlin"])] | None = None
    """An IANA name, or its city; null: the guild's."""


@router.get("", operation_id="get_schedule")
async def get_schedule(request: Request, caller: Called, server: ServerId) -> Schedule:
    """Its entries, and what follows from them."""
    web = web_of(request)
    return Schedule.of(await web.core.servers.lookup.get(await actor_for(web, caller, server), server, Do.SCHEDULE))


@router.post("", operation_id="add_to_schedule", status_code=201)
async def add_to_schedule(request: Request, caller: Called, server: ServerId, body: NewEntry) -> Schedule:
    """One entry more. One that is there already changes nothing."""
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    return Schedule.of(await web.core.servers.scheduling.add(actor, server, body.kind, body.when, firm=body.firm))


@router.put("/time-zone", operation_id="set_schedule_zone")
async def set_schedule_zone(request: Request, caller: Called, server: ServerId, body: Zone) -> Schedule:
    """In which time zone its entries are meant."""
    web = web_of(request)
    actor = await actor_for(web, caller, server)
    return Schedule.of(await web.core.servers.scheduling.set_zone(actor, server, body.time_zone or ""))


@router.delete("/{mark}", operation_id="remove_from_schedule")
async def remove_from_schedule(
    request: Request,
    caller: Called,
    server: ServerId,
    mark: Annotated[str, Path(pattern=r"^[0-9a-f]{8}$", description="The entry's.", examples=["01234567"])],
) -> Schedule:
    """One entry less."""
    web = web_of(request)
    return Schedule.of(await web.core.servers.scheduling.remove(await actor_for(web, caller, server), server, mark))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
