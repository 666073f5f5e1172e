"""Following the log of a game on this machine, as the agent writes it. The game may write there too, and as much as it
likes: what comes faster than it is read is skipped."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

from core.agent.local.folder import DROPPED, LOG_CAP
from core.errors import ClusterError
from core.games.query.port import LogPart
from core.nofollow import Spot

LOOK_EVERY = 0.5  # seconds
_AT_ONCE = 2 * LOG_CAP  # bytes: what the agent writes is never more
_LINE_CAP = 64 * 1024  # bytes of a line that has no end yet


async def follow(spot: Spot) -> AsyncIterator[LogPart]:
    """As `Cluster.follow`. Another file in its place, or a shorter one, is another run."""
    try:
        file = os.fdopen(spot.open(os.O_RDONLY), "rb")
    except OSError as wrong:
        raise ClusterError(f"there is no log: {wrong.strerror or wrong}") from wrong
    with file:
        first, partial, whole, cut = True, b"", True, False
        while True:
            if (size := os.fstat(file.fileno()).st_size) - file.tell() > _AT_ONCE:
                file.seek(size - LOG_CAP)
                partial, whole, cut = b"", False, True
            *lines, partial = (partial + file.read(_AT_ONCE)).split(b"\n")
            if cut and lines:  # half a line may be half a secret, which nobody knows to be one
                lines, cut = lines[1:], False
            partial = partial[:_LINE_CAP]
            if lines or first:
                whole = whole and not (lines and lines[0] == DROPPED)
                yield LogPart(tuple(line.decode(errors="replace").rstrip("\r") for line in lines), whole)
                first = False
            try:
                same = spot.stat().st_ino == os.fstat(file.fileno()).st_ino
            except OSError:
                return
            if not same:
                return
            await asyncio.sleep(LOOK_EVERY)
