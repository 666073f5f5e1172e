"""How pods and games end, as Kubernetes 1.36.3 records it: whose doing it was, and what of it counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.cluster.kubernetes import names
from core.cluster.kubernetes.reasons import no_mount, no_volume
from core.cluster.kubernetes.reduced_pod import PodRecord, reduce_pod
from core.words import CANNOT_START, NODE_STOPPED, PodPhase, Problem, Step

NOW = datetime(2026, 11, 29, 16, 0, tzinfo=UTC)
KUBELETS = 'failed to create containerd task: open /var/lib/kubelet/pods/…: no such file or directory: "data"'
Raw = dict[str, Any]


def stamp(seconds: float = 0) -> str:
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def pod(game: Raw, *, meta: Raw | None = None, agent: Raw | None = None, **status: Any) -> Raw:
    helpers = [
        {"name": names.VOLUME_CONTAINER, "state": {"terminated": {"exitCode": 0}}},
        {"name": names.AGENT_CONTAINER, "restartCount": 0, "state": {"running": {}}} | (agent or {}),
    ]
    return {
        "metadata": {"name": "pond-0", "uid": "u1", "annotations": {names.RUN: "1", names.WITHIN: "60"}} | (meta or {}),
        "spec": {"nodeName": "node1", "terminationGracePeriodSeconds": 20},
        "status": {
            "phase": "Running",
            "initContainerStatuses": helpers,
            "containerStatuses": [{"name": names.GAME_CONTAINER, "restartCount": 0} | game],
        }
        | status,
    }


def ended(code: int, reason: str = "Error", *, at: float = 0, message: str = "") -> Raw:
    said = {"message": message} if message else {}
    return {
        "terminated": {"exitCode": code, "reason": reason, "startedAt": stamp(-900), "finishedAt": stamp(at), **said}
    }


def disrupted(reason: str) -> Raw:
    condition = {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "said so"}
    return {"conditions": [condition]}


ENDING = {"deletionTimestamp": stamp(20), "deletionGracePeriodSeconds": 20}


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (disrupted("EvictionByEvictionAPI"), Problem.DRAINED),
        (disrupted("DeletionByTaintManager"), Problem.DRAINED),
        (disrupted("PreemptionByScheduler"), Problem.PREEMPTED),
        ({}, None),
    ],
)
def test_a_pod_that_the_cluster_ends_says_why_and_its_end_is_no_exit_of_the_game(
    status: Raw, problem: Problem | None
) -> None:
    for code in (0, 137, 143):
        seen = reduce_pod(pod({"state": ended(code)}, meta=ENDING, **status))
        assert (seen.phase, seen.problem, seen.exits, seen.last_exit) == (PodPhase.ENDING, problem, 0, None)


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        ({"reason": "Evicted", "message": "The node was low on resource: memory. "}, Problem.NODE_SHORT),
        ({"reason": "Evicted", "message": "The node was low on resource: ephemeral-storage. "}, Problem.NODE_SHORT),
        ({"reason": "Evicted", "message": "The node had condition: [DiskPressure]. "}, Problem.NODE_SHORT),
        (
            {"reason": "Terminated", "message": "Pod was terminated in response to imminent node shutdown."},
            Problem.DRAINED,
        ),
        ({"reason": "NodeShutdown", "message": "Pod was rejected as the node is shutting down."}, Problem.DRAINED),
        ({"reason": "Preempting", "message": "Preempted in order to admit critical pod"}, Problem.PREEMPTED),
        ({"reason": "OutOfmemory", "message": "Node didn't have enough resource: memory"}, Problem.NO_PLACE),
    ],
)
def test_what_kubelet_ended_for_its_nodes_sake_is_no_fault_of_the_game(status: Raw, problem: Problem) -> None:
    seen = reduce_pod(pod({"state": ended(137)}, phase="Failed", **status))
    assert (seen.phase, seen.problem, seen.exits) == (PodPhase.ENDING, problem, 0)
    assert status["message"].strip() in seen.detail


def test_what_kubelet_ended_because_it_took_too_much_of_the_disk_is_the_games_own() -> None:
    message = "Pod ephemeral local storage usage exceeds the total limit of containers 2Gi. "
    seen = reduce_pod(pod({"state": ended(137)}, phase="Failed", reason="Evicted", message=message))
    assert (seen.problem, seen.exits) == (Problem.DISK_FULL, 1)


def test_a_crash_right_before_the_end_was_asked_for_still_counts() -> None:
    assert reduce_pod(pod({"state": ended(1, at=-1)}, meta=ENDING)).exits == 1
    earlier = {"restartCount": 2, "lastState": ended(1, at=-60), "state": ended(143, at=2)}
    seen = reduce_pod(pod(earlier, meta=ENDING))
    assert (seen.exits, seen.last_exit and seen.last_exit.code) == (2, 1)


def test_an_end_that_was_asked_for_stays_one_while_kubelet_takes_the_pod_away() -> None:
    meta = {"deletionTimestamp": stamp(4), "deletionGracePeriodSeconds": 0}
    seen = reduce_pod(pod({"state": ended(3, at=2)}, meta=meta))
    assert (seen.phase, seen.exits, seen.last_exit) == (PodPhase.ENDING, 0, None)


@pytest.mark.parametrize(("code", "reason"), [(255, "Unknown"), (137, "ContainerStatusUnknown")])
def test_after_a_power_cut_nobody_knows_how_the_game_ended(code: int, reason: str) -> None:
    last = ended(code, reason, message="The container could not be located when the pod was terminated")
    seen = reduce_pod(pod({"restartCount": 1, "lastState": last, "state": {"running": {}}}))
    assert seen.last_exit is not None
    assert (seen.last_exit.reason, seen.problem, seen.exits) == (NODE_STOPPED, Problem.NODE_STOPPED, 1)
    assert "located" not in seen.detail


def test_a_machine_that_stopped_once_does_not_explain_what_goes_wrong_later() -> None:
    raw = pod({"restartCount": 1, "lastState": ended(255, "Unknown"), "state": {"running": {}}})
    before = reduce_pod(raw)
    assert reduce_pod(raw, before).problem is Problem.NODE_STOPPED
    up = reduce_pod(raw | {"status": raw["status"] | {"conditions": [{"type": "Ready", "status": "True"}]}}, before)
    assert (up.phase, up.problem) == (PodPhase.READY, None)
    assert reduce_pod(raw, up).problem is None


def test_a_helper_that_went_with_its_machine_is_no_reason_why_the_game_does_not_start() -> None:
    gone = {"restartCount": 1, "lastState": ended(255, "Unknown", message=KUBELETS), "state": {"running": {}}}
    waits = {"lastState": ended(255, "Unknown", message=KUBELETS), "state": {"waiting": {"reason": "PodInitializing"}}}
    seen = reduce_pod(pod(waits, agent=gone))
    assert (seen.phase, seen.step, seen.problem) == (PodPhase.PENDING, Step.IMAGE, Problem.NODE_STOPPED)
    assert "/var/lib" not in seen.detail


@pytest.mark.parametrize(("code", "reason"), [(128, "StartError"), (127, "ContainerCannotRun")])
def test_a_program_that_could_not_be_started_did_not_end_by_a_signal(code: int, reason: str) -> None:
    last = ended(code, reason, message=KUBELETS)
    seen = reduce_pod(pod({"restartCount": 1, "lastState": last, "state": {"running": {}}}))
    assert seen.last_exit is not None
    assert (seen.last_exit.code, seen.last_exit.reason) == (code, CANNOT_START)


def test_an_exit_with_255_of_the_games_own_is_one() -> None:
    seen = reduce_pod(pod({"restartCount": 1, "lastState": ended(255), "state": {"running": {}}}))
    assert seen.last_exit is not None
    assert (seen.last_exit.reason, seen.problem) == ("Error", None)


def test_a_pod_of_a_node_that_is_gone_is_an_orphan() -> None:
    assert reduce_pod(pod({}, meta=ENDING, **disrupted("DeletionByPodGC"))).orphan
    assert not reduce_pod(pod({}, meta=ENDING, **disrupted("DeletionByTaintManager"))).orphan


def test_a_disruption_that_was_called_off_is_none() -> None:
    called_off = {"type": "DisruptionTarget", "status": "False", "reason": "EvictionByEvictionAPI"}
    seen = reduce_pod(pod({"state": {"running": {}}}, conditions=[called_off]))
    assert (seen.phase, seen.problem) == (PodPhase.STARTING, None)
    assert isinstance(seen, PodRecord)


# volumes, in the words of claims' events


def claims(reason: str, message: str, *, first: float = -5, last: float = 0) -> Raw:
    return {"reason": reason, "message": message, "firstTimestamp": stamp(first), "lastTimestamp": stamp(last)}


WAITED_FOR = "Waiting for a volume to be created either by the external provisioner 'x' or manually"


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([], ""),
        ([claims("WaitForFirstConsumer", "waiting for first consumer to be created before binding")], ""),
        ([claims("FailedBinding", "no storage class is set")], "no storage class is set"),
        (
            [claims("ProvisioningFailed", 'storageclass.storage.k8s.io "x" not found')],
            'storageclass.storage.k8s.io "x" not found',
        ),
        ([claims("ExternalProvisioning", WAITED_FOR)], ""),
        ([claims("ExternalProvisioning", WAITED_FOR, first=-90)], WAITED_FOR),
        ([claims("ProvisioningFailed", "full", last=-30), claims("ExternalProvisioning", WAITED_FOR)], ""),
    ],
)
def test_why_a_claim_gets_no_volume(events: list[Raw], why: str) -> None:
    assert no_volume(events) == why


HELD = 'Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node'
SLOW = "Unable to attach or mount volumes: unmounted volumes=[volume]: context deadline exceeded"


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([claims("Scheduled", "Successfully assigned"), claims("Pulling", "an image")], ""),
        ([claims("FailedMount", "no such folder", last=-9), claims("FailedMount", "no such device")], "no such device"),
        ([claims("FailedAttachVolume", HELD, last=-90), claims("FailedMount", SLOW)], HELD),
    ],
)
def test_why_a_volume_does_not_reach_its_node(events: list[Raw], why: str) -> None:
    assert no_mount(events) == why
