"""Pure: a row and what is observed give the actions that bring them together. The controller only carries them out.

Every action is idempotent and safe to repeat; doing the same plan twice, or half of it, ends in the same state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.cluster.port import Observed
from core.servers.lifecycle import Wanted, is_the_clusters_turn
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
class GiveUp:
    """Stop trying to run: desired becomes PAUSED for this reason."""

    because: Because


@dataclass(frozen=True, slots=True)
class Seal:
    """Save the volume at rest to the store, and read every chunk back. A job that takes long."""

    volume: int


@dataclass(frozen=True, slots=True)
class Archive:
    """From now on the next volume is made from the seal, and this one may be released. Committed before any release."""


@dataclass(frozen=True, slots=True)
class Release:
    """Delete a volume that nothing needs any more."""

    volume: int


@dataclass(frozen=True, slots=True)
class ReplaceLostVolume:
    """The volume is gone: make the next one from the newest snapshot."""


@dataclass(frozen=True, slots=True)
class MovePorts:
    """Something else uses the ports with these names: give the server others. Committed before any effect."""

    ports: tuple[str, ...]


Action = Apply | DeletePod | Remove | GiveUp | Seal | Archive | Release | ReplaceLostVolume | MovePorts


def plan(
    wanted: Wanted,
    seen: Observed,
    now: datetime,
    *,
    too_many_crashes: bool = False,
    ended_itself: bool = False,
    taken: tuple[str, ...] = (),
) -> tuple[Action, ...]:
    """What to do now, in order. Empty when all is as wanted. `seen` must be fresh.

    `taken`: the ports of this run that something else uses, by name.

    `ended_itself`: the game exited with 0, and its catalogue entry says that this means a pause. A deleted server
    whose `purge_at` is None is being released: nothing brings it back.
    """
    if wanted.desired is Desired.DELETED:
        if wanted.purge_at is not None and wanted.purge_at > now:
            return (Apply(0),) if seen.replicas or seen.holds_address else ()
        return _purge(wanted, seen) if seen.exists else ()
    if wanted.desired is not Desired.RUNNING:
        if seen.replicas or seen.holds_address:
            return (Apply(0),)
        return _archive(wanted, seen) if wanted.desired is Desired.ARCHIVED and seen.pod is PodPhase.NONE else ()
    if wanted.has_lost(seen):
        return (ReplaceLostVolume(),)
    if too_many_crashes:
        return (GiveUp(Because.CRASHES),)
    overdue = wanted.start_by is not None and now >= wanted.start_by and seen.pod is not PodPhase.READY
    if overdue and not is_the_clusters_turn(wanted.ready_at, seen):
        return (GiveUp(Because.START_FAILED),)
    if ended_itself:
        return (GiveUp(Because.OWNER),)
    actions: list[Action] = [MovePorts(taken)] if taken else []
    if seen.replicas != 1 or seen.fingerprint != wanted.fingerprint:
        actions.append(Apply(1))
    if seen.uid and seen.run != wanted.run and seen.pod not in (PodPhase.NONE, PodPhase.ENDING):
        actions.append(DeletePod(seen.uid))
    if not actions and seen.pod is PodPhase.READY and seen.away is None and wanted.bound == wanted.volume:
        actions += _older(wanted, seen)
    return tuple(actions)


def _purge(wanted: Wanted, seen: Observed) -> tuple[Action, ...]:
    """The world's last state is safe before anything goes."""
    if not wanted.keeps_worlds or wanted.sealed or wanted.volume not in seen.volumes:
        return (Remove(),)
    if seen.replicas:
        return (Apply(0),)
    return (Seal(wanted.volume),) if seen.pod is PodPhase.NONE else ()


def _archive(wanted: Wanted, seen: Observed) -> tuple[Action, ...]:
    if not wanted.keeps_worlds:
        return ()
    if wanted.bound == wanted.volume or wanted.volume in seen.volumes:  # nobody may have seen that it was finished
        return (Archive(),) if wanted.sealed else (Seal(wanted.volume),)
    return _older(wanted, seen)


def _older(wanted: Wanted, seen: Observed) -> tuple[Action, ...]:
    if not wanted.keeps_worlds:
        return ()
    return tuple(Release(volume) for volume in seen.volumes if volume < wanted.volume)


def wake_at(wanted: Wanted, now: datetime) -> datetime | None:
    """The next moment at which `plan` or `fold` may say something else although nothing new is observed."""
    if wanted.desired is Desired.DELETED:
        return wanted.purge_at
    if wanted.desired is Desired.RUNNING:
        return wanted.start_by
    return None
