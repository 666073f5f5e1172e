"""Following the log of a game on this machine, as the agent writes it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from core.cluster.local_files import DROPPED
from core.cluster.port import LogPart
from core.errors import ClusterError

LOOK_EVERY = 0.5  # seconds


async def follow(path: Path) -> AsyncIterator[LogPart]:
    """As `Cluster.follow`. Another file in its place, or a shorter one, is another run."""
    try:
        file = path.open("rb")
    except OSError as wrong:
        raise ClusterError(f"there is no log: {wrong.strerror}") from wrong
    with file:
        first, partial, whole = True, b"", True
        while True:
            data = partial + file.read()
            *lines, partial = data.split(b"\n")
            if lines or first:
                whole = whole and not (lines and lines[0] == DROPPED)
                yield LogPart(tuple(line.decode(errors="replace").rstrip("\r") for line in lines), whole)
                first = False
            try:
                same = os.stat(path).st_ino == os.fstat(file.fileno()).st_ino
            except OSError:
                return
            if not same:
                return
            await asyncio.sleep(LOOK_EVERY)
