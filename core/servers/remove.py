"""Delete, with seven days to undo it. Delete wins over all: the pod ends at once, the volume stays until `purge_at`."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from core.errors import BadInput, LimitReached, Refusal
from core.guilds.access import Actor, Do, is_admin
from core.notices import outbox
from core.notices.events import record
from core.servers import names
from core.servers.desk import Desk
from core.servers.power import forget_idle, recall, retell, stamp
from core.servers.views import ServerView
from core.words import Because, Desired, EventKind, NoticeKind, Phase


async def delete(desk: Desk, actor: Actor, server: str, typed_name: str) -> ServerView:
    """`typed_name` must be the server's name, whatever the case. Deleting twice is one deletion."""
    async with desk.changing(actor, server, Do.DELETE) as (session, row):
        if row.desired == Desired.DELETED:
            return await desk.view(session, row)
        if names.key(typed_name) != row.name_key:
            raise BadInput("delete.name_differs", name=row.name)
        now = desk.now()
        await recall(session, row, now, {"state": "ended"})
        if row.desired == Desired.PAUSED:
            await retell(session, row, now, {}, episode=row.episode)
        row.desired, row.because, row.by = Desired.DELETED, Because.OWNER, actor.user
        row.purge_at = now + desk.host.undo_for
        row.phase, row.phase_since, row.start_by = Phase.DELETING, now, None
        row.players, row.players_online = [], 0
        row.problem = row.problem_since = None
        forget_idle(row)
        row.episode += 1
        data = {"state": "deleted", "by": actor.user, "purge_at": stamp(row.purge_at)}
        await outbox.say(session, row, NoticeKind.DELETED, data, now)
        record(
            session,
            EventKind.DELETED,
            at=now,
            guild=row.guild,
            server=row.id,
            by=actor.user,
            data={"name": row.name},
            usage=desk.usage(row),
        )
        return await desk.view(session, row)


async def undo(desk: Desk, actor: Actor, server: str) -> ServerView:
    """Bring a deleted server back, paused. Refused when its time is over or its name is taken."""
    try:
        async with desk.changing(actor, server, Do.DELETE) as (session, row):
            if row.desired != Desired.DELETED:
                return await desk.view(session, row)
            now = desk.now()
            if row.purge_at is None or row.purge_at <= now:
                raise Refusal("undo.too_late", name=row.name)
            limits = await desk.limits(session, row.guild, lock=True)
            if await desk.count(session, row.guild) >= limits.per_guild:
                raise LimitReached("create.guild_full", most=limits.per_guild)
            full = await desk.count(session, row.guild, row.owner) >= limits.per_member
            if full and not is_admin(actor, limits.admin_role):
                raise LimitReached("create.member_full", most=limits.per_member)
            row.desired, row.because, row.by = Desired.PAUSED, Because.OWNER, actor.user
            row.purge_at = None
            row.phase, row.phase_since = Phase.STOPPING, now
            await outbox.say(session, row, NoticeKind.DELETED, {"state": "undone", "by": actor.user}, now)
            await retell(session, row, now, {}, episode=row.episode - 1)
            record(session, EventKind.UNDELETED, at=now, guild=row.guild, server=row.id, by=actor.user)
            await session.flush()
            return await desk.view(session, row)
    except IntegrityError:
        raise BadInput("undo.name_taken") from None
