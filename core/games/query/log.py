"""Games that tell nobody who plays, but write into their log who comes and goes: one stream for each that runs.

What is known begins with the log. Where its beginning is missing (it was rotated away, or the bot came late to a part
of it), somebody may be on whom no line that is left tells of: then nobody being seen is Unknown, and never Empty.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from core.errors import ClusterError
from core.games.form.reached import Query as Rule
from core.games.protocols.answer import MOST_PLAYERS, counted
from core.games.query.direct import told
from core.games.query.port import LogPart, Players, Run
from core.games.terminal import plain
from core.words import Empty, Unknown

FORGOTTEN = 120.0  # seconds after which a log that nobody asks about is followed no more
LONGEST_LINE = 4096  # characters; the game is members' code
AGAIN = 5.0  # seconds after a stream that broke

Follow = Callable[[str], AsyncIterator[LogPart]]
"""The output of a server's current run: first all there is, then more as it comes. Ends with the run; raises
`ClusterError` where there is none or the line breaks."""


@dataclass(slots=True)
class Presence:
    """Pure: who is on, by the lines so far: names by what the game calls a player when they leave."""

    rule: Rule
    on: dict[str, str] = field(default_factory=dict)

    def read(self, line: str) -> None:
        line = plain(line[:LONGEST_LINE])
        if (came := re.search(self.rule.join, line)) is not None:
            if len(self.on) < MOST_PLAYERS:
                self.on[self._who(came)] = came.groupdict().get("player") or ""
        elif self.rule.leave and (left := re.search(self.rule.leave, line)) is not None:
            self.on.pop(self._who(left), None)

    def players(self, *, whole: bool) -> Players:
        if self.on:
            return told(counted(len(self.on), None, self.on.values()))
        return Players(Empty() if whole else Unknown("the log's beginning is missing"))

    def _who(self, found: re.Match[str]) -> str:
        by = "id" if "(?P<id>" in self.rule.join and "(?P<id>" in self.rule.leave else "player"
        return found.groupdict().get(by) or ""


@dataclass(slots=True)
class _Followed:
    task: asyncio.Task[None]
    presence: Presence
    asked_at: float
    whole: bool = False  # it is being read, from its first line on
    caught_up: asyncio.Event = field(default_factory=asyncio.Event)


class LogQuery:
    def __init__(self, follow: Follow) -> None:
        self._follow = follow
        self._followed: dict[tuple[str, str, int], _Followed] = {}

    async def players(self, server: str, run: Run, rule: Rule) -> Players:
        """Who is on by this run's log. Never raises; waits a moment for a log that is only begun to be read."""
        if not rule.join or not rule.leave or run.uid is None:
            return Players(Unknown("this game tells nobody who plays"))
        self._forget()
        key = server, run.uid, run.restarts
        for other in [other for other in self._followed if other[0] == server and other != key]:
            self._followed.pop(other).task.cancel()
        now = asyncio.get_running_loop().time()
        followed = self._followed.get(key)
        if followed is None:
            presence = Presence(rule)
            task = asyncio.create_task(self._read(key, presence), name=f"log of {server}")
            followed = self._followed[key] = _Followed(task, presence, now)
        followed.asked_at = now
        try:
            async with asyncio.timeout(3):
                await followed.caught_up.wait()
        except TimeoutError:
            return Players(Unknown("its log does not answer"))
        return followed.presence.players(whole=followed.whole)

    async def close(self) -> None:
        for followed in self._followed.values():
            followed.task.cancel()
        await asyncio.gather(*(each.task for each in self._followed.values()), return_exceptions=True)
        self._followed.clear()

    def _forget(self) -> None:
        now = asyncio.get_running_loop().time()
        for key, followed in list(self._followed.items()):
            if now - followed.asked_at > FORGOTTEN:
                self._followed.pop(key).task.cancel()

    async def _read(self, key: tuple[str, str, int], presence: Presence) -> None:
        followed = self._followed[key]
        while True:
            with contextlib.suppress(ClusterError):
                async for part in self._follow(key[0]):
                    for line in part.lines:
                        presence.read(line)
                    followed.whole = part.whole
                    followed.caught_up.set()
            # The run ended, or the line broke: what was known is known no more.
            followed.whole = False
            presence.on.clear()
            followed.caught_up.set()
            await asyncio.sleep(AGAIN)
