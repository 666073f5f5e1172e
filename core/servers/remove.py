"""Delete, with seven days to undo it. Delete wins over all: the pod ends at once, the volume stays until `purge_at`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from core.errors import BadInput, LimitReached, Refusal
from core.guilds.access import Actor, Do, is_admin
from core.notices.kinds.events import PurgeAsked, Undeleted
from core.servers import names
from core.servers.events import ServerEvents
from core.servers.rows import ServerRows
from core.servers.transitions import Transitions
from core.servers.views import ServerView, ServerViews
from core.words import Because, Desired, Phase


class Removal:
    """`undo_for`: how long a deleted server can be brought back."""

    def __init__(
        self,
        rows: ServerRows,
        views: ServerViews,
        transitions: Transitions,
        events: ServerEvents,
        now: Callable[[], datetime],
        undo_for: timedelta,
    ) -> None:
        self._rows = rows
        self._views = views
        self._transitions = transitions
        self._events = events
        self._now = now
        self._undo_for = undo_for

    async def delete(self, actor: Actor, server: str, typed_name: str) -> ServerView:
        """`typed_name` must be the server's present name, in any case: nobody deletes a server that was renamed since
        they looked. Deleting twice is one deletion."""
        async with self._rows.changing(actor, server, Do.DELETE) as (session, row):
            if row.desired == Desired.DELETED:
                return await self._views.of(session, row)
            if names.key(typed_name) != row.name_key:
                raise BadInput("delete.name_differs", name=row.name)
            until = self._now() + self._undo_for
            await self._transitions.delete(session, row, because=Because.OWNER, by=actor.user, purge_at=until)
            return await self._views.of(session, row)

    async def purge(self, actor: Actor, server: str, typed_name: str) -> ServerView:
        """Let go of a deleted server before its time is over: what it holds is free for others. Like `delete`."""
        async with self._rows.changing(actor, server, Do.PURGE) as (session, row):
            if row.desired != Desired.DELETED:
                raise Refusal("purge.not_deleted", name=row.name)
            if names.key(typed_name) != row.name_key:
                raise BadInput("purge.name_differs", name=row.name)
            now = self._now()
            if row.purge_at is not None and row.purge_at > now:
                row.purge_at = now
                await self._events.tell(session, row, PurgeAsked(actor.user))
            return await self._views.of(session, row)

    async def undo(self, actor: Actor, server: str) -> ServerView:
        """Bring a deleted server back, paused. Refused when its time is over, its name is taken or a quota is full."""
        try:
            async with self._rows.changing(actor, server, Do.UNDO) as (session, row):
                if row.desired != Desired.DELETED:
                    return await self._views.of(session, row)
                now = self._now()
                if row.purge_at is None or row.purge_at <= now:
                    raise Refusal("undo.too_late", name=row.name)
                limits = await self._rows.limits_of(session, row.guild, row.owner, actor, lock=True)
                if await self._rows.count(session, row.guild) >= limits.per_guild:
                    raise LimitReached("create.guild_full", most=limits.per_guild)
                full = await self._rows.count(session, row.guild, row.owner) >= limits.per_member
                if full and not is_admin(actor, limits.admin_role):
                    raise LimitReached("undo.member_full", most=limits.per_member)
                row.desired, row.because, row.by = Desired.PAUSED, Because.OWNER, None  # nobody paused it
                row.purge_at = None
                row.phase, row.phase_since = Phase.STOPPING, now
                await self._events.tell(session, row, Undeleted(actor.user))
                await session.flush()
                return await self._views.of(session, row)
        except IntegrityError:
            raise BadInput("undo.name_taken") from None
