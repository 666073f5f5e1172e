"""How work on a world can fail, in every shape that a failure passes through: one table, and who reads it.

An exception becomes a *kind* where a child process ends (process.py). An agent passes the kind on by HTTP, as a job's
last words, or as the exit code of a pod's container. The cluster's adapter makes a `core.words.Problem` of it.

Only the standard library is imported here: the agent has to stay small.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import StrEnum

from core.errors import ClusterError
from core.words import Problem

from .errors import Damaged, Hostile, Incomplete, NoSnapshot, NotEmpty, TooLate
from .store.port import KeyRefused, StoreAway, StoreError


class Failure(StrEnum):
    """The kinds. They travel between versions of the program: never rename one, only add."""

    AWAY = "away"  # the store does not answer: try again in minutes
    KEY = "key"  # the store does not take the key; another one may do
    REFUSED = "refused"  # the store says no, or there is none
    DAMAGED = "damaged"  # the snapshot cannot be had whole
    MISSING = "missing"  # there is no such snapshot
    FOREIGN = "not_empty"  # the place holds something that is not ours to touch
    LOST = "lost"  # the volume was finished once, and is not there
    INCOMPLETE = "incomplete"  # files of the world cannot be saved, or not as they are
    HOSTILE = "hostile"  # an archive or address that is not taken in
    FULL = "full"  # the disk has no room
    KILLED = "killed"  # a child was ended before it could say anything
    FAILED = "failed"  # everything else


@dataclass(frozen=True, slots=True)
class Shapes:
    """`child` is the exit code of a child process, `container` of a pod's container. Both are kept for good: pods of an
    older version of the program run beside a newer one."""

    raised: tuple[type[Exception], ...] = ()
    child: int = 1
    container: int = 1
    problem: Problem = Problem.CANNOT_APPLY


TABLE: dict[Failure, Shapes] = {
    Failure.AWAY: Shapes((StoreAway, TooLate), 75, 69, Problem.STORE_AWAY),
    Failure.KEY: Shapes((KeyRefused,), 76, 73, Problem.STORE_REFUSED),
    Failure.REFUSED: Shapes((StoreError,), 77, 70, Problem.STORE_REFUSED),  # all of them but those above
    Failure.DAMAGED: Shapes((Damaged,), 65, 71, Problem.WORLD_DAMAGED),
    Failure.MISSING: Shapes((NoSnapshot,), 66, 66, Problem.SNAPSHOT_GONE),
    Failure.FOREIGN: Shapes((NotEmpty,), 73, 65, Problem.VOLUME_FOREIGN),
    Failure.LOST: Shapes(container=68, problem=Problem.VOLUME_LOST),
    Failure.INCOMPLETE: Shapes((Incomplete,), 74, 72, Problem.WORLD_INCOMPLETE),
    Failure.HOSTILE: Shapes((Hostile,), 65),
    Failure.FULL: Shapes(container=67, problem=Problem.DISK_FULL),
    Failure.KILLED: Shapes(),
    Failure.FAILED: Shapes(),
}

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_NO_NEWS = (Failure.FAILED, Failure.KILLED)  # kinds that say less than their details may
_PROBLEMS = {shapes.container: shapes.problem for shapes in TABLE.values()}


def failure_of(error: Exception) -> Failure:
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return Failure.FULL
    found = (kind for kind, shapes in TABLE.items() if isinstance(error, shapes.raised))
    return next(found, Failure.FAILED)


def failure_said(kind: str, detail: str) -> Failure:
    """The kind that a child or an agent named. One that broke off has named none, but may have said why in words."""
    known = Failure(kind) if kind in list(Failure) else Failure.FAILED
    full = known in _NO_NEWS and any(f"[Errno {number}]" in detail for number in _NO_ROOM)
    return Failure.FULL if full else known


def refusal_of(kind: str, detail: str) -> ClusterError:
    """What a failure means for the server."""
    failure = failure_said(kind, detail)
    return ClusterError(detail, problem=TABLE[failure].problem, failure=failure)


def problem_of_exit(code: int) -> Problem:
    """What the exit code of a pod's container means for the server."""
    return _PROBLEMS.get(code, Problem.CANNOT_APPLY)
