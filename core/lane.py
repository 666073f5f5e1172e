"""Work by key: at most so many keys at once, never one key twice at once, and for each key a growing, jittered retry.

Trouble with one key never delays another. A touch is only a hint and may come at any time: the work reads the rows.
Work that has to wait for somebody else gives its slot back (`leave`), so that others go on.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Awaitable, Callable

FIRST_RETRY, LONGEST_RETRY = 1.0, 300.0  # seconds
TURN_WITHIN = 5.0  # seconds


class Lane:
    """`work(key)` returns the seconds after which to look again, or None. `run` until cancelled or `stop`ped."""

    def __init__(
        self,
        work: Callable[[str], Awaitable[float | None]],
        *,
        at_once: int,
        failed: Callable[[str, Exception, int], None],
        longest: float = LONGEST_RETRY,
    ) -> None:
        """`failed(key, error, times in a row)` is called at each failure. `longest`: seconds of the longest retry."""
        self._work = work
        self._longest = longest
        self._failed = failed
        self._slots = asyncio.Semaphore(at_once)
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._busy: set[str] = set()
        self._holding: set[str] = set()  # a slot
        self._touched: set[str] = set()  # while they were worked on
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, float] = {}
        self._woken = asyncio.Event()
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.turned_at: float | None = None
        """The event loop's time of the last turn; at most TURN_WITHIN ago while it runs; else None."""

    def __len__(self) -> int:
        """Keys that wait or are worked on."""
        return len(self._due) + len(self._busy)

    @property
    def full(self) -> bool:
        """Whether what is due has to wait for a slot."""
        return self._slots.locked()

    def touch(self, key: str, delay: float = 0.0, *, force: bool = False) -> None:
        """Work on this key in at most `delay` seconds. A key that failed waits for its retry, unless `force`."""
        at = asyncio.get_running_loop().time() + delay
        if not force:
            at = max(at, self._not_before.get(key, 0.0))
        if at < self._due.get(key, float("inf")):
            self._due[key] = at
            heapq.heappush(self._heap, (at, key))
            self._woken.set()

    def leave(self, key: str) -> None:
        """Said by the work on `key`: from here on it waits for others, and needs no slot of ours."""
        if key in self._holding:
            self._holding.discard(key)
            self._slots.release()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while not self._stopping:
                self.turned_at = loop.time()
                self._woken.clear()
                while self._heap and self._heap[0][0] <= loop.time() and not self._stopping:
                    at, key = heapq.heappop(self._heap)
                    if self._due.get(key) != at:
                        continue  # touched again for an earlier time
                    del self._due[key]
                    if key in self._busy:
                        self._touched.add(key)
                        continue
                    await self._slots.acquire()
                    self._busy.add(key)
                    self._holding.add(key)
                    task = asyncio.create_task(self._one(key), name=f"lane {key}")
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                wait = self._heap[0][0] - loop.time() if self._heap else TURN_WITHIN
                try:
                    async with asyncio.timeout(min(max(wait, 0.0), TURN_WITHIN)):
                        await self._woken.wait()
                except TimeoutError:
                    pass
        finally:
            self.turned_at = None
            # What is under way is short and ends by itself; cutting it off could leave a transaction open.
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop(self) -> None:
        """Let `run` return when the work under way is done."""
        self._stopping = True
        self._woken.set()

    async def _one(self, key: str) -> None:
        again: float | None
        try:
            again = await self._work(key)
            self._failures.pop(key, None)
            self._not_before.pop(key, None)
        except Exception as wrong:
            times = self._failures[key] = self._failures.get(key, 0) + 1
            growing = min(FIRST_RETRY * 2.0 ** min(times - 1, 9), self._longest) * random.uniform(0.5, 1.5)
            again = max(growing, getattr(wrong, "retry_after", 0.0))  # a rate limit says for how long
            self._not_before[key] = asyncio.get_running_loop().time() + again
            self._failed(key, wrong, times)
        finally:
            self._busy.discard(key)
            self.leave(key)
        if key in self._touched:
            self._touched.discard(key)
            self.touch(key)
        if again is not None:
            self.touch(key, again)
