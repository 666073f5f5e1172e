"""Pure: how a pod or a container ended, and whose doing that was.

The cluster says that it ends a pod by the condition DisruptionTarget, kubelet by the pod's reason too:
https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions

| who | says | problem |
|---|---|---|
| eviction API (a drain) | EvictionByEvictionAPI | DRAINED |
| a taint: by hand, or of a node that did not answer for too long | DeletionByTaintManager | DRAINED |
| a node that is shut down in order | Terminated, NodeShutdown | DRAINED |
| something more important: the scheduler's choice, kubelet's | PreemptionByScheduler, Preempting | PREEMPTED |
| a node that runs short of memory or disk | Evicted, *The node …* | NODE_SHORT |
| a node that is gone | DeletionByPodGC | NODE_LOST |
| kubelet, because the pod took more of its node's disk than it may | Evicted, all else | DISK_FULL |
| a node that takes no such pod after all | OutOf…, NodeAffinity | NO_PLACE, NO_NODE |

Kubelet's messages: pkg/kubelet/eviction/helpers.go, nodeshutdown and lifecycle/predicate.go of Kubernetes 1.36.3. How a
container ended nobody knows where its node lost power: containerd says 255 and `Unknown` then, kubelet 137 and
`ContainerStatusUnknown`. With `StartError` (containerd: 128) and `ContainerCannotRun` nothing was started. What kubelet
writes as message in all these cases is its own, with paths of the node: it is no word of the game.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from core.words import CANNOT_START, NODE_STOPPED, Problem

Raw = dict[str, Any]

_DISRUPTIONS = {
    "EvictionByEvictionAPI": Problem.DRAINED,
    "DeletionByTaintManager": Problem.DRAINED,
    "PreemptionByScheduler": Problem.PREEMPTED,
    "DeletionByPodGC": Problem.NODE_LOST,
}
_KUBELETS = {
    "Terminated": Problem.DRAINED,
    "NodeShutdown": Problem.DRAINED,
    "Preempting": Problem.PREEMPTED,
    "NodeLost": Problem.NODE_LOST,
    "NodeAffinity": Problem.NO_NODE,
}
_GAMES_OWN = frozenset({Problem.DISK_FULL})
"""What a pod is ended for, and the game brought about itself."""

_NOBODY_SAW = frozenset({"Unknown", "ContainerStatusUnknown"})
_NOT_STARTED = frozenset({"StartError", "ContainerCannotRun"})


def interruption(status: Raw) -> tuple[Problem | None, str]:
    """Why the cluster ends a pod, and its own words; None where it does not, or only because it was told to."""
    conditions: list[Raw] = status.get("conditions") or []
    disrupted = [each for each in conditions if each["type"] == "DisruptionTarget" and each.get("status") == "True"]
    condition: Raw = disrupted[0] if disrupted else {}
    reason, message = str(status.get("reason", "")), str(status.get("message", ""))
    detail = f"{reason}: {message}".strip(": ")
    detail = detail or f"{condition.get('reason', '')}: {condition.get('message', '')}".strip(": ")
    if reason == "Evicted":
        return Problem.NODE_SHORT if condition or message.startswith("The node ") else Problem.DISK_FULL, detail
    if reason.startswith("OutOf"):
        return Problem.NO_PLACE, detail
    return _KUBELETS.get(reason) or _DISRUPTIONS.get(str(condition.get("reason"))), detail


def ended_from_outside(meta: Raw, spec: Raw, status: Raw, ended: Raw) -> bool:
    """Whether a container ended because its pod was ended. Kubelet's last deletion, once all have ended, has no grace
    and a time of its own: what was given before is the spec's."""
    problem, _ = interruption(status)
    if problem is not None:
        return problem not in _GAMES_OWN
    if "deletionTimestamp" not in meta:
        return False
    grace = int(meta.get("deletionGracePeriodSeconds") or spec.get("terminationGracePeriodSeconds") or 0)
    asked_at = _utc(meta["deletionTimestamp"]) - timedelta(seconds=grace)
    finished = ended.get("finishedAt")
    return not finished or _utc(finished) >= asked_at


def nobody_saw(ended: Raw) -> bool:
    """Whether nobody knows how a container ended."""
    return ended.get("reason") in _NOBODY_SAW


def reason_of(ended: Raw) -> str:
    """For an `Exit`."""
    if nobody_saw(ended):
        return NODE_STOPPED
    reason = str(ended.get("reason", ""))
    return CANNOT_START if reason in _NOT_STARTED else reason


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text)
