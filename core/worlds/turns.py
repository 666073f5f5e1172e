"""Turns: how many heavy pieces of work run at once, for the host and for each guild, and who comes next.

What people ask for together would start as many child processes. Whoever has to wait is told so, guilds take turns,
and a guild that asks for a hundred things only makes itself wait.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass

from core.errors import TryAgain

AT_ONCE = 3
"""For the host. Each keeps a core busy, takes up to some 100 MiB (three packs, their chunks), and the disk of the world
twice; games and the bot need the rest."""

EACH = 2
"""For one guild: less than for the host, so that another one never finds all places taken."""

HOUSE = 0
"""In place of a guild: what is done by the clock. It has one place, and waits as long as it takes."""

LONGEST_WAIT = 600.0
"""Seconds, then one is asked to try again: Discord takes an answer for 15 minutes, and the work takes some too."""

_FIRST_WORD = 1.0  # seconds of waiting that nobody is told of
_NEXT_WORD = 10.0  # seconds between words after that
_WORD_WITHIN = 3.0  # seconds that telling may take: meanwhile a free place may stand empty

Told = Callable[[int], Awaitable[None]]
"""Is told, while a turn is waited for, how many go first: 1 or more."""

_told: ContextVar[Told | None] = ContextVar("told", default=None)
_turn: ContextVar[_Turn | None] = ContextVar("turn", default=None)


@dataclass(slots=True)
class _Turn:
    """What a task has until it gives it back, also where it started others that live longer."""

    of: Turns
    is_over: bool = False


def tell(told: Told | None) -> None:
    """Who is told while this task waits, from now on."""
    _told.set(told)


class Turns:
    def __init__(self, *, at_once: int = AT_ONCE, each: int = EACH) -> None:
        self._at_once = at_once
        self._each = each
        self._running: Counter[int] = Counter()
        self._waiting: dict[int, deque[asyncio.Future[None]]] = {}  # the guild whose turn was longest ago first

    @asynccontextmanager
    async def of(self, guild: int, *, patient: bool = False) -> AsyncIterator[None]:
        """A turn of `guild`; whoever has one keeps it for what they do within. Raises `TryAgain` after LONGEST_WAIT,
        unless `patient`: nobody waits for the answer."""
        had = _turn.get()
        if had is not None and had.of is self and not had.is_over:
            yield
            return
        await self._take(guild, patient=patient or guild == HOUSE)
        turn = _Turn(self)
        before = _turn.set(turn)
        try:
            yield
        finally:
            _turn.reset(before)
            turn.is_over = True
            self._give_back(guild)

    def is_free(self, guild: int) -> bool:
        """Whether a turn of `guild` would come at once."""
        running = self._running.total() < self._at_once and self._running[guild] < self._most(guild)
        return running and guild not in self._waiting

    async def _take(self, guild: int, *, patient: bool) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(guild, deque()).append(waiter)
        self._grant()
        try:
            async with asyncio.timeout(None if patient else LONGEST_WAIT):
                await self._until_granted(guild, waiter)
        except BaseException as ended:
            if waiter.done():
                self._give_back(guild)
            else:
                self._forget(guild, waiter)
            if isinstance(ended, TimeoutError):
                raise TryAgain("world.too_many_wait") from ended
            raise

    async def _until_granted(self, guild: int, waiter: asyncio.Future[None]) -> None:
        told, said, pause = _told.get(), 0, _FIRST_WORD
        while not waiter.done():
            await asyncio.wait([waiter], timeout=pause)
            if told is not None and not waiter.done() and (ahead := self._ahead(guild, waiter)) != said:
                said, pause = ahead, _NEXT_WORD
                with suppress(TimeoutError):
                    async with asyncio.timeout(_WORD_WITHIN):
                        await told(ahead)

    def _ahead(self, guild: int, waiter: asyncio.Future[None]) -> int:
        return max(1, self._running[guild] + self._waiting[guild].index(waiter))

    def _grant(self) -> None:
        """Give free places to guilds in turn."""
        while self._running.total() < self._at_once:
            guild = next((each for each in self._waiting if self._running[each] < self._most(each)), None)
            if guild is None:
                return
            queue = self._waiting.pop(guild)
            queue.popleft().set_result(None)
            self._running[guild] += 1
            if queue:
                self._waiting[guild] = queue  # behind the others

    def _most(self, guild: int) -> int:
        return 1 if guild == HOUSE else self._each

    def _give_back(self, guild: int) -> None:
        self._running[guild] -= 1
        if not self._running[guild]:
            del self._running[guild]
        self._grant()

    def _forget(self, guild: int, waiter: asyncio.Future[None]) -> None:
        queue = self._waiting[guild]
        queue.remove(waiter)
        if not queue:
            del self._waiting[guild]
