"""Ports for game servers in tests: no two tests have the same at a time, in whatever process they run."""

from __future__ import annotations

import fcntl
import socket
import tempfile
from collections.abc import Iterator
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import IO

# They lie below 32768: from there on the system gives ports to outgoing connections, so that one which was free a
# moment ago may be in use when a game wants to listen on it.
FIRST, LAST = 12000, 25000
STRETCH = 260
BLOCK = 20


def ports() -> str:
    """A block of its own for one bot, as DORMOUSE_PORTS takes it."""
    for block in _blocks():
        if all(map(_is_free, block)):
            return f"{block[0]}-{block[-1]}"
    raise AssertionError("unreachable")


@cache
def _blocks() -> Iterator[range]:
    """Of this process's stretch, in turn, so that what a test left behind has long gone."""
    first, _ = _stretch()
    return cycle(range(at, at + BLOCK) for at in range(first, first + STRETCH, BLOCK))


@cache
def _stretch() -> tuple[int, IO[str]]:
    """Its first port, and the lock that it belongs to this process by."""
    for first in range(FIRST, LAST, STRETCH):
        lock = (Path(tempfile.gettempdir()) / f"dormouse-test-ports-{first}").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
        else:
            return first, lock
    raise RuntimeError("more test processes than there are ports for")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
