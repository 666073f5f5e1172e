"""One failure in all its shapes: what was raised, its kind, two exit codes, and what people are told."""

from __future__ import annotations

import errno

import pytest

from core.words import Problem
from core.worlds.errors import Damaged, Hostile, Incomplete, NoSnapshot, NotEmpty, TooLate, WorldError
from core.worlds.failures import TABLE, Failure, failure_of, failure_said, problem_of_exit, refusal_of
from core.worlds.store.port import KeyRefused, NotThere, StoreAway, StoreError, StoreRefused


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (StoreAway("no answer"), Failure.AWAY),
        (TooLate("a day"), Failure.AWAY),
        (StoreRefused("a cap"), Failure.REFUSED),
        (KeyRefused("no such key"), Failure.KEY),
        (NotThere("a key"), Failure.REFUSED),
        (StoreError("?"), Failure.REFUSED),
        (Damaged("a pack", ("key",)), Failure.DAMAGED),
        (NoSnapshot("none"), Failure.MISSING),
        (NotEmpty("a folder"), Failure.FOREIGN),
        (Incomplete("a file"), Failure.INCOMPLETE),
        (Hostile("bomb", "an archive"), Failure.HOSTILE),
        (OSError(errno.ENOSPC, "No space left"), Failure.FULL),
        (OSError(errno.EDQUOT, "Disk quota"), Failure.FULL),
        (OSError(errno.EIO, "Input/output error"), Failure.FAILED),
        (WorldError("?"), Failure.FAILED),
    ],
)
def test_what_was_raised_has_a_kind(raised: Exception, kind: Failure) -> None:
    assert failure_of(raised) is kind


def test_codes_of_older_versions_are_kept() -> None:
    """Pods and agents of an older version run beside a newer bot."""
    children = {kind.value: shapes.child for kind, shapes in TABLE.items() if shapes.raised}
    assert children == {
        "away": 75,
        "key": 76,
        "refused": 77,
        "damaged": 65,
        "missing": 66,
        "not_empty": 73,
        "incomplete": 74,
        "hostile": 65,
    }
    containers = {kind.value: shapes.container for kind, shapes in TABLE.items() if shapes.container != 1}
    assert containers == {
        "not_empty": 65,
        "missing": 66,
        "full": 67,
        "lost": 68,
        "away": 69,
        "refused": 70,
        "damaged": 71,
        "incomplete": 72,
        "key": 73,
    }


@pytest.mark.parametrize("kind", Failure)
def test_a_kind_and_its_containers_exit_mean_the_same(kind: Failure) -> None:
    assert problem_of_exit(TABLE[kind].container) is refusal_of(kind, "why").problem


def test_an_exit_that_nobody_knows_is_said_in_general() -> None:
    assert problem_of_exit(137) is Problem.CANNOT_APPLY


@pytest.mark.parametrize("kind", ["failed", "killed", "of a newer version"])
def test_whoever_broke_off_may_have_said_that_the_disk_is_full(kind: str) -> None:
    assert failure_said(kind, str(OSError(errno.ENOSPC, "No space left"))) is Failure.FULL
    assert failure_said(kind, "something else") in (Failure.FAILED, Failure.KILLED)


def test_a_kind_that_was_named_is_believed() -> None:
    assert failure_said("refused", str(OSError(errno.ENOSPC, "No space left"))) is Failure.REFUSED
