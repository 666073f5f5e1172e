"""One copy of Dormouse on a data folder: a lock that goes with its process."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from core.errors import Misconfigured


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder's lock; Misconfigured where another copy has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file: IO[str] = open(_file(folder), "a+")  # noqa: SIM115 - open for as long as the process holds it
    except OSError as wrong:
        raise Misconfigured([f"DORMOUSE_DATA_DIR: {folder} cannot be used: {wrong.strerror}."]) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise Misconfigured([f"Another Dormouse is running on {folder}: stop that one first."]) from None
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    try:
        yield
    finally:
        file.close()


def holder(folder: Path) -> str | None:
    """The process that holds it, as it wrote its number down; None where none does, or that cannot be seen."""
    try:
        with _file(folder).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
    except BlockingIOError:
        return _file(folder).read_text("utf-8", "replace").strip()
    except OSError:
        return None


def _file(folder: Path) -> Path:
    return folder / "lock"
