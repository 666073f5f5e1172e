"""Starting a server by hand while its schedule says that it sleeps, or that it is maintained."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import ServerRow
from core.errors import NotAllowed
from core.guilds.access import Actor, Do
from core.servers.projections import Projections
from core.servers.rows import ServerRows
from core.words import Desired

LONGEST = timedelta(days=1)
"""Where what holds never changes."""


async def check(
    rows: ServerRows, projections: Projections, session: AsyncSession, actor: Actor, row: ServerRow, now: datetime
) -> datetime | None:
    """Until when the actor's start goes before the schedule: until what holds changes next; None where nothing is in
    the way. NotAllowed, with when anybody may and who can now, for whom the rights do not reach."""
    context = await rows.context(session, row)
    state = projections.scheduled(row, context.guild, now)
    if state is None or row.desired == Desired.RUNNING:
        return row.awake_until  # it is awake already
    for span, do, message, always in (
        (state.in_maintenance, Do.MAINTAIN, "schedule.maintained", "schedule.maintained_always"),
        (state.asleep, Do.WAKE, "schedule.asleep", "schedule.asleep_always"),
    ):
        if span is None:
            continue
        rights = await rows.rights(session, actor, row)
        if not rights.may(do):
            raise NotAllowed(
                always if span.ends is None else message, name=row.name, until=span.ends, who=rights.who(do)
            )
    if state.in_maintenance is None and state.asleep is None:
        return None
    return state.until or now + LONGEST
