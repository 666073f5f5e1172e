"""Processes of this machine, told apart from later ones that got the same number.

Only the standard library is imported here: the agent has to stay small.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

_LOOK_EVERY = 0.05  # seconds; only while something is being ended


def identity(pid: int) -> str | None:
    """A text that no other process of this machine ever has, from its start time; None if it is gone or a zombie.

    Linux: boot id and field 22 of /proc/PID/stat (proc(5)). Elsewhere: `ps -o lstart`.
    """
    if sys.platform != "linux":
        seen = subprocess.run(
            ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        state, _, start = seen.stdout.strip().partition(" ")
        return start.strip() if start and not state.startswith("Z") else None
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
    except OSError:
        return None
    after_name = stat.rpartition(")")[2].split()
    if after_name[0] in "ZX":
        return None
    return f"{_boot()}:{after_name[19]}"


def is_alive(pid: int, who: str) -> bool:
    return bool(who) and identity(pid) == who


def holders(lock: Path) -> list[int]:
    """Processes that have `lock` open (Linux; elsewhere none are found)."""
    found = []
    wanted = str(lock.resolve())
    for fds in Path("/proc").glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):
            if any(os.readlink(each) == wanted for each in fds.iterdir()):
                found.append(int(fds.parent.name))
    return [pid for pid in found if pid != os.getpid()]


async def end(pid: int, who: str, *, by: signal.Signals = signal.SIGTERM, grace: float) -> None:
    """Signal the process `who`, wait up to `grace` seconds, then kill it with its group. Returns when it is gone."""
    send(pid, who, by)
    deadline = asyncio.get_running_loop().time() + grace
    while is_alive(pid, who):
        if asyncio.get_running_loop().time() >= deadline:
            kill_group(pid, who)
        await asyncio.sleep(_LOOK_EVERY)


def send(pid: int, who: str, by: signal.Signals) -> None:
    if is_alive(pid, who):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, by)


def kill_group(pid: int, who: str) -> None:
    """SIGKILL to the process and, where it leads a group, to the group."""
    if not is_alive(pid, who):
        return
    with contextlib.suppress(ProcessLookupError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)


def reap(pid: int) -> None:
    """Collect a dead child of ours; anybody else's is left alone."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return "-"
