"""Pure: why a pod finds no node, in the scheduler's words, as a problem.

    0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient memory. preemption: 0/3 nodes are available: …

The form is that of `FitError` in pkg/scheduler/framework/types.go of Kubernetes 1.36.3, the reasons are the constants
of pkg/scheduler/framework/plugins there; Kubernetes 1.29 says some in other words.

| reason | problem |
|---|---|
| Insufficient memory, Insufficient cpu, Too many pods, exceed max volume count, didn't have free ports | NO_PLACE |
| a claim without a volume, no volume for it, no storage for one, a claim that is not there | NO_VOLUME |
| everything else: taints, selectors, affinities, zones, a node that is closed, no node at all | NO_NODE |

A pause makes room for the first only, so one node that lacks room says more than others that take no such pod at all.
"""

from __future__ import annotations

from core.words import Lack, Problem

_ROOM = {
    "Insufficient memory": Lack.MEMORY,
    "Insufficient cpu": Lack.CPU,
    "Too many pods": Lack.PODS,
    "exceed max volume count": Lack.PODS,
    "didn't have free ports": Lack.PORT,
}
_VOLUME = (
    "unbound immediate PersistentVolumeClaims",
    "didn't find available persistent volumes to bind",
    "did not have enough free storage",
    "bound to non-existent",
    'persistentvolumeclaim "',
)
_PREEMPTION = " preemption:"
"""What follows repeats the nodes, and says why nothing was ended for this pod."""


def why_no_node(message: str) -> tuple[Problem, Lack | None]:
    """What it is, and what lacks where it is one thing."""
    said = message.partition(_PREEMPTION)[0]
    lacks = {lack for words, lack in _ROOM.items() if words in said}
    if lacks:
        return Problem.NO_PLACE, lacks.pop() if len(lacks) == 1 else None
    if any(words in said for words in _VOLUME):
        return Problem.NO_VOLUME, None
    return Problem.NO_NODE, None
