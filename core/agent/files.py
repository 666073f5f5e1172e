"""Files of JSON and locks, as the agent and the local cluster keep them, in folders where a game may write too
(core/nofollow.py): what else stands in the place of such a file reads as missing, and is thrown away where the file is
written. Only the standard library is imported here: the agent has to stay small."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from core.nofollow import Spot, WrongKind
from core.record import Record

_R = TypeVar("_R", bound=Record)


def read_record(kind: type[_R], path: Path | Spot) -> _R | None:
    """None where it is missing or not readable as such: half of a file is no file."""
    values = read_json(path)
    try:
        return None if values is None else kind.of(values)
    except (TypeError, ValueError):
        return None


def read_json(path: Path | Spot) -> dict[str, Any] | None:
    try:
        values = parsed(Spot.of(path).read())
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def parsed(data: bytes) -> Any:
    """Raises `ValueError`, also for what is nested too deep."""
    try:
        return json.loads(data.decode("utf-8"))
    except RecursionError as wrong:
        raise ValueError("it is nested too deep") from wrong


def write_json(path: Path | Spot, values: Mapping[str, Any], *, durable: bool = True) -> None:
    """Replace `path` at once, mode 0600. `durable` also survives a power cut; what a reboot voids needs none."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    Spot.of(path).write(text.encode("utf-8"), durable=durable)


def take_lock(path: Path | Spot) -> int | None:
    """An open file that holds the lock `path` until it and all inherited copies are closed; None if it is taken."""
    handle = Spot.of(path).open_ours(os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def is_locked(path: Path | Spot) -> bool:
    try:
        handle = Spot.of(path).open(os.O_RDWR)
    except (FileNotFoundError, WrongKind):
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
