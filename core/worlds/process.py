"""What the entry points of this package share: a child process that works quietly and speaks in JSON lines.

On stdout, one object a line: `{"event": "progress", "done": N, "total": N}` at most four times a second, then one of

    {"event": "done", "result": {...}}          exit 0
    {"event": "failed", "kind": K, "detail": …, "keys": […], "files": […]}

with K and exit code `away` 75 (try again in minutes; `retry_after` may be there), `refused` 77, `damaged` 65,
`missing` 66, `not_empty` 73, `hostile` 65 (`why`: errors.Hostile), `failed` 1. Wrong use is exit 2, without a line.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

from .errors import Damaged, Hostile, NoSnapshot, NotEmpty, TooLate, WorldError
from .store import open_store
from .store.port import Store, StoreAway, StoreError

_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}
_BEST_EFFORT_LAST = (2 << 13) | 7
_M_ARENA_MAX = -8  # glibc: threads share two heaps, which saves some 20 MB


def add_store(parser: argparse.ArgumentParser) -> None:
    """The arguments that say which world of which store. Unsaid, the store is the environment's `DORMOUSE_STORE`."""
    store = os.environ.get("DORMOUSE_STORE")
    parser.add_argument("--store", required=store is None, default=store, help="folder:PATH or b2:BUCKET/PREFIX")
    parser.add_argument("--server", required=True, help="12 characters")


class Progress:
    """A progress callback that writes lines, not too many."""

    def __init__(self, every: float = 0.25) -> None:
        self._every = every
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._every
            say("progress", done=done, total=total)


def say(event: str, **values: Any) -> None:
    sys.stdout.write(json.dumps({"event": event, **values}, default=_plain) + "\n")
    sys.stdout.flush()


def run(options: argparse.Namespace, work: Callable[[Store], object]) -> int:
    """Open the store, work modestly, say how it ended; the exit code."""
    be_modest()
    try:
        store = open_store(options.store, os.environ)
        try:
            result = work(store)
        finally:
            store.close()
    except (StoreError, WorldError, OSError) as error:
        return _failed(error)
    say("done", result=result)
    return 0


def be_modest() -> None:
    """Behind the game, for CPU and disk, and small. Best effort: what the system refuses is left."""
    try:
        os.nice(10)
        number = _IOPRIO_SET.get(platform.machine())
        if number:
            ctypes.CDLL(None).syscall(number, 1, 0, _BEST_EFFORT_LAST)
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    except (OSError, AttributeError):
        pass


def kind_of(error: Exception) -> tuple[str, int]:
    """What kind of failure this is, and the exit code that says so."""
    match error:
        case StoreAway() | TooLate():
            return "away", 75
        case StoreError():
            return "refused", 77
        case Damaged():
            return "damaged", 65
        case NoSnapshot():
            return "missing", 66
        case NotEmpty():
            return "not_empty", 73
        case Hostile():
            return "hostile", 65
    return "failed", 1


def _failed(error: Exception) -> int:
    kind, code = kind_of(error)
    values: dict[str, Any] = {}
    match error:
        case StoreAway():
            if error.retry_after is not None:
                values["retry_after"] = error.retry_after
        case Damaged():
            values = {"keys": error.keys, "files": error.files[:100]}
        case Hostile():
            values = {"why": error.why}
    say("failed", kind=kind, detail=str(error), **values)
    return code


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
