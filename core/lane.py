"""Work by key: so many at once, one key never twice at the same time, each with its own growing, jittered retry.

One key's trouble never delays another's. A touch is a hint and may come at any time; the work looks at the truth.
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
        """`failed(key, error, times in a row)` is told of each failure; a retry comes after at most `longest` s."""
        self._work = work
        self._longest = longest
        self._failed = failed
        self._slots = asyncio.Semaphore(at_once)
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._busy: set[str] = set()
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

    def touch(self, key: str, delay: float = 0.0, *, force: bool = False) -> None:
        """Look at this key after `delay` seconds at the latest; one that failed waits out its retry, unless `force`."""
        at = asyncio.get_running_loop().time() + delay
        if not force:
            at = max(at, self._not_before.get(key, 0.0))
        if at < self._due.get(key, float("inf")):
            self._due[key] = at
            heapq.heappush(self._heap, (at, key))
            self._woken.set()

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
        """Let `run` return after what is under way now."""
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
            self._slots.release()
        if key in self._touched:
            self._touched.discard(key)
            self.touch(key)
        if again is not None:
            self.touch(key, again)
