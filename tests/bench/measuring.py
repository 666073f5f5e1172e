"""Numbers: percentiles, a process' memory, and how long an event loop was blocked."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

TICK = 0.005
"""Seconds between two looks at the clock: shorter blocks are not seen."""
MIB = 1024 * 1024


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank; NaN of nothing."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def median(values: Sequence[float]) -> float:
    return percentile(values, 0.5)


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB. `rss` is what stands in memory, `pss` shares what several processes share among them."""

    rss: float
    pss: float

    @classmethod
    def of(cls, process: int | str = "self") -> Memory:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        kib = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
        return cls(kib["Rss"] / 1024, kib["Pss"] / 1024)


def cpu_of(process: int) -> float:
    """CPU seconds so far, in steps of 10 ms."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


class Load:
    """What the machine was busy with between `Load(processes)` and `read`: those processes, and all others."""

    def __init__(self, *processes: int) -> None:
        self._processes = processes
        self._began = time.perf_counter()
        self._before = [cpu_of(each) for each in processes]
        self._all_before = _busy()

    def read(self) -> tuple[list[float], float]:
        """CPU seconds of each process, and the share of the machine that went to others."""
        own = [cpu_of(each) - before for each, before in zip(self._processes, self._before, strict=True)]
        there_was = (time.perf_counter() - self._began) * (os.cpu_count() or 1)
        return own, max(0.0, _busy() - self._all_before - sum(own)) / there_was


def _busy() -> float:
    user, nice, system, _idle, _iowait, *more = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9])
    return (user + nice + system + sum(more)) / os.sysconf("SC_CLK_TCK")


class Ticker:
    """Notices how long the running event loop did not come round."""

    def __init__(self) -> None:
        self._longest = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._tick())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def reset(self) -> float:
        """The longest block so far in seconds, then begin anew."""
        longest, self._longest = self._longest, 0.0
        return longest

    async def _tick(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK)
            self._longest = max(self._longest, time.perf_counter() - before - TICK)
