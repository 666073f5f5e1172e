"""How the host is, for whoever runs the bot."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request

from bot.web.api.models import Model
from bot.web.callers import Called
from bot.web.context import web_of
from core.errors import NotAllowed
from core.host import Health

router = APIRouter(prefix="/host", tags=["host"])


class Drill(Model):
    """The last world that came back on trial. Bytes and seconds."""

    at: datetime
    server: str
    size: int
    seconds: float


class AlarmShown(Model):
    kind: str
    about: str
    since: datetime


class HostHealth(Model):
    at: datetime
    version: str
    started_at: datetime
    database_seconds: float | None
    """Of a round trip; null: it does not answer, and what it would tell is missing."""
    cluster_stale_since: datetime | None
    """null: it is seen now."""
    phases: dict[str, int]
    problems: dict[str, int]
    messages_waiting: int
    messages_waiting_since: datetime | None
    messages_dead: int
    last_sweep: datetime | None
    maintenance: str | None
    """What members are told; null: there is none."""
    drill: Drill | None
    alarms: list[AlarmShown]

    @classmethod
    def of(cls, health: Health) -> HostHealth:
        drill = health.drill
        return cls(
            at=health.at,
            version=health.version,
            started_at=health.started_at,
            database_seconds=health.database,
            cluster_stale_since=health.stale_since,
            phases=dict(health.phases),
            problems=dict(health.problems),
            messages_waiting=health.backlog.waiting,
            messages_waiting_since=health.backlog.oldest,
            messages_dead=health.backlog.dead,
            last_sweep=health.last_sweep,
            maintenance=health.maintenance,
            drill=Drill(at=drill.at, server=drill.server, size=drill.size, seconds=drill.seconds) if drill else None,
            alarms=[AlarmShown(kind=each.alarm, about=each.about, since=each.since) for each in health.alarms],
        )


@router.get("", operation_id="get_host")
async def get_host(request: Request, caller: Called) -> HostHealth:
    """For those whom `DORMOUSE_OPERATORS` names."""
    operations = web_of(request).core.operations
    if caller.user not in operations.operators:
        raise NotAllowed("web.operators")
    return HostHealth.of(await operations.health())
