"""The outbox: one row is one message. What it says is decided when it is sent; `revision` says that it says more now.

A sender claims a due row, commits `first_tried_at` before the first try (so that whoever comes after a crash looks
back in the channel first), then reports `sent`, `retry`, `dead` or `dropped`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, delete, func, not_, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core import trace
from core.data.database import Database
from core.data.tables import FollowRow, GuildRow, NoticeRow, ServerRow
from core.notices.codec import notice_of, to_json
from core.notices.kinds.alarms import AlarmNotice
from core.notices.kinds.notices import FollowNotice, Notice
from core.words import Desired, NoticeKind

LONGEST_RETRY = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=5)
"""No notice is due later than that: what would be was written before the clock was set back."""
HOLDS_UP = 5
"""A notice that failed so often (for about a minute) may fail for ever: later ones of its server do not wait for it."""

_FOLLOWERS = " followers"
"""After a server's id: the key of what its followers are told."""


NAMES_PLAYERS = (NoticeKind.IDLE, NoticeKind.CRASHED, NoticeKind.START_FAILED)
"""Kinds of messages that may name players (core.notices.names)."""


def is_due(now: datetime) -> Any:
    """Of a row that is pending, as SQL."""
    return or_(col(NoticeRow.next_at) <= now, col(NoticeRow.next_at) > now + LONGEST_WAIT)


async def say(session: AsyncSession, row: ServerRow, notice: Notice, now: datetime, *, episode: int) -> None:
    """Put a message in the outbox, or let the message of this kind and episode say this instead."""
    found = await _find(session, row.id, notice.kind, episode)
    if found is None:
        session.add(_made(row.guild, notice, now, server=row.id, episode=episode))
    else:
        _change(found, notice, now)
        if found.state != "dead":
            found.state = "pending"


async def say_once(session: AsyncSession, row: ServerRow, notice: Notice, now: datetime, *, episode: int) -> None:
    """Put a message in the outbox, unless there is one of this kind and episode."""
    if await _find(session, row.id, notice.kind, episode) is None:
        session.add(_made(row.guild, notice, now, server=row.id, episode=episode))


async def say_next(session: AsyncSession, row: ServerRow, notice: Notice, now: datetime) -> None:
    """Put a message in the outbox whatever was said before: each is an episode of its own."""
    last = await _last_episode(session, row.id, notice.kind)
    session.add(_made(row.guild, notice, now, server=row.id, episode=last + 1))


async def say_to_each(session: AsyncSession, row: ServerRow, notices: Sequence[Notice], now: datetime) -> None:
    """`say_next` for several of one kind."""
    if notices:
        last = await _last_episode(session, row.id, notices[0].kind)
        session.add_all(
            _made(row.guild, notice, now, server=row.id, episode=episode)
            for episode, notice in enumerate(notices, start=last + 1)
        )


async def open_one(session: AsyncSession, row: ServerRow, notice: Notice, now: datetime) -> None:
    """Put a message in the outbox, unless the newest of this kind is in the same state: then it says this now."""
    found = await _newest(session, row.id, notice.kind)
    if found is None or type(notice_of(found.kind, found.data)) is not type(notice):
        await say_next(session, row, notice, now)
    elif found.data != to_json(notice):
        _change(found, notice, now)
        if found.state != "dead":
            found.state = "pending"


async def close_one(
    session: AsyncSession, row: ServerRow, kind: NoticeKind, change: Callable[[Notice], Notice], now: datetime
) -> None:
    """Let the newest message of this kind say something else. One that nobody has got has nothing to say any more."""
    found = await _newest(session, row.id, kind)
    if found is None:
        return
    told = notice_of(found.kind, found.data)
    if (after := change(told)) == told:
        return
    _change(found, after, now)
    if found.first_tried_at is None and found.message is None:
        found.state = "dropped"
    elif found.state not in ("dead", "dropped"):
        found.state = "pending"


async def look_again(
    session: AsyncSession, row: ServerRow, kind: NoticeKind, still: type[Notice], now: datetime
) -> None:
    """Let the newest message of this kind say what is true now, where it is still in this state and was sent."""
    found = await _newest(session, row.id, kind)
    if found is None or found.state in ("dead", "dropped"):
        return
    if isinstance(told := notice_of(found.kind, found.data), still):
        _change(found, told, now)
        found.state = "pending"


async def look_again_in(session: AsyncSession, guild: int, now: datetime) -> None:
    """Let what names players, in the newest messages of each of the guild's servers, be said by today's rules."""
    newest = (
        select(func.max(NoticeRow.id))
        .where(NoticeRow.guild == guild, col(NoticeRow.kind).in_(NAMES_PLAYERS), col(NoticeRow.server).is_not(None))
        .group_by(col(NoticeRow.server), col(NoticeRow.kind))
    )
    query = select(NoticeRow).where(col(NoticeRow.id).in_(newest), col(NoticeRow.state).in_(("sent", "pending")))
    for found in await session.exec(query.with_for_update()):
        _change(found, notice_of(found.kind, found.data), now)
        found.state = "pending"
        session.add(found)


async def edit(
    session: AsyncSession,
    row: ServerRow,
    kind: NoticeKind,
    change: Callable[[Notice], Notice],
    now: datetime,
    *,
    episode: int,
) -> None:
    """Let the message of this kind and episode say something else. Does nothing where there is none, or where it was
    dropped. A message that stays as it is has another look at what is true now: its buttons may go."""
    found = await _find(session, row.id, kind, episode)
    if found is None:
        return
    _change(found, change(notice_of(found.kind, found.data)), now)
    if found.state not in ("dead", "dropped"):
        found.state = "pending"


def say_to_guild(session: AsyncSession, guild: int, notice: Notice, now: datetime) -> None:
    """Put a message about no server in the outbox. Guild 0: to whoever runs the bot."""
    session.add(_made(guild, notice, now))


async def change_of_guild(session: AsyncSession, guild: int, notice: Notice, now: datetime) -> bool:
    """Let the guild's newest message of this kind say this; False where there is none that can. One that nobody has got
    says it in its place."""
    query = select(NoticeRow).where(
        NoticeRow.guild == guild, col(NoticeRow.server).is_(None), NoticeRow.kind == notice.kind
    )
    found = (await session.exec(query.order_by(col(NoticeRow.id).desc()).limit(1).with_for_update())).first()
    if found is None or found.state in ("dead", "dropped"):
        return False
    _change(found, notice, now)
    found.state = "pending"
    return True


async def a_channel(session: AsyncSession, guild: int) -> int | None:
    """Where one of the guild's servers was created: a place to be told in for a guild without rules."""
    query = select(ServerRow.channel).where(ServerRow.guild == guild, ServerRow.desired != Desired.DELETED)
    return (await session.exec(query.order_by(col(ServerRow.created_at).desc()).limit(1))).first()


async def _find(session: AsyncSession, server: str, kind: NoticeKind, episode: int) -> NoticeRow | None:
    query = select(NoticeRow).where(NoticeRow.server == server, NoticeRow.kind == kind, NoticeRow.episode == episode)
    return (await session.exec(query.with_for_update())).first()


async def _last_episode(session: AsyncSession, server: str, kind: NoticeKind) -> int:
    query = select(func.max(NoticeRow.episode)).where(NoticeRow.server == server, NoticeRow.kind == kind)
    return (await session.exec(query)).one() or 0


async def _newest(session: AsyncSession, server: str, kind: NoticeKind) -> NoticeRow | None:
    query = select(NoticeRow).where(NoticeRow.server == server, NoticeRow.kind == kind)
    return (await session.exec(query.order_by(col(NoticeRow.episode).desc()).limit(1).with_for_update())).first()


def _made(guild: int, notice: Notice, now: datetime, *, server: str | None = None, episode: int = 0) -> NoticeRow:
    return NoticeRow(
        guild=guild,
        server=server,
        kind=notice.kind,
        episode=episode,
        data=to_json(notice),
        trace=trace.current(),
        next_at=now,
        created_at=now,
    )


def _change(found: NoticeRow, notice: Notice, now: datetime) -> None:
    found.data = to_json(notice)
    found.revision += 1
    found.next_at = now


def may_go_out() -> Any:
    """A condition of notices: those of guilds that the bot was removed from wait until it is back."""
    return is_here(NoticeRow.guild)


def is_here(guild: Any) -> Any:
    """A condition of a column: the bot is in the guild that it names."""
    left = select(GuildRow.id).where(col(GuildRow.left_at).is_not(None))
    return col(guild).not_in(left)


class Outbox:
    """The sender's side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due_keys(self, now: datetime, limit: int = 500) -> list[str]:
        """Whose notices are due: server ids, and guild ids where a notice is about no server. Longest waiting first.
        What a server's followers are told is apart from what else it has to say, and holds up none of that."""
        async with self._database.session() as session:
            found = await session.exec(
                select(NoticeRow.server, NoticeRow.guild, NoticeRow.kind)
                .where(NoticeRow.state == "pending", is_due(now), may_go_out())
                .order_by(col(NoticeRow.next_at), col(NoticeRow.id))
                .limit(limit)
            )
            return list(dict.fromkeys(_key(*each) for each in found))

    async def due(self, now: datetime, key: str, limit: int = 20) -> list[NoticeRow]:
        """What one of `due_keys` has to say now, in the order in which it happened. What waits for its next try holds
        up what comes after it, for the first HOLDS_UP tries; then it is tried once more before each of these."""
        query = select(NoticeRow, is_due(now)).where(NoticeRow.state == "pending", may_go_out())
        if key.isdigit():
            query = query.where(NoticeRow.guild == int(key), col(NoticeRow.server).is_(None))
        else:
            server = key.removesuffix(_FOLLOWERS)
            of_followers = col(NoticeRow.kind) == NoticeKind.FOLLOW
            query = query.where(NoticeRow.server == server, of_followers if server != key else not_(of_followers))
        found: list[NoticeRow] = []
        last = 0
        async with self._database.session() as session:
            for row, due in await session.exec(query.order_by(col(NoticeRow.id))):
                if not due and row.attempts < HOLDS_UP:
                    break
                found.append(row)
                last = len(found) if due else last
        return found[:last][:limit]

    async def backlog(self) -> tuple[int, datetime | None]:
        """How many notices wait, and since when the oldest does."""
        async with self._database.session() as session:
            query = select(func.count(), func.min(NoticeRow.created_at)).where(
                NoticeRow.state == "pending", may_go_out()
            )
            count, oldest = (await session.exec(query)).one()
            return int(count), oldest

    async def trying(self, number: int, channel: int, now: datetime) -> datetime | None:
        """Commit that a send is about to happen; the time of an earlier first try, if there was one."""
        async with self._database.begin() as session:
            row = await session.get(NoticeRow, number, with_for_update=True)
            if row is None:
                return None
            earlier = row.first_tried_at if row.channel in (None, channel) else None
            row.first_tried_at = earlier or now
            row.channel = channel
            session.add(row)
            return earlier

    async def sent(self, number: int, message: int, revision: int, now: datetime) -> None:
        """The message shows `revision` now. The first delivery of a warning starts its full warning time."""
        async with self._database.begin() as session:
            row, server = await _locked(session, number)
            if row is None:
                return
            row.message = message
            row.sent_revision = max(row.sent_revision, revision)
            row.state = "sent" if row.sent_revision >= row.revision else "pending"
            row.attempts = 0
            first = row.sent_at is None
            row.sent_at = row.sent_at or now
            session.add(row)
            if first and row.kind == NoticeKind.IDLE:
                _warning(session, server, row, delivered=now)

    async def drop(self, number: int, revision: int) -> None:
        """There is nothing left to say (a stale warning)."""
        async with self._database.begin() as session:
            row = await session.get(NoticeRow, number, with_for_update=True)
            if row is not None and row.revision == revision:
                row.state = "sent" if row.message else "dropped"
                row.sent_revision = revision
                session.add(row)

    async def address(self, number: int, people: Collection[int]) -> None:
        """One alarm becomes one for each of these people, to go out by direct message."""
        async with self._database.begin() as session:
            row = await session.get(NoticeRow, number, with_for_update=True)
            if row is None or not people:
                return
            alarm = notice_of(row.kind, row.data)
            if not isinstance(alarm, AlarmNotice) or alarm.to is not None:
                return
            first, *others = people
            row.data = to_json(replace(alarm, to=first))
            session.add(row)
            for each in others:
                copied = row.model_dump(include={"guild", "kind", "trace", "next_at", "created_at"})
                session.add(NoticeRow(**copied, data=to_json(replace(alarm, to=each))))

    async def retry(self, number: int, now: datetime, *, at_least: float = 0.0) -> None:
        """After a growing time, but not within `at_least` seconds; never later than LONGEST_WAIT."""
        async with self._database.begin() as session:
            row = await session.get(NoticeRow, number, with_for_update=True)
            if row is not None:
                row.attempts += 1
                growing = min(timedelta(seconds=2 ** min(row.attempts, 9)), LONGEST_RETRY)
                row.next_at = now + min(max(growing, timedelta(seconds=at_least)), LONGEST_WAIT)
                session.add(row)

    async def dead(self, number: int, now: datetime, *, last: bool) -> None:
        """This destination can never take it: go to the next one, or give up if it was the `last`."""
        async with self._database.begin() as session:
            row, server = await _locked(session, number)
            if row is None:
                return
            row.channel = row.message = row.first_tried_at = None
            row.destination += 1
            row.next_at = now
            row.attempts = 0
            if last:
                row.state = "dead"
                if row.kind == NoticeKind.IDLE:
                    _warning(session, server, row, delivered=None)
                elif row.kind == NoticeKind.FOLLOW:
                    await _end_follow(session, row)
            session.add(row)


def _key(server: str | None, guild: int, kind: str) -> str:
    if server is None:
        return str(guild)
    return f"{server}{_FOLLOWERS}" if kind == NoticeKind.FOLLOW else server


async def _locked(session: AsyncSession, number: int) -> tuple[NoticeRow | None, ServerRow | None]:
    """A notice and its server, locked in the order in which everybody locks them: the server first."""
    found = await session.get(NoticeRow, number)
    if found is None:
        return None, None
    server = await session.get(ServerRow, found.server, with_for_update=True) if found.server else None
    return await session.get(NoticeRow, number, with_for_update=True, populate_existing=True), server


async def _end_follow(session: AsyncSession, notice: NoticeRow) -> None:
    """Who takes no direct message follows nothing."""
    told = notice_of(notice.kind, notice.data)
    if isinstance(told, FollowNotice):
        theirs = (col(FollowRow.server) == notice.server, col(FollowRow.user) == told.to)
        await session.exec(delete(FollowRow).where(*theirs))


def _warning(session: AsyncSession, server: ServerRow | None, notice: NoticeRow, *, delivered: datetime | None) -> None:
    if server is None or server.episode != notice.episode or server.warned_at is None:
        return
    if delivered is None:
        server.warning_dead = True
    else:
        server.warning_delivered_at = delivered
    session.add(server)
