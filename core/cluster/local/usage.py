"""What a game and all that it started use of this machine, as Linux tells it (proc(5)); elsewhere nobody is told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.agent.local.process import is_alive
from core.cluster.port import InUse

LONGEST = 300.0  # seconds that an earlier reading may be old to say what is used *now*
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a process and its offspring."""

    who: str  # core.agent.local.process.identity
    at: float  # seconds, monotonic
    cpu: dict[int, int]  # by pid: nanoseconds so far
    age: float  # seconds since it began
    memory: int  # bytes


async def read(pid: int, who: str) -> Reading | None:
    """None once `who` is gone."""
    return await asyncio.to_thread(_read, pid, who)


def in_use(now: Reading, before: Reading | None) -> InUse:
    """Pure: CPU since the look before, if there was one lately; else since it began."""
    if before is None or before.who != now.who or not 1.0 <= now.at - before.at <= LONGEST:
        return InUse(cpu=round(sum(now.cpu.values()) / max(now.age, 0.1) / 1e6), memory=now.memory)
    # What came between the two looks had used nothing at the first.
    used = sum(max(0, each - before.cpu.get(pid, 0)) for pid, each in now.cpu.items())
    return InUse(cpu=round(used / (now.at - before.at) / 1e6), memory=now.memory)


def _read(pid: int, who: str) -> Reading | None:
    cpu = _cpu(pid)
    memory = _memory(list(cpu))
    try:
        began = int((_PROC / str(pid) / "stat").read_text("ascii", errors="replace").rpartition(")")[2].split()[19])
        up = float((_PROC / "uptime").read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    if not memory or not is_alive(pid, who):
        return None
    return Reading(who, time.monotonic(), cpu, up - began / os.sysconf("SC_CLK_TCK"), memory)


def _cpu(root: int) -> dict[int, int]:
    """Nanoseconds of CPU that each process of the tree has had."""
    found: dict[int, int] = {}
    for pid in _tree(root):
        with contextlib.suppress(OSError):
            # The clock of another process, as clock_getcpuclockid(3) makes it: /proc counts in hundredths only.
            found[pid] = time.clock_gettime_ns((~pid << 3) | 2)
    return found


def _memory(pids: list[int]) -> int:
    """Bytes that are resident; what several of them share counts for each."""
    pages = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            pages += int((_PROC / str(pid) / "statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _tree(root: int) -> Iterator[int]:
    """`root`, its session (a game leads one of its own), and whatever these have started; where the kernel does not
    tell who started whom (CONFIG_PROC_CHILDREN), the session alone. To read of every process who started it took ten
    times as long."""
    seen: set[int] = set()
    waiting = [root, *(pid for pid in map(int, filter(str.isdigit, os.listdir(_PROC))) if _session(pid) == root)]
    while waiting:
        pid = waiting.pop()
        if pid not in seen:
            seen.add(pid)
            yield pid
            waiting += _children(pid)


def _session(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        return os.getsid(pid)
    return None


def _children(pid: int) -> list[int]:
    """Each thread has those that it started itself."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(_PROC / str(pid) / "task"):
            found += map(int, (_PROC / str(pid) / "task" / thread / "children").read_text("ascii").split())
    return found
