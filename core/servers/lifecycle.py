"""Pure: what is desired and what is observed, folded into the phase that people are told.

| desired \\ pod | NONE | PENDING, RESTORING, STARTING | READY | ENDING | LOST |
|---|---|---|---|---|---|
| RUNNING | STARTING | STARTING | RUNNING; STOPPING if `run` differs | STOPPING | STARTING + NODE_LOST |
| PAUSED | PAUSED | STOPPING | STOPPING | STOPPING | STOPPING + NODE_LOST |
| ARCHIVED | ARCHIVING while a volume exists, then ARCHIVED | STOPPING | STOPPING | STOPPING | STOPPING + NODE_LOST |
| DELETED | DELETING until `purge_at` and while any object exists, then DELETED | DELETING | DELETING | DELETING | DELETING |
| any, not fresh | the stored phase and problem; after 60 s problem CLUSTER_AWAY | | | | |

While the node of a pod is away the pod counts as what it was last, with NODE_AWAY: what was up stays RUNNING. LOST is only
what the cluster calls gone. What the cluster ended a game for (INTERRUPTIONS) is said until the game is up again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.cluster.port import Observed
from core.words import INTERRUPTIONS, Desired, Phase, PodPhase, Problem, Step, VolumePhase

AWAY_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The part of a server's row that the cluster has to follow."""

    server: str
    desired: Desired
    run: int
    volume: int
    phase: Phase
    problem: Problem | None = None
    start_by: datetime | None = None
    ready_at: datetime | None = None
    purge_at: datetime | None = None
    fingerprint: str = ""  # of the spec that the row makes
    keeps_worlds: bool = False  # there is a store, and the cluster takes worlds there
    bound: int = 0  # the newest incarnation that was seen whole
    sealed: bool = False  # volume `volume` is safe on the store: it may be released

    def has_lost(self, seen: Observed) -> bool:
        """Whether volume `volume` was there and is not any more."""
        if not self.keeps_worlds or self.bound != self.volume:
            return False
        gone = seen.volume is VolumePhase.LOST and seen.volume_number == self.volume
        return gone or self.volume not in seen.volumes


@dataclass(frozen=True, slots=True)
class Folded:
    phase: Phase
    problem: Problem | None = None


def fold(
    wanted: Wanted,
    seen: Observed,
    now: datetime,
    *,
    stale_since: datetime | None = None,
    refused: Problem | None = None,
) -> Folded:
    """The phase and the open problem.

    `stale_since` is when the cluster stopped answering (None while it answers), `refused` why it last refused to do
    what is wanted.
    """
    if stale_since is not None:
        away = now - stale_since >= AWAY_AFTER
        return Folded(wanted.phase, Problem.CLUSTER_AWAY if away else wanted.problem)
    return Folded(_phase(wanted, seen, now), _problem(wanted, seen) or refused or _interrupted(wanted, seen))


def is_the_clusters_turn(ready_at: datetime | None, seen: Observed) -> bool:
    """Whether a start waits for what the cluster does in its own time: the game's time to come up begins after it.

    `ready_at`: when this run was up, if it was. It has lost its pod then, and waits for a place, and for its volume to
    come there, as long as it takes: Kubernetes takes a volume from a node that does not answer after 6 minutes. A start
    that was never up is given up without one.
    """
    if seen.away is not None or seen.pod in (PodPhase.RESTORING, PodPhase.ENDING, PodPhase.LOST):
        return True
    waits = seen.step in (Step.QUEUED, Step.PLACE) or (
        seen.step is Step.VOLUME and seen.problem in (None, Problem.NO_VOLUME)
    )
    return ready_at is not None and waits


def _phase(wanted: Wanted, seen: Observed, now: datetime) -> Phase:
    idle_pod = seen.pod is PodPhase.NONE
    match wanted.desired:
        case Desired.RUNNING:
            if seen.pod is PodPhase.READY:
                return Phase.RUNNING if seen.run == wanted.run else Phase.STOPPING
            return Phase.STOPPING if seen.pod is PodPhase.ENDING else Phase.STARTING
        case Desired.PAUSED:
            return Phase.PAUSED if idle_pod else Phase.STOPPING
        case Desired.ARCHIVED:
            if not idle_pod:
                return Phase.STOPPING
            gone = seen.volume in (VolumePhase.NONE, VolumePhase.LOST)
            return Phase.ARCHIVED if gone and not seen.volumes else Phase.ARCHIVING
        case Desired.DELETED:
            due = wanted.purge_at is None or wanted.purge_at <= now
            return Phase.DELETED if due and not seen.exists else Phase.DELETING


def _problem(wanted: Wanted, seen: Observed) -> Problem | None:
    if seen.away is not None:
        return Problem.NODE_AWAY
    if wanted.desired is Desired.DELETED:
        return None
    if seen.pod is PodPhase.LOST:
        return Problem.NODE_LOST
    if wanted.desired is not Desired.RUNNING:
        return None
    of_before = seen.problem == Problem.PORT_TAKEN and seen.run != wanted.run  # this run has other ports
    if seen.problem in list(Problem) and not of_before:
        return Problem(seen.problem)
    return Problem.CRASHING if seen.restarts and seen.pod in (PodPhase.PENDING, PodPhase.STARTING) else None


def _interrupted(wanted: Wanted, seen: Observed) -> Problem | None:
    """Why its last pod was ended, which nothing tells any more once that pod is gone."""
    if wanted.desired is not Desired.RUNNING or wanted.problem not in INTERRUPTIONS:
        return None
    return None if seen.pod is PodPhase.READY and seen.run == wanted.run else wanted.problem
