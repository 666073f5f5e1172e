"""Resume, pause, restart, keep alive: they write what is desired, and why. The controller does the rest."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import ServerRow
from core.errors import BadInput, Refusal
from core.guilds.access import Actor, Do
from core.notices import outbox
from core.notices.events import record
from core.servers import maintenance
from core.servers.create import start_within
from core.servers.desk import Desk
from core.servers.views import ServerView
from core.words import Because, Desired, EventKind, NoticeKind, Phase

KEEP_HOURS = range(1, 25)


async def resume(desk: Desk, actor: Actor, server: str) -> ServerView:
    """Idempotent: a server that is to run already is left as it is."""
    async with desk.changing(actor, server, Do.RESUME) as (session, row):
        _refuse_deleted(row)
        if row.desired != Desired.RUNNING:
            await start(desk, session, row, by=actor.user)
            record(
                session,
                EventKind.RESUMED,
                at=desk.now(),
                guild=row.guild,
                server=row.id,
                by=actor.user,
                usage=desk.usage(row, on=True),
            )
        return await desk.view(session, row)


async def pause(desk: Desk, actor: Actor, server: str) -> ServerView:
    async with desk.changing(actor, server, Do.PAUSE) as (session, row):
        _refuse_deleted(row)
        if row.desired == Desired.RUNNING:
            await stop(desk, session, row, because=Because.OWNER, by=actor.user)
        return await desk.view(session, row)


async def restart(desk: Desk, actor: Actor, server: str) -> ServerView:
    """A new run of a server that runs; a crashed or paused one is resumed."""
    async with desk.changing(actor, server, Do.RESTART) as (session, row):
        _refuse_deleted(row)
        fresh_run = row.desired == Desired.RUNNING
        await start(desk, session, row, by=actor.user)
        kind = EventKind.RESTARTED if fresh_run else EventKind.RESUMED
        record(
            session, kind, at=desk.now(), guild=row.guild, server=row.id, by=actor.user, usage=desk.usage(row, on=True)
        )
        return await desk.view(session, row)


async def keep(desk: Desk, actor: Actor, server: str, hours: int = 1) -> ServerView:
    """No pause before now + `hours`; an earlier, longer promise stays. Refused for a server that does not run."""
    if hours not in KEEP_HOURS:
        raise BadInput("keep.range", low=KEEP_HOURS[0], high=KEEP_HOURS[-1])
    async with desk.changing(actor, server, Do.KEEP) as (session, row):
        _refuse_deleted(row)
        if row.desired != Desired.RUNNING:
            raise Refusal("server.not_running", name=row.name)
        now = desk.now()
        until = now + timedelta(hours=hours)
        row.keep_until = max(until, row.keep_until) if row.keep_until else until
        await recall(session, row, now, {"state": "kept", "by": actor.user, "keep_until": stamp(row.keep_until)})
        record(
            session,
            EventKind.KEPT,
            at=now,
            guild=row.guild,
            server=row.id,
            by=actor.user,
            data={"until": stamp(row.keep_until)},
        )
        return await desk.view(session, row)


# shared with edit, remove, the controller and the sweep


async def start(desk: Desk, session: AsyncSession, row: ServerRow, *, by: int | None) -> None:
    """Desire a new run, with crashes forgotten and the idle clock at zero. TryAgain during maintenance."""
    await maintenance.refuse(session)
    now = desk.now()
    game = desk.game(row)
    if row.desired != Desired.RUNNING:
        await retell(session, row, now, {"state": "resumed", "by": by}, episode=row.episode)
    elif row.warned_at is not None:
        await recall(session, row, now, {"state": "ended"})
    kept = row.keep_until if row.desired == Desired.RUNNING else None
    row.desired, row.because, row.by = Desired.RUNNING, Because.OWNER, by
    row.run += 1
    row.started_at, row.ready_at = now, None
    row.start_by = now + (start_within(game) if game else timedelta(minutes=5))
    row.crash_count, row.crash_ever_ready, row.crash_log = 0, False, ""
    row.sealed = None
    forget_idle(row)
    row.keep_until = kept
    session.add(row)


async def stop(
    desk: Desk, session: AsyncSession, row: ServerRow, *, because: Because, by: int | None, words: str = ""
) -> None:
    """Desire a pause. An idle pause speaks in its warning's message; any other has a message of its own.

    `words` are what whoever asked for it says to the guild.
    """
    now = desk.now()
    news = {"state": "paused", "because": because, "by": by} | ({"words": words} if words else {})
    if because is Because.IDLE and row.warned_at is not None:
        seconds = int((now - row.empty_since).total_seconds()) if row.empty_since else None
        await outbox.say(
            session, row, NoticeKind.IDLE, {"state": "paused", "after": seconds, "paused_at": stamp(now)}, now
        )
    else:
        open_warning = row.warned_at is not None
        if open_warning:
            await outbox.say(session, row, NoticeKind.IDLE, news, now)
        else:
            row.episode += 1
        if because in (Because.CRASHES, Because.START_FAILED):
            pass  # the controller tells that story, with the log
        elif not open_warning:
            await outbox.say(session, row, NoticeKind.PAUSED, news, now)
    row.desired, row.because, row.by = Desired.PAUSED, because, by
    row.start_by = None
    if row.players:
        row.last_players = list(row.players)
    row.players, row.players_online = [], 0
    forget_idle(row)
    record(
        session,
        EventKind.PAUSED,
        at=now,
        guild=row.guild,
        server=row.id,
        by=by,
        data={"because": because},
        usage=desk.usage(row),
    )
    session.add(row)


async def recall(session: AsyncSession, row: ServerRow, now: datetime, news: dict[str, object]) -> None:
    """Withdraw an open warning: its message says what happened instead."""
    if row.warned_at is None:
        return
    await outbox.say(session, row, NoticeKind.IDLE, news, now, only_if_open=True)
    row.warned_at = row.warning_delivered_at = None
    row.warning_dead = False
    session.add(row)


async def retell(
    session: AsyncSession, row: ServerRow, now: datetime, news: dict[str, object], *, episode: int
) -> None:
    """The messages that told of a pause have `news`; without any, another look at what may be done about it."""
    for kind in (NoticeKind.IDLE, NoticeKind.PAUSED):
        await outbox.say(session, row, kind, news, now, episode=episode, only_if_open=True)
    for kind in (NoticeKind.CRASHED, NoticeKind.START_FAILED):
        await outbox.say(session, row, kind, news, now, episode=row.run, only_if_open=True)


def forget_idle(row: ServerRow) -> None:
    row.empty_since = row.known_at = row.unknown_since = row.keep_until = None
    row.warned_at = row.warning_delivered_at = None
    row.warning_dead = False


def stamp(moment: datetime) -> int:
    """Unix seconds, as notices carry them."""
    return int(moment.timestamp())


def _refuse_deleted(row: ServerRow) -> None:
    if row.desired == Desired.DELETED or row.phase in (Phase.DELETING, Phase.DELETED):
        raise Refusal("server.deleted", name=row.name)
