"""Who did what in a guild, and when, for its admins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request

from bot.web.api.cursors import USUAL, Cursor, Limit, after, place
from bot.web.api.guilds import GuildId
from bot.web.api.models import Model, Page, Snowflake
from bot.web.callers import Called, actor_in
from bot.web.context import web_of
from core.notices.codec import to_json
from core.servers.audit import Asked, Entry

router = APIRouter(prefix="/guilds/{guild}/audit", tags=["audit"])

_LEFT_OUT = {"by", "log", "trouble", "told"}
"""`log` may name players, which a guild may not want."""


class AuditEntry(Model):
    number: int
    at: datetime
    by: Snowflake | None
    """null: Dormouse itself."""
    server: str
    """Its name, as it is or was last; empty where it is about the guild."""
    kind: str
    details: dict[str, Any] | None
    """What there is to say of it; null: a newer version wrote it."""

    @classmethod
    def of(cls, entry: Entry) -> AuditEntry:
        details = None if entry.event is None else to_json(entry.event)
        return cls(
            number=entry.number,
            at=entry.at,
            by=str(entry.by) if entry.by and entry.by > 0 else None,
            server=entry.name,
            kind=entry.kind,
            details=None if details is None else {key: _told(details[key]) for key in details.keys() - _LEFT_OUT},
        )


@router.get("", operation_id="list_audit")
async def list_audit(
    request: Request,
    caller: Called,
    guild: GuildId,
    member: Annotated[Snowflake | None, Query(description="Only what they did.")] = None,
    server: Annotated[
        str | None, Query(pattern=r"^[a-z][a-z2-7]{11}$", description="Only of this one, by its id.")
    ] = None,
    kind: Annotated[
        Literal["starts", "changes", "console", "servers", "worlds", "trouble", "guild"] | None,
        Query(description="Only such."),
    ] = None,
    days: Annotated[int | None, Query(ge=1, le=3650, description="Only so far back.")] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[AuditEntry]:
    """Newest first."""
    web = web_of(request)
    before = place(cursor, int)[0] if cursor else None
    asked = Asked(int(member) if member else None, server, kind, days, before)
    page = await web.core.audit.read(await actor_in(web, caller, int(guild)), asked, most=limit)
    rest = None if page.older is None else after([page.older])
    return Page(items=[AuditEntry.of(each) for each in page.entries], next=rest)


def _told(value: Any) -> Any:
    """Ids of Discord's are too large for a number of JavaScript's."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return str(value)
    if isinstance(value, dict):
        return {key: _told(each) for key, each in value.items()}
    return [_told(each) for each in value] if isinstance(value, list) else value
