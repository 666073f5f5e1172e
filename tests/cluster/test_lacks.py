"""What the scheduler says, reduced to what it is: what a pause helps against, or what only the operator can change."""

from __future__ import annotations

from typing import Any

import pytest

from core.cluster.kubernetes.reduced_pod import reduce_pod
from core.words import Lack, PodPhase, Problem, Step


def waiting(message: str, reason: str = "Unschedulable") -> dict[str, Any]:
    scheduled = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
    return {"metadata": {"name": "pond-0", "uid": "u"}, "status": {"phase": "Pending", "conditions": [scheduled]}}


@pytest.mark.parametrize(
    ("message", "lacks"),
    [
        ("0/3 nodes are available: 3 Insufficient memory.", Lack.MEMORY),
        ("0/3 nodes are available: 1 node(s) had untolerated taint {x: }, 2 Insufficient memory.", Lack.MEMORY),
        ("0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available", Lack.CPU),
        ("0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.", Lack.PORT),
        ("0/3 nodes are available: 1 Insufficient cpu, 2 Insufficient memory.", None),
        ("0/1 nodes are available: 1 Too many pods. preemption: 0/1 nodes are available", Lack.PODS),
        ("0/2 nodes are available: 2 node(s) exceed max volume count.", Lack.PODS),
        (
            "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match PersistentVolume's node affinity.",
            Lack.CPU,
        ),
    ],
)
def test_what_lacks_is_named_where_it_is_one_thing(message: str, lacks: Lack | None) -> None:
    pod = reduce_pod(waiting(message))
    assert (pod.phase, pod.step, pod.problem, pod.lacks) == (PodPhase.PENDING, Step.PLACE, Problem.NO_PLACE, lacks)


AFTERWARDS = " preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("0/1 nodes are available: 1 node(s) had untolerated taint {games: no}." + AFTERWARDS, Problem.NO_NODE),
        ("0/1 nodes are available: 1 node(s) had untolerated taint(s)." + AFTERWARDS, Problem.NO_NODE),
        ("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector." + AFTERWARDS, Problem.NO_NODE),
        ("0/1 nodes are available: 1 node(s) were unschedulable." + AFTERWARDS, Problem.NO_NODE),
        ("0/1 nodes are available: 1 node(s) had volume node affinity conflict.", Problem.NO_NODE),
        ("0/1 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity.", Problem.NO_NODE),
        ("0/1 nodes are available: 1 Insufficient ephemeral-storage.", Problem.NO_NODE),
        ("no nodes available to schedule pods", Problem.NO_NODE),
        ("", Problem.NO_NODE),
        (
            "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found" + AFTERWARDS,
            Problem.NO_VOLUME,
        ),
        ("0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind.", Problem.NO_VOLUME),
        ("0/1 nodes are available: 1 node(s) did not have enough free storage.", Problem.NO_VOLUME),
        ('0/1 nodes are available: persistentvolumeclaim "data-a-1" not found.', Problem.NO_VOLUME),
        (
            "0/1 nodes are available: 1 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s).",
            Problem.NO_VOLUME,
        ),
        # What preemption would have needed is not what lacks.
        (
            "0/1 nodes are available: 1 node(s) had untolerated taint(s). preemption: 1 Insufficient cpu",
            Problem.NO_NODE,
        ),
    ],
)
def test_what_a_pause_does_not_help_against_is_not_called_a_lack_of_room(message: str, problem: Problem) -> None:
    pod = reduce_pod(waiting(message))
    assert (pod.phase, pod.step, pod.problem, pod.lacks) == (PodPhase.PENDING, Step.PLACE, problem, None)


def test_a_pod_that_was_not_looked_at_yet_lacks_nothing() -> None:
    pod = reduce_pod(waiting("Insufficient memory", reason="SchedulerError"))
    assert (pod.problem, pod.lacks) == (None, None)
