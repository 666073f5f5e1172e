"""What a game and all that it started use of this machine, as Linux tells it (proc(5)); elsewhere nobody is told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from core.cluster.local_process import is_alive
from core.cluster.port import InUse

OVER = 0.3  # seconds between the two looks that tell how much CPU is used
_PROC = Path("/proc")


async def in_use(pid: int, who: str, *, over: float = OVER) -> InUse | None:
    """Of the process `who` (see `local_process.identity`) and its offspring; None once it is gone."""
    before, began = await asyncio.to_thread(_cpu, pid), time.monotonic()
    await asyncio.sleep(over)
    after, took = await asyncio.to_thread(_cpu, pid), time.monotonic() - began
    memory = await asyncio.to_thread(_memory, list(after))
    if not memory or not is_alive(pid, who):
        return None
    # What came between the two looks had used nothing at the first.
    used = sum(max(0, now - before.get(each, 0)) for each, now in after.items())
    return InUse(cpu=round(used / took / 1e6), memory=memory)


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
    """`root`, its session (a game leads one of its own), and whatever these have started."""
    children: dict[int, list[int]] = {}
    session: list[int] = []
    for entry in _PROC.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name may contain anything, so fields are counted from its end: state, parent, group, session.
            after_name = entry.read_text("ascii", errors="replace").rpartition(")")[2].split()
            pid = int(entry.parent.name)
            children.setdefault(int(after_name[1]), []).append(pid)
            if int(after_name[3]) == root:
                session.append(pid)
    seen: set[int] = set()
    waiting = [root, *session]
    while waiting:
        pid = waiting.pop()
        if pid not in seen:
            seen.add(pid)
            yield pid
            waiting += children.get(pid, ())
