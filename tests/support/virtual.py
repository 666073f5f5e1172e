"""An event loop whose time is the test's, and SQLite without threads: what happens is the same each time it is run.

One turn of the loop is the smallest step; every await on the database is a turn at least, so that whoever counts
turns can stop the program at any await.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

import aiosqlite.core

MOST_TURNS = 50_000
"""A program that has not come to rest by then never will."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` stands still until `passed` grows."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0
        self._left = 0
        self.set_exception_handler(lambda *_: None)  # of tasks of the dead, that nobody asks any more

    def time(self) -> float:
        return self.passed

    def turns(self, most: int | None = None) -> None:
        """So many turns, or until there is nothing to do without time going on."""
        self._left = MOST_TURNS if most is None else most
        if self._left and self._has_work():
            self.run_forever()
        assert most is not None or self._left, "it never comes to rest"

    def _has_work(self) -> bool:
        due = bool(self._scheduled) and self._scheduled[0].when() <= self.passed  # type: ignore[attr-defined]
        return bool(self._ready) or due  # type: ignore[attr-defined]

    def _run_once(self) -> None:
        super()._run_once()  # type: ignore[misc]
        if self._left:
            self._left -= 1
            if not self._left or not self._has_work():
                self.stop()

    def end(self) -> None:
        """Cancel everything at the await where it stands."""
        for _ in range(10):
            tasks = asyncio.all_tasks(self)
            if not tasks:
                return
            for task in tasks:
                task.cancel()
            self.turns()
        raise AssertionError(f"these tasks do not end: {tasks}")


_open: list[sqlite3.Connection] | None = []
"""None while the process that had them is dead."""


def cut_off() -> None:
    """Close every connection that was made inline, as the death of a process does: what is not committed is gone, and
    whoever tidies up after that reaches nothing any more."""
    global _open
    connections, _open = _open or [], None
    for connection in connections:
        with suppress(sqlite3.ProgrammingError):  # closed already
            connection.rollback()  # closing alone leaves it to whoever holds a cursor still
            connection.close()


def plug_in() -> None:
    """A new process begins."""
    global _open
    _open = []


class _Inline:
    """In place of the queue to a connection's thread: carries out at once, answers in the next turn."""

    def put_nowait(self, item: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, function = item
        try:
            if _open is None:
                raise sqlite3.ProgrammingError("this process is dead")
            result, wrong = function(), None
            if isinstance(result, sqlite3.Connection):
                _open.append(result)
        except Exception as caught:
            result, wrong = None, caught
        if future is None or future.get_loop().is_closed():
            return

        def answer() -> None:
            if future.done():
                return
            if wrong is not None:
                future.set_exception(wrong)
            else:
                future.set_result(result)

        future.get_loop().call_soon(answer)


class _NoThread:
    def __init__(self, **_: object) -> None:
        self.daemon = True

    def start(self) -> None:
        pass


@contextmanager
def sqlite_inline() -> Iterator[None]:
    """Connections made inside have no thread of their own; that a dead process leaves some open is not told."""
    log = logging.getLogger("sqlalchemy.pool")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    with patch.object(aiosqlite.core, "SimpleQueue", _Inline), patch.object(aiosqlite.core, "Thread", _NoThread):
        yield
    log.setLevel(level)
