"""The log of a game as it comes, for people who watch: one follower a server, shared by all of them.

It follows the cluster's log only while somebody watches. Whoever comes gets the newest lines first. A game that writes
faster than somebody reads is not waited for: they are told how much they missed. What is shown passes redaction.py line
by line: a part of the log is whole lines, so no secret is cut in two where one part ends.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from core.data.tables import ServerRow
from core.errors import ClusterError, LimitReached, Refusal, TryAgain
from core.games.query.port import LogPart
from core.guilds.access import Actor, Do
from core.servers.earlier_secrets import earlier_secrets
from core.servers.parts import ServerParts
from core.servers.redaction import black_out, readable
from core.words import Desired

KEPT = 1000
"""Newest lines of each log that is watched."""
AT_ONCE = 200
"""Lines in one piece of news."""
LONGEST_LINE = 4096
"""Characters; the game is members' code."""
MOST_WATCHING = 500
"""By one process, all servers together."""
MOST_EACH = 10
"""By one person."""
RIGHTS_EVERY = 45.0
"""Seconds after which it is asked again whether somebody may watch."""
UNKNOWN_FOR = 600.0
"""Seconds for which somebody goes on watching although nobody can tell whether they still may."""
HEARTBEAT = 15.0
"""Seconds without news after which whoever watches is told that all is well."""
AGAIN = 2.0  # seconds after a log that ended, or that there is none of

Follow = Callable[[str], AsyncIterator[LogPart]]


class LogNewsKind(StrEnum):
    BEGIN = "begin"  # of a run; what was shown before is over
    LINES = "lines"
    END = "end"  # of that run; the next one begins by itself
    ALIVE = "alive"


@dataclass(frozen=True, slots=True)
class LogNews:
    """`missed`: so many lines before these went by unseen."""

    kind: LogNewsKind
    lines: tuple[str, ...] = ()
    missed: int = 0


@dataclass(slots=True)
class _Followed:
    """`run` counts the beginnings; `count` is the number of the line that comes next, `kept` are those before it."""

    task: asyncio.Task[None] | None = None
    watching: int = 0
    run: int = 0
    on: bool = False
    count: int = 0
    kept: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def stir(self) -> None:
        self.news.set()
        self.news = asyncio.Event()


class LiveLogs:
    def __init__(self, parts: ServerParts, follow: Follow) -> None:
        self._database = parts.database
        self._rows = parts.rows
        self._projections = parts.projections
        self._observed = parts.observed
        self._follow = follow
        self._followed: dict[str, _Followed] = {}
        self._watching = Counter[int]()  # by whom

    async def watch(self, server: str, who: Callable[[], Awaitable[Actor]]) -> AsyncIterator[LogNews]:
        """For as long as somebody reads, and may: `who` is asked anew every `RIGHTS_EVERY`. Raises a Refusal, also in
        the middle, where they may not, or not any more; TryAgain where nobody could tell for `UNKNOWN_FOR`."""
        actor = await who()
        server, at_rest = await self._allowed(server, actor)
        if self._watching.total() >= MOST_WATCHING or self._watching[actor.user] >= MOST_EACH:
            raise LimitReached("logs.watched")
        self._watching[actor.user] += 1
        followed = self._followed.setdefault(server, _Followed())
        followed.watching += 1
        if followed.task is None:
            followed.task = asyncio.create_task(self._read(server, followed), name=f"live log of {server}")

        async def again() -> bool:
            return (await self._allowed(server, await who()))[1]

        try:
            yield LogNews(LogNewsKind.ALIVE)  # at once, also where there is no log yet
            async for news in _told(followed, again, at_rest=at_rest):
                yield news
        finally:
            self._watching[actor.user] -= 1
            self._watching = +self._watching  # who watches nothing is forgotten
            followed.watching -= 1
            if not followed.watching:
                followed.task.cancel()
                if self._followed.get(server) is followed:
                    del self._followed[server]

    async def _allowed(self, server: str, actor: Actor) -> tuple[str, bool]:
        """Its id, and whether it is not to run. Refusal where its log may tell a secret that it had before."""
        async with self._rows.reading(actor, server, Do.LOGS) as (session, row):
            at_rest = row.desired != Desired.RUNNING
            if at_rest and await self._tells(session, row):
                raise Refusal("logs.earlier", name=row.name)
            return row.id, at_rest

    async def _read(self, server: str, followed: _Followed) -> None:
        clock, secrets, known_at = asyncio.get_running_loop().time, frozenset[str](), -RIGHTS_EVERY
        while True:
            begun, seen = False, self._observed.of(server).run
            with contextlib.suppress(ClusterError, TryAgain):
                async with contextlib.aclosing(self._follow(server)) as parts:  # type: ignore[type-var]
                    async for part in parts:
                        if not begun or clock() - known_at >= RIGHTS_EVERY:
                            if (known := await self._secrets(server)) is None:
                                break
                            if not begun and self._observed.of(server).run != seen:
                                break  # this part may be of the run before, of which another secret is known
                            secrets |= known  # what was one may still be written
                            known_at = clock()
                        if not begun:
                            followed.run, followed.on, begun = followed.run + 1, True, True
                            followed.kept.clear()
                            followed.count = 0
                        for line in part.lines:
                            followed.kept.append(shown(line, secrets))
                            followed.count += 1
                        followed.stir()
            followed.on = False
            followed.stir()
            await asyncio.sleep(AGAIN)

    async def _secrets(self, server: str) -> frozenset[str] | None:
        """None: its log may tell one that nobody knows any more; while it starts, it may still be that of before."""
        async with self._database.session() as session:
            row = await self._rows.load(session, server)
            if row is None or await self._tells(session, row):
                return None
            return frozenset(self._projections.secrets(row))

    async def _tells(self, session: AsyncSession, row: ServerRow) -> bool:
        ids, run = self._projections.secret_settings(row), self._observed.of(row.id).run
        return (await earlier_secrets(session, row, ids, run)).last


def shown(line: str, secrets: frozenset[str]) -> str:
    """Blacked out before it is cut: half of a secret is one, too."""
    return black_out(readable(line), secrets).replace("\n", " ").strip()[:LONGEST_LINE]


async def _told(followed: _Followed, ask: Callable[[], Awaitable[bool]], *, at_rest: bool) -> AsyncIterator[LogNews]:
    """`at_rest`: what there is of a log is that of a run that is over, also where the cluster does not say so."""
    clock, run, on, at = asyncio.get_running_loop().time, 0, False, 0
    asked_at = known_at = clock()
    while True:
        if clock() - asked_at >= RIGHTS_EVERY:
            asked_at = clock()
            try:
                at_rest, known_at = await ask(), asked_at
            except TryAgain:  # Discord or the database is away: that is no answer
                if asked_at - known_at > UNKNOWN_FOR:
                    raise
        news = followed.news
        if followed.run != run:
            at_rest = at_rest and run == 0  # else a new one has begun since
            run, on, at = followed.run, True, 0
            yield LogNews(LogNewsKind.BEGIN)
            continue
        if at < followed.count:
            first = followed.count - len(followed.kept)
            start = max(at, first)
            lines = tuple(list(followed.kept)[start - first : start - first + AT_ONCE])
            missed, at = start - at, start + len(lines)
            yield LogNews(LogNewsKind.LINES, lines, missed)
            continue
        if on and (at_rest or not followed.on):
            on = False
            yield LogNews(LogNewsKind.END)
            continue
        try:
            async with asyncio.timeout(HEARTBEAT):
                await news.wait()
        except TimeoutError:
            yield LogNews(LogNewsKind.ALIVE)
