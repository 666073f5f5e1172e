"""What the entry points of this package share: a child process that works quietly and speaks in JSON lines.

On stdout, one object a line: `{"event": "progress", "done": N, "total": N}` at most four times a second, then one of

    {"event": "done", "result": {...}}          exit 0
    {"event": "failed", "kind": K, "detail": …, "keys": […], "files": […]}

with K and the exit code as failures.py says. `away` may have `retry_after` (seconds), `hostile` has `why`
and `member` (errors.Hostile). Wrong use is exit 2, without a line.
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
from pathlib import Path
from typing import Any

from core.nofollow import Spot
from core.record import Record

from .errors import Damaged, Hostile, WorldError
from .failures import TABLE, failure_of
from .store import open_store
from .store.place import STORE
from .store.port import Store, StoreAway, StoreError

_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}
_BEST_EFFORT_LAST = (2 << 13) | 7
_M_ARENA_MAX = -8  # glibc: threads share two heaps, which saves some 20 MB


def add_store(parser: argparse.ArgumentParser) -> None:
    """The arguments that say which world of which store. Unsaid, the store is the environment's `DORMOUSE_STORE`."""
    store = os.environ.get(STORE)
    parser.add_argument("--store", required=store is None, default=store, help="folder:PATH or b2:BUCKET/PREFIX")
    parser.add_argument("--server", required=True, help="12 characters")


def add_folder(parser: argparse.ArgumentParser, name: str, help: str) -> None:
    """An argument that says where a world lies."""
    parser.add_argument(name, type=Path, help=help)
    parser.add_argument("--below", type=Path, help=f"a game writes here: `{name}` is in it, and no link is followed")


def folder_of(options: argparse.Namespace, name: str) -> Path | Spot:
    folder: Path = getattr(options, name)
    return folder if options.below is None else Spot(options.below, folder.parts)


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


def _failed(error: Exception) -> int:
    kind = failure_of(error)
    values: dict[str, Any] = {}
    match error:
        case StoreAway():
            if error.retry_after is not None:
                values["retry_after"] = error.retry_after
        case Damaged():
            values = {"keys": error.keys, "files": error.files[:100]}
        case Hostile():
            values = {"why": error.why, "member": error.member}
    say("failed", kind=kind, detail=str(error), **values)
    return TABLE[kind].child


def _plain(value: object) -> object:
    if isinstance(value, Record):
        return value.to_json()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
