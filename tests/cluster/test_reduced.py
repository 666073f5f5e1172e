"""What raw objects say, reduced: pods in every state, and a server's objects folded into one `Observed`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.cluster.kubernetes import names
from core.cluster.kubernetes.reduced import (
    ClaimRecord,
    Held,
    NodeRecord,
    ObjectRecord,
    ServiceRecord,
    SetRecord,
    look_again,
    observe,
    reduce_claim,
    reduce_node,
    reduce_service,
    reduce_set,
)
from core.cluster.kubernetes.reduced_pod import PodRecord, reduce_pod
from core.cluster.port import NodeAway, Restored
from core.words import PodPhase, Problem, Step, VolumePhase

SERVER = "aaaaaaaaaaaa"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
Raw = dict[str, Any]


def stamp(seconds: float = 0) -> str:
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def raw_pod(*, game: Raw | None = None, volume: Raw | None = None, meta: Raw | None = None, **status: Any) -> Raw:
    """A pod on a node, its helpers done with their part."""
    node = status.pop("node", "node1")
    done = {"name": names.VOLUME_CONTAINER, "state": {"terminated": {"exitCode": 0}}}
    helpers = [volume or done, {"name": names.AGENT_CONTAINER, "state": {"running": {}}}]
    return {
        "metadata": {
            "name": f"{SERVER}-0",
            "uid": "u1",
            "resourceVersion": "7",
            "labels": {names.SERVER: SERVER},
            "annotations": {names.RUN: "3", names.PORTS: '{"game":8400}', names.WITHIN: "60"},
        }
        | (meta or {}),
        "spec": {"nodeName": node, "terminationGracePeriodSeconds": 10},
        "status": {
            "phase": "Running",
            "podIP": "10.1.1.1",
            "hostIP": "192.0.2.1",
            "initContainerStatuses": helpers,
            "containerStatuses": [{"name": names.GAME_CONTAINER, "restartCount": 0} | (game or {})],
        }
        | status,
    }


def raw_made_pod(*, agent: Raw, **given: Any) -> Raw:
    """One whose volume was finished before: the agent sees to it."""
    helper = {"name": names.AGENT_CONTAINER} | agent
    return raw_pod(initContainerStatuses=[helper], game=waiting("PodInitializing"), phase="Pending", **given)


def test_the_agent_takes_up_a_volume_that_was_finished_before() -> None:
    mounting = reduce_pod(raw_made_pod(agent=waiting("PodInitializing")))
    assert (mounting.step, mounting.mounting, mounting.volume_done) == (Step.VOLUME, True, False)
    begins = reduce_pod(raw_made_pod(agent={"state": {"running": {}}, "started": False}))
    assert (begins.step, begins.mounting, begins.volume_done) == (Step.VOLUME, False, False)
    is_up = reduce_pod(raw_made_pod(agent={"state": {"running": {}}, "started": True}))
    assert (is_up.step, is_up.volume_done) == (Step.IMAGE, True)


def test_a_volume_that_the_agent_finds_lost_is_said() -> None:
    lost = reduce_pod(raw_made_pod(agent=waiting("CrashLoopBackOff") | {"lastState": {"terminated": ended(68)}}))
    assert (lost.phase, lost.problem) == (PodPhase.PENDING, Problem.VOLUME_LOST)


def ready(status: str = "True") -> list[Raw]:
    return [{"type": "Ready", "status": status, "lastTransitionTime": stamp(-5)}]


def waiting(reason: str, message: str = "") -> Raw:
    return {"state": {"waiting": {"reason": reason, "message": message}}}


def ended(code: int, reason: str = "Error", took: float = 3) -> Raw:
    return {"exitCode": code, "reason": reason, "startedAt": stamp(-took), "finishedAt": stamp()}


def test_a_pod_that_is_ready() -> None:
    pod = reduce_pod(raw_pod(game={"state": {"running": {}}, "started": True}, conditions=ready()))
    assert (pod.phase, pod.run, pod.uid, pod.exits) == (PodPhase.READY, 3, "u1", 0)
    assert pod.ready_since == NOW - timedelta(seconds=5)
    assert (pod.ip, pod.node_ip, pod.ports) == ("10.1.1.1", "192.0.2.1", {"game": 8400})


@pytest.mark.parametrize(
    ("raw", "phase", "step", "problem"),
    [
        (raw_pod(node="", conditions=[]), PodPhase.PENDING, Step.PLACE, None),
        (
            raw_pod(node="", conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]),
            PodPhase.PENDING,
            Step.PLACE,
            Problem.NO_NODE,
        ),
        (
            raw_pod(volume={"name": names.VOLUME_CONTAINER} | waiting("PodInitializing")),
            PodPhase.PENDING,
            Step.VOLUME,
            None,
        ),
        (raw_pod(game=waiting("PodInitializing")), PodPhase.PENDING, Step.IMAGE, None),
        (raw_pod(game=waiting("ImagePullBackOff")), PodPhase.PENDING, Step.IMAGE, Problem.IMAGE),
        (raw_pod(game=waiting("CreateContainerError")), PodPhase.PENDING, Step.IMAGE, Problem.CANNOT_APPLY),
        (
            raw_pod(volume={"name": names.VOLUME_CONTAINER, "state": {"terminated": {"exitCode": 65}}}),
            PodPhase.PENDING,
            Step.VOLUME,
            Problem.VOLUME_FOREIGN,
        ),
        (
            raw_pod(volume={"name": names.VOLUME_CONTAINER, "state": {"terminated": {"exitCode": 67}}}),
            PodPhase.PENDING,
            Step.VOLUME,
            Problem.DISK_FULL,
        ),
        (raw_pod(game={"state": {"running": {}}}, conditions=ready("False")), PodPhase.STARTING, Step.GAME, None),
        (raw_pod(meta={"deletionTimestamp": stamp()}), PodPhase.ENDING, None, None),
        (
            raw_pod(phase="Failed", reason="Evicted", message="Usage of EmptyDir volume exceeds the limit"),
            PodPhase.ENDING,
            None,
            Problem.DISK_FULL,
        ),
        (
            raw_pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory. "),
            PodPhase.ENDING,
            None,
            Problem.NODE_SHORT,
        ),
    ],
)
def test_a_pod_on_its_way(raw: Raw, phase: PodPhase, step: Step | None, problem: Problem | None) -> None:
    # Names of annotations are not given in these: what is given replaces all of the metadata's others.
    raw["metadata"].setdefault("annotations", {})
    pod = reduce_pod(raw)
    assert (pod.phase, pod.step, pod.problem) == (phase, step, problem)


def test_only_a_volume_that_comes_from_a_snapshot_is_being_restored() -> None:
    running = {"name": names.VOLUME_CONTAINER, "state": {"running": {}}}
    assert reduce_pod(raw_pod(volume=running)).phase is PodPhase.PENDING
    restored = {"annotations": {names.SOURCE: "1-1-1"}}
    assert reduce_pod(raw_pod(volume=running, meta=restored)).phase is PodPhase.RESTORING


@pytest.mark.parametrize(
    ("game", "exits"),
    [
        ({"restartCount": 0, "state": {"running": {}}}, 0),
        ({"restartCount": 0, "state": {"terminated": ended(3)}}, 1),
        ({"restartCount": 0, "lastState": {"terminated": ended(3)}} | waiting("CrashLoopBackOff"), 1),
        ({"restartCount": 1, "state": {"running": {}}, "lastState": {"terminated": ended(3)}}, 1),
        ({"restartCount": 2, "lastState": {"terminated": ended(3)}} | waiting("CrashLoopBackOff"), 3),
    ],
)
def test_an_exit_counts_from_when_it_happened_and_once(game: Raw, exits: int) -> None:
    assert reduce_pod(raw_pod(game=game)).exits == exits


def test_a_game_that_ran_out_of_memory_says_so_until_it_is_up_again() -> None:
    killed = {"restartCount": 1, "state": {"running": {}}, "lastState": {"terminated": ended(137, "OOMKilled")}}
    assert reduce_pod(raw_pod(game=killed)).problem is Problem.OUT_OF_MEMORY
    assert reduce_pod(raw_pod(game=killed, conditions=ready())).problem is None


@pytest.mark.parametrize(
    ("before", "took", "reason"),
    [
        (PodRecord("p", SERVER, "u1", 1, 3, PodPhase.STARTING), 60, "NotReady"),
        (PodRecord("p", SERVER, "u1", 1, 3, PodPhase.STARTING), 20, "Completed"),
        (PodRecord("p", SERVER, "u1", 1, 3, PodPhase.READY, started=True), 7200, "Completed"),
        (None, 62, "NotReady"),
        (None, 7200, "Completed"),
    ],
)
def test_a_game_that_was_ended_for_never_being_ready_did_not_end_by_itself(
    before: PodRecord | None, took: float, reason: str
) -> None:
    game = {"restartCount": 1, "state": {"running": {}}, "lastState": {"terminated": ended(0, "Completed", took)}}
    pod = reduce_pod(raw_pod(game=game), before)
    assert pod.last_exit is not None
    assert pod.last_exit.reason == reason
    assert reduce_pod(raw_pod(game=game), replace(pod, started=True)).last_exit == pod.last_exit


def test_a_load_balancers_address_and_a_claims_number_are_read() -> None:
    meta = {"name": names.claim(SERVER, 12), "resourceVersion": "1", "labels": {names.SERVER: SERVER}}
    assert reduce_claim({"metadata": meta, "status": {"phase": "Bound"}}).volume == 12
    status = {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}
    service = {"metadata": meta, "spec": {"type": "LoadBalancer"}, "status": status}
    assert reduce_service(service).balancer == "203.0.113.7"


def test_a_load_balancer_that_was_given_back_is_no_address_while_its_status_still_says_so() -> None:
    meta = {"name": SERVER, "resourceVersion": "1", "labels": {names.SERVER: SERVER}}
    status = {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}}
    assert reduce_service({"metadata": meta, "spec": {"type": "ClusterIP"}, "status": status}).balancer == ""


def test_a_claims_size_and_storage_class_are_read() -> None:
    meta = {"name": names.claim(SERVER, 1), "resourceVersion": "1", "labels": {names.SERVER: SERVER}}
    spec = {"resources": {"requests": {"storage": "3Gi"}}, "storageClassName": "fast"}
    claim = reduce_claim({"metadata": meta, "spec": spec})
    assert (claim.size, claim.storage_class) == ("3Gi", "fast")
    assert reduce_claim({"metadata": meta}).storage_class is None


@pytest.mark.parametrize(
    ("asked", "has", "size"),
    [("3Gi", None, 3 << 30), ("3Gi", "20Gi", 20 << 30), ("1G", None, 10**9), (None, None, 0), ("much", None, 0)],
)
def test_a_claim_is_as_large_as_it_is_or_as_it_asks_for(asked: str | None, has: str | None, size: int) -> None:
    meta = {"name": names.claim(SERVER, 1), "resourceVersion": "1", "labels": {names.SERVER: SERVER}}
    spec = {"resources": {"requests": {"storage": asked}}} if asked else {}
    status = {"capacity": {"storage": has} if has else {}}
    assert reduce_claim({"metadata": meta, "spec": spec, "status": status}).bytes == size


def test_what_the_volume_holds_is_the_claim_that_is_wanted_or_the_newest_there_is() -> None:
    given = held()
    [claim] = given.claims.values()
    older = replace(claim, name=names.claim(SERVER, 0), volume=0, bytes=5)
    given.claims = {each.name: each for each in (older, replace(claim, bytes=7))}
    assert observe(given, NOW).claim == 7
    given.claims = {older.name: older}
    assert observe(given, NOW).claim == 5
    given.claims = {}
    assert observe(given, NOW).claim == 0


@pytest.mark.parametrize(
    ("replicas", "balanced", "gives_back", "holds"),
    [(0, True, True, True), (1, True, True, False), (0, False, True, False), (0, True, False, False)],
)
def test_a_paused_server_with_a_load_balancer_holds_an_address_that_it_gives_back(
    replicas: int, balanced: bool, gives_back: bool, holds: bool
) -> None:
    given = held()
    assert given.set is not None
    assert given.service is not None
    given.set, given.service = replace(given.set, replicas=replicas), replace(given.service, balanced=balanced)
    assert observe(given, NOW, gives_back=gives_back).holds_address is holds


def test_the_replicas_of_a_set_are_the_specs() -> None:
    meta = {"name": SERVER, "resourceVersion": "1", "annotations": {names.RUN: "4", names.FINGERPRINT: "f"}}
    found = reduce_set({"metadata": meta, "spec": {"replicas": 0}})
    assert (found.replicas, found.run, found.fingerprint) == (0, 4, "f")


@pytest.mark.parametrize("status", ["Unknown", "False"])
def test_a_node_that_kubernetes_does_not_call_ready_does_not_answer(status: str) -> None:
    meta = {"name": "node1", "resourceVersion": "1"}
    conditions = [{"type": "Ready", "status": status, "lastTransitionTime": stamp(-60)}]
    lost = reduce_node({"metadata": meta, "status": {"conditions": conditions}})
    assert (lost.answers, lost.since) == (False, NOW - timedelta(seconds=60))
    assert reduce_node({"metadata": meta}).answers


def held(**given: Any) -> Held:
    """All objects there and as they were applied, no pod."""
    common = (SERVER, SERVER, 1, "digest", "digest", False)
    claim = ClaimRecord(names.claim(SERVER, 1), *common[1:], volume=1, phase=VolumePhase.BOUND)
    return Held(
        SERVER,
        set=SetRecord(*common, replicas=1, run=3, volume=1, fingerprint="f"),
        claims={claim.name: claim},
        service=ServiceRecord(*common, balancer=""),
        policy=ObjectRecord(*common),
        **given,
    )


POD = PodRecord(f"{SERVER}-0", SERVER, "u1", 1, 3, PodPhase.STARTING, ip="10.1.1.1", node="node1", ports={"game": 8400})


def with_pod(**given: Any) -> Held:
    return held(pods={POD.name: replace(POD, **given)})


def test_a_server_as_it_was_applied_has_its_fingerprint_and_endpoints() -> None:
    seen = observe(with_pod(phase=PodPhase.READY, ready_since=NOW), NOW)
    assert (seen.fingerprint, seen.template_run, seen.replicas, seen.volumes) == ("f", 3, 1, (1,))
    assert {name: endpoint.port for name, endpoint in seen.endpoints.items()} == {"game": 8400, "agent": 7300}


@pytest.mark.parametrize("missing", ["service", "policy", "claims"])
def test_an_object_that_is_missing_is_to_be_applied_again(missing: str) -> None:
    given = held()
    setattr(given, missing, {} if missing == "claims" else None)
    assert observe(given, NOW).fingerprint == ""


def test_an_object_that_was_edited_is_to_be_applied_again_unless_that_helps_nobody() -> None:
    given = held()
    assert given.policy is not None
    given.policy = replace(given.policy, owned="other")
    assert observe(given, NOW).fingerprint == ""
    assert observe(given, NOW, tolerated=frozenset({(SERVER, "other")})).fingerprint == "f"


def test_a_template_that_was_made_with_other_settings_of_pods_is_applied_again_and_its_pod_goes_on() -> None:
    given = with_pod(phase=PodPhase.READY, ready_since=NOW)
    assert observe(given, NOW, pods="new").fingerprint == ""
    assert observe(given, NOW, pods="new").run == 3  # what ends a pod is another run, and nothing else
    assert given.set is not None
    given.set = replace(given.set, pods="new")
    assert observe(given, NOW, pods="new").fingerprint == "f"
    assert observe(given, NOW).fingerprint == ""  # the file was taken away


def test_a_pod_that_misses_its_secret_asks_for_it_once() -> None:
    given = with_pod(config_missing=True)
    assert observe(given, NOW).fingerprint == ""
    assert observe(given, NOW, config_told="u1").fingerprint == "f"


@pytest.mark.parametrize("state", ["state", "lastState"])
def test_a_pod_whose_key_the_store_does_not_take_asks_for_another(state: str) -> None:
    volume = {"name": names.VOLUME_CONTAINER, state: {"terminated": ended(73)}}
    pod = reduce_pod(raw_pod(volume=volume))
    assert (pod.lacks_secret, pod.problem) == (True, Problem.STORE_REFUSED)
    assert observe(with_pod(key_refused=True), NOW).fingerprint == ""
    assert observe(with_pod(key_refused=True), NOW, config_told="u1").fingerprint == "f"


AWAY = NodeRecord("node1", 1, answers=False, since=NOW - timedelta(seconds=60))
THERE = NodeRecord("node1", 1, answers=True)


def test_a_server_that_was_up_stays_up_while_its_node_is_away() -> None:
    given = with_pod(phase=PodPhase.STARTING, step=Step.GAME, up=True)
    seen = observe(given, NOW, node=AWAY)
    assert (seen.pod, seen.problem, seen.away) == (PodPhase.READY, Problem.NODE_AWAY, NodeAway("node1", AWAY.since))
    assert "node node1 does not answer" in seen.detail
    back = observe(with_pod(phase=PodPhase.READY, up=True, ready_since=NOW), NOW, node=THERE)
    assert (back.pod, back.problem, back.away) == (PodPhase.READY, None, None)


def test_a_server_that_was_coming_up_is_still_on_its_way() -> None:
    seen = observe(with_pod(phase=PodPhase.STARTING, step=Step.GAME), NOW, node=AWAY)
    assert (seen.pod, seen.step, seen.problem) == (PodPhase.STARTING, Step.GAME, Problem.NODE_AWAY)


def test_a_pod_that_has_no_node_yet_is_on_none_that_is_away() -> None:
    assert observe(with_pod(phase=PodPhase.PENDING, node=""), NOW, node_gone=False).away is None


def test_where_nodes_may_not_be_seen_their_pods_tell() -> None:
    """The node's controller takes Ready away and leaves ContainersReady, which only kubelet writes."""
    conditions = [
        {"type": "Ready", "status": "False", "lastTransitionTime": stamp(-30)},
        {"type": "ContainersReady", "status": "True", "lastTransitionTime": stamp(-500)},
    ]
    pod = reduce_pod(raw_pod(game={"state": {"running": {}}, "started": True}, conditions=conditions))
    seen = observe(held(pods={pod.name: pod}), NOW)
    assert (seen.pod, seen.away) == (PodPhase.READY, NodeAway("node1", NOW - timedelta(seconds=30)))
    assert observe(held(pods={pod.name: pod}), NOW, node=THERE).away is None


def test_a_game_that_is_not_ready_itself_is_on_no_node_that_is_away() -> None:
    conditions = [*ready("False"), {"type": "ContainersReady", "status": "False"}]
    pod = reduce_pod(raw_pod(game={"state": {"running": {}}}, conditions=conditions))
    assert observe(held(pods={pod.name: pod}), NOW).away is None


def test_what_its_node_was_to_end_and_did_not_is_away_once_its_time_is_over() -> None:
    given = with_pod(phase=PodPhase.ENDING, cut_off=True, deadline=NOW)
    assert observe(given, NOW).away is None
    again = look_again(given, NOW)
    assert again is not None
    seen = observe(given, again)
    assert (seen.pod, seen.problem, seen.away) == (PodPhase.ENDING, Problem.NODE_AWAY, NodeAway("node1", NOW))
    assert look_again(given, again) is None
    up = with_pod(phase=PodPhase.ENDING, cut_off=True, up=True, deadline=NOW)
    assert observe(up, again).pod is PodPhase.READY


def test_what_was_told_to_end_stays_ending_while_its_node_is_away() -> None:
    seen = observe(with_pod(phase=PodPhase.ENDING, up=True, deadline=NOW), NOW, node=AWAY)
    assert (seen.pod, seen.problem) == (PodPhase.ENDING, Problem.NODE_AWAY)


def test_only_what_the_cluster_calls_gone_is_lost() -> None:
    for seen in (observe(with_pod(up=True), NOW, node_gone=True), observe(with_pod(orphan=True), NOW, node=AWAY)):
        assert (seen.pod, seen.problem, seen.away) == (PodPhase.LOST, Problem.NODE_LOST, None)


def test_a_volume_that_does_not_come_is_a_problem_once_that_was_asked_about() -> None:
    given = with_pod(phase=PodPhase.PENDING, node="", step=Step.PLACE, problem=Problem.NO_VOLUME, detail="unbound")
    [claim] = given.claims.values()
    given.claims[claim.name] = replace(claim, phase=VolumePhase.PENDING)
    assert (observe(given, NOW).step, observe(given, NOW).problem) == (Step.VOLUME, None)
    given.why_no_volume = "no storage class is set"
    seen = observe(given, NOW)
    assert (seen.problem, seen.detail) == (Problem.NO_VOLUME, "unbound; no storage class is set")
    given.pods[POD.name] = replace(given.pods[POD.name], problem=None, detail="")
    assert observe(given, NOW).problem is Problem.NO_VOLUME
    given.why_no_volume = ""
    assert observe(given, NOW).problem is None


def test_a_volume_that_does_not_reach_its_node_is_a_problem_once_that_was_asked_about() -> None:
    given = with_pod(phase=PodPhase.PENDING, node="one", step=Step.VOLUME, mounting=True)
    assert (observe(given, NOW).step, observe(given, NOW).problem) == (Step.VOLUME, None)
    given.why_no_volume = "Multi-Attach error"
    seen = observe(given, NOW)
    assert (seen.step, seen.problem, seen.detail) == (Step.VOLUME, Problem.NO_VOLUME, "Multi-Attach error")


def test_an_agent_that_refuses_the_token_is_said_and_its_secret_is_written_once() -> None:
    given = with_pod(phase=PodPhase.READY, ready_since=NOW)
    seen = observe(given, NOW, refused_by="u1")
    assert (seen.pod, seen.problem, seen.fingerprint) == (PodPhase.READY, Problem.AGENT_REFUSES, "")
    told = observe(given, NOW, refused_by="u1", config_told="u1")
    assert (told.problem, told.fingerprint) == (Problem.AGENT_REFUSES, "f")
    assert observe(given, NOW, refused_by="another").problem is None


def test_a_claim_whose_volume_is_gone_is_the_problem() -> None:
    given = with_pod()
    [claim] = given.claims.values()
    given.claims[claim.name] = replace(claim, phase=VolumePhase.LOST)
    seen = observe(given, NOW)
    assert (seen.volume, seen.problem) == (VolumePhase.LOST, Problem.VOLUME_LOST)


def test_why_no_pod_comes_is_told_until_there_is_one() -> None:
    seen = observe(held(why_no_pod=(Problem.QUOTA, "exceeded quota: none")), NOW)
    assert (seen.pod, seen.step, seen.problem) == (PodPhase.NONE, Step.QUEUED, Problem.QUOTA)


def test_a_server_of_which_only_a_volume_is_left_still_exists() -> None:
    given = held()
    seen = observe(Held(SERVER, claims=given.claims), NOW)
    assert seen.exists
    assert seen.replicas is None
    assert not observe(Held(SERVER), NOW).exists


def test_a_volume_is_bound_once_it_is_finished_and_not_by_having_a_disk() -> None:
    assert observe(held(), NOW).volume is VolumePhase.PENDING
    assert observe(with_pod(volume=1), NOW).volume is VolumePhase.PENDING
    assert observe(with_pod(volume=1, volume_done=True), NOW).volume is VolumePhase.BOUND
    assert observe(of_a_finished_volume(held()), NOW).volume is VolumePhase.BOUND


def test_a_finished_volume_that_is_missing_or_empty_is_lost_and_not_applied_again() -> None:
    gone = of_a_finished_volume(held())
    gone.claims = {}
    assert (observe(gone, NOW).volume, observe(gone, NOW).fingerprint) == (VolumePhase.LOST, "f")
    empty = of_a_finished_volume(with_pod(volume=1, problem=Problem.VOLUME_LOST))
    assert observe(empty, NOW).volume is VolumePhase.LOST


def of_a_finished_volume(given: Held) -> Held:
    assert given.set is not None
    given.set = replace(given.set, made=True)
    return given


def test_a_pod_tells_where_its_volume_came_from() -> None:
    said = {"exitCode": 0, "message": '{"restored":"000001-000001-000001-x","saved_at":"2026-11-24T11:00:00+00:00"}'}
    volume = {"name": names.VOLUME_CONTAINER, "state": {"terminated": said}}
    raw = raw_pod(volume=volume, meta={"annotations": {names.RUN: "3", names.VOLUME: "2"}})
    assert reduce_pod(raw).restored == Restored(2, "000001-000001-000001-x", datetime(2026, 11, 24, 11, tzinfo=UTC))


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (66, Problem.SNAPSHOT_GONE),
        (67, Problem.DISK_FULL),
        (68, Problem.VOLUME_LOST),
        (69, Problem.STORE_AWAY),
        (70, Problem.STORE_REFUSED),
        (71, Problem.WORLD_DAMAGED),
        (73, Problem.STORE_REFUSED),
    ],
)
def test_what_a_volume_that_cannot_be_made_lacks(code: int, problem: Problem) -> None:
    volume = {"name": names.VOLUME_CONTAINER, "state": {"terminated": ended(code)}}
    pod = reduce_pod(raw_pod(volume=volume))
    assert (pod.phase, pod.problem) == (PodPhase.PENDING, problem)
