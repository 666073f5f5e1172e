"""Pure: a row and what is observed give the actions that bring them together. The controller only carries them out.

Every action is idempotent and safe to repeat; doing the same plan twice, or half of it, ends in the same state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.cluster.port import Observed
from core.servers.lifecycle import Wanted
from core.words import Because, Desired, PodPhase


@dataclass(frozen=True, slots=True)
class Apply:
    """Tell the cluster the row's spec, with this many replicas."""

    replicas: int


@dataclass(frozen=True, slots=True)
class DeletePod:
    uid: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove every object: the time for Undo is over."""


@dataclass(frozen=True, slots=True)
class Give:
    """Give up on running: desired becomes PAUSED for this reason."""

    because: Because


Action = Apply | DeletePod | Remove | Give


def plan(
    wanted: Wanted, seen: Observed, now: datetime, *, too_many_crashes: bool = False, ended_itself: bool = False
) -> tuple[Action, ...]:
    """What to do now, in order. Empty when all is as wanted. `seen` must be fresh.

    `ended_itself`: the game exited with 0, and its catalogue entry says that this means a pause. A deleted server
    whose `purge_at` is None is being released: nothing brings it back.
    """
    if wanted.desired is Desired.DELETED:
        if wanted.purge_at is None or wanted.purge_at <= now:
            return (Remove(),) if seen.exists else ()
        return (Apply(0),) if seen.replicas else ()
    if wanted.desired is not Desired.RUNNING:
        return (Apply(0),) if seen.replicas else ()
    if too_many_crashes:
        return (Give(Because.CRASHES),)
    if wanted.start_by is not None and now >= wanted.start_by and seen.pod is not PodPhase.READY:
        return (Give(Because.START_FAILED),)
    if ended_itself:
        return (Give(Because.OWNER),)
    actions: list[Action] = []
    if seen.replicas != 1 or seen.fingerprint != wanted.fingerprint:
        actions.append(Apply(1))
    if seen.uid and seen.run != wanted.run and seen.pod not in (PodPhase.NONE, PodPhase.ENDING):
        actions.append(DeletePod(seen.uid))
    return tuple(actions)


def wake_at(wanted: Wanted, now: datetime) -> datetime | None:
    """The next moment at which `plan` or `fold` may say something else although nothing is observed."""
    if wanted.desired is Desired.DELETED:
        return wanted.purge_at
    if wanted.desired is Desired.RUNNING:
        return wanted.start_by
    return None
