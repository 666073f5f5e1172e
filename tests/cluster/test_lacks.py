"""What the scheduler says, reduced to what a member can be told that no node has."""

from __future__ import annotations

from typing import Any

import pytest

from core.cluster.reduced_pod import reduce_pod
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
        ("0/1 nodes are available: 1 node(s) had volume node affinity conflict.", None),
    ],
)
def test_what_lacks_is_named_where_it_is_one_thing(message: str, lacks: Lack | None) -> None:
    pod = reduce_pod(waiting(message))
    assert (pod.phase, pod.step, pod.problem, pod.lacks) == (PodPhase.PENDING, Step.PLACE, Problem.NO_PLACE, lacks)


def test_a_pod_that_was_not_looked_at_yet_lacks_nothing() -> None:
    pod = reduce_pod(waiting("Insufficient memory", reason="SchedulerError"))
    assert (pod.problem, pod.lacks) == (None, None)
