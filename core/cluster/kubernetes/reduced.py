"""Pure: raw objects of the API become small records at once, and the records of one server become its `Observed`.

A record keeps some hundred bytes of an object's several thousand; nothing else of it is ever held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from sys import intern
from typing import Any

from core.agent.wire import AGENT_PORT
from core.cluster.kubernetes import names
from core.cluster.kubernetes.addresses import ROUTED
from core.cluster.kubernetes.metrics import quantity
from core.cluster.kubernetes.reduced_pod import PodRecord
from core.cluster.port import LastSave, NodeAway, Observed, RestoreProgress
from core.games.query.port import Endpoint
from core.words import PodPhase, Problem, Step, VolumePhase
from core.worlds.receipt import Receipt

Raw = dict[str, Any]

OVERDUE_AFTER = timedelta(seconds=30)
"""Beyond the end of its grace: a pod that its node should have ended by then is on one that does not answer."""


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """What all kinds have. `owned` is the digest of the fields that are Dormouse's now, `told` the one that the object
    was last applied with: where they differ, somebody changed or took a field."""

    name: str
    server: str
    version: int
    owned: str
    told: str
    ending: bool

    @property
    def edited(self) -> bool:
        return self.owned != self.told


@dataclass(frozen=True, slots=True)
class SetRecord(ObjectRecord):
    replicas: int
    run: int
    volume: int
    fingerprint: str
    made: bool = False
    store: str = ""
    world: str = ""
    pods: str = ""


@dataclass(frozen=True, slots=True)
class ClaimRecord(ObjectRecord):
    volume: int
    phase: VolumePhase
    size: str = ""  # that is asked for, in Kubernetes' words
    bytes: int = 0  # that it has, or is asked for while it has none
    storage_class: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceRecord(ObjectRecord):
    balancer: str  # the address that a load balancer was given
    balanced: bool = False  # it asks for a load balancer
    hostname: str = ""  # by which a router leads players to it


def reduce_set(raw: Raw) -> SetRecord:
    stamps, spec = _annotations(raw), raw.get("spec") or {}
    return SetRecord(
        *_common(raw),
        replicas=int(spec.get("replicas", 1)),
        run=_number(stamps.get(names.RUN)),
        volume=_number(stamps.get(names.VOLUME)),
        fingerprint=stamps.get(names.FINGERPRINT, ""),
        made=names.MADE in stamps,
        store=intern(stamps.get(names.STORE, "")),
        world=intern(stamps.get(names.WORLD, "")),
        pods=intern(stamps.get(names.PODS, "")),
    )


def reduce_claim(raw: Raw) -> ClaimRecord:
    known = {"Bound": VolumePhase.BOUND, "Lost": VolumePhase.LOST}
    common, spec = _common(raw), raw.get("spec") or {}
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "")
    held = ((raw.get("status") or {}).get("capacity") or {}).get("storage", "")
    kind = spec.get("storageClassName")
    said = (raw.get("status") or {}).get("phase", "")
    phase = VolumePhase.ENDING if common[-1] else known.get(said, VolumePhase.PENDING)
    # The number stands in the name: an annotation may have been edited.
    return ClaimRecord(
        *common,
        volume=_number(common[0].rpartition("-")[2]),
        phase=phase,
        size=intern(size),
        bytes=_bytes(held or size),
        storage_class=None if kind is None else intern(kind),
    )


def reduce_service(raw: Raw) -> ServiceRecord:
    given = ((raw.get("status") or {}).get("loadBalancer") or {}).get("ingress") or [{}]
    balanced = (raw.get("spec") or {}).get("type") == "LoadBalancer"
    first = given[0] if balanced else {}  # what was given back stands in the status for a while
    return ServiceRecord(
        *_common(raw),
        balancer=first.get("hostname") or first.get("ip") or "",
        balanced=balanced,
        hostname=_annotations(raw).get(ROUTED, ""),
    )


def reduce_policy(raw: Raw) -> ObjectRecord:
    return ObjectRecord(*_common(raw))


def owned(raw: Raw) -> str:
    """A digest of which fields the manager `dormouse` owns (not of their values), as trim.py leaves it. A value that
    somebody else sets, and a field that somebody removes, leaves this set; `OWNED` itself is in it whatever its value.
    """
    said = raw["metadata"].get("managedFields")
    return said if isinstance(said, str) else ""


def _common(raw: Raw) -> tuple[str, str, int, str, str, bool]:
    """Texts that many records share are kept once."""
    meta = raw["metadata"]
    return (
        intern(meta["name"]),
        intern((meta.get("labels") or {}).get(names.SERVER, "")),
        _number(meta.get("resourceVersion")),
        intern(owned(raw)),
        intern(_annotations(raw).get(names.OWNED, "")),
        "deletionTimestamp" in meta,
    )


def _annotations(raw: Raw) -> Mapping[str, str]:
    return raw["metadata"].get("annotations") or {}


def _bytes(text: str) -> int:
    try:
        return int(quantity(text))
    except ValueError:
        return 0


def _number(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else 0


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """`since`: for how long it answers, or does not."""

    name: str
    version: int
    answers: bool
    since: datetime | None = None


def reduce_node(raw: Raw) -> NodeRecord:
    """Ready is Unknown where a node does not answer, and False where its kubelet does and runs no pods. In both cases
    Kubernetes takes its pods off the Services, and off the node later."""
    conditions = (raw.get("status") or {}).get("conditions") or ()
    ready: Raw = next((each for each in conditions if each["type"] == "Ready"), {})
    since = ready.get("lastTransitionTime")
    return NodeRecord(
        raw["metadata"]["name"],
        _number(raw["metadata"].get("resourceVersion")),
        ready.get("status", "True") == "True",
        datetime.fromisoformat(since) if since else None,
    )


@dataclass(slots=True)
class Held:
    """The records of one server, by name where there may be several. `why_no_pod` is what Events said about a pod
    that does not come, `why_no_volume` about a volume; None: not asked yet."""

    server: str
    set: SetRecord | None = None
    pods: dict[str, PodRecord] = field(default_factory=dict)
    claims: dict[str, ClaimRecord] = field(default_factory=dict)
    service: ServiceRecord | None = None
    policy: ObjectRecord | None = None
    why_no_pod: tuple[Problem, str] | None = None
    why_no_volume: str | None = None

    @property
    def empty(self) -> bool:
        return not (self.set or self.pods or self.claims or self.service or self.policy)

    @property
    def pod(self) -> PodRecord | None:
        return next(iter(self.pods.values()), None)

    @property
    def waits_for_pod(self) -> bool:
        return self.set is not None and not self.set.ending and self.set.replicas > 0 and not self.pods

    @property
    def claim(self) -> ClaimRecord | None:
        """Of the incarnation that is wanted."""
        return self.claims.get(names.claim(self.server, self.set.volume)) if self.set else None

    @property
    def waits_for_volume(self) -> bool:
        """Whether its pod has no node yet, and its claim no volume."""
        waits = self.pod is not None and self.pod.step is Step.PLACE
        return waits and self.claim is not None and self.claim.phase is VolumePhase.PENDING

    @property
    def waits_for_mount(self) -> bool:
        """Whether its pod has a node, and its volume is not there yet."""
        return self.pod is not None and self.pod.mounting


def look_again(held: Held, now: datetime) -> datetime | None:
    """When `observe` may say something else although no object changes."""
    pod = held.pod
    if pod is None or pod.deadline is None or not pod.cut_off:
        return None
    at = pod.deadline + OVERDUE_AFTER
    return at if at > now else None


def observe(
    held: Held,
    now: datetime,
    *,
    tolerated: frozenset[tuple[str, str]] = frozenset(),
    node: NodeRecord | None = None,
    node_gone: bool = False,
    refused_by: str | None = None,
    config_told: str | None = None,
    pods: str = "",
    address: str = "",
    saved: Receipt | None = None,
    last_save: LastSave | None = None,
    progress: RestoreProgress | None = None,
    gives_back: bool = False,
) -> Observed:
    """One server as the port tells it.

    `tolerated`: (object's name, digest) pairs that are as they are although Dormouse applied them; `node`: the pod's,
    as far as nodes may be seen; `node_gone`: they may, and there is none; `refused_by`: the UID of the pod whose agent
    refuses Dormouse's token; `config_told`: the UID of the pod for which the Secret was written again; `pods`: the mark
    of the settings that pods are made with by now; `gives_back`: paused servers give their address back.
    """
    wanted, pod, claim = held.set, held.pod, held.claim
    newest = max(held.claims.values(), key=lambda each: each.volume, default=None)
    seen = Observed(
        held.server,
        volume=_volume(held, claim),
        volume_number=wanted.volume if wanted else 0,
        template_run=wanted.run if wanted else None,
        replicas=wanted.replicas if wanted and not wanted.ending else 0 if wanted else None,
        fingerprint=_fingerprint(held, tolerated, refused_by, config_told, pods),
        volumes=tuple(sorted(each.volume for each in held.claims.values())),
        claim=(claim or newest).bytes if newest else 0,
        holds_address=bool(wanted and not wanted.replicas and held.service and held.service.balanced and gives_back),
        address=address,
        by_name=bool(held.service and held.service.hostname),
        saved=saved,
        last_save=last_save,
        progress=progress,
        restored=pod.restored if pod else None,
    )
    if pod is None:
        problem, detail = held.why_no_pod or (None, "")
        return replace(seen, step=Step.QUEUED if held.waits_for_pod else None, problem=problem, detail=detail)
    phase, step, problem, detail = pod.phase, pod.step, pod.problem, pod.detail
    if claim is not None and claim.phase is VolumePhase.LOST:
        problem, detail = Problem.VOLUME_LOST, f"claim {claim.name} lost its volume"
    elif (held.waits_for_volume or held.waits_for_mount) and problem in (None, Problem.NO_VOLUME):
        step, problem, detail = Step.VOLUME, *_no_volume(held, pod)
    away = None
    if pod.orphan or node_gone:
        phase, problem, detail = PodPhase.LOST, Problem.NODE_LOST, f"node {pod.node} is gone"
    elif (away := _away(pod, node, now)) is not None:
        phase = PodPhase.READY if pod.up and (phase is not PodPhase.ENDING or pod.cut_off) else phase
        problem, detail = Problem.NODE_AWAY, f"node {pod.node} does not answer since {away.since.isoformat()}"
    elif problem is None and refused_by == pod.uid and phase is not PodPhase.ENDING:
        problem, detail = Problem.AGENT_REFUSES, "its agent refuses the token: its Secret was not made by this Dormouse"
    return replace(
        seen,
        pod=phase,
        uid=pod.uid,
        run=pod.run,
        restarts=pod.exits,
        last_exit=pod.last_exit,
        ready_since=pod.ready_since if phase is PodPhase.READY else None,
        step=step,
        detail=detail,
        problem=problem,
        lacks=pod.lacks if problem is Problem.NO_PLACE else None,
        endpoints=_endpoints(pod),
        away=away,
    )


def _away(pod: PodRecord, node: NodeRecord | None, now: datetime) -> NodeAway | None:
    """Where nodes may not be seen, their pods tell: the cluster said that one is not ready whose containers are, or one
    that was to be ended for its node's sake is still there."""
    if not pod.node:
        return None
    if node is not None:
        return None if node.answers else NodeAway(pod.node, node.since or now)
    if pod.silent_since is not None:
        return NodeAway(pod.node, pod.silent_since)
    overdue = pod.cut_off and pod.deadline is not None and now >= pod.deadline + OVERDUE_AFTER
    return NodeAway(pod.node, pod.deadline) if overdue and pod.deadline else None


def _no_volume(held: Held, pod: PodRecord) -> tuple[Problem | None, str]:
    """A volume takes its time: only what Events were asked about is a problem."""
    known = held.why_no_volume
    if known is None or (not known and pod.problem is not Problem.NO_VOLUME):
        return None, pod.detail
    return Problem.NO_VOLUME, "; ".join(filter(None, (pod.detail, known)))


def _volume(held: Held, claim: ClaimRecord | None) -> VolumePhase:
    """Of the incarnation that is wanted. It is bound once it is finished, and not by having a disk."""
    wanted, pod = held.set, held.pod
    made = wanted is not None and wanted.made
    if claim is None:
        return VolumePhase.LOST if made else VolumePhase.NONE
    if claim.phase is not VolumePhase.BOUND:
        return claim.phase
    if pod is None or wanted is None or pod.volume != wanted.volume:
        return VolumePhase.BOUND if made else VolumePhase.PENDING
    if pod.problem is Problem.VOLUME_LOST:
        return VolumePhase.LOST
    return VolumePhase.BOUND if made or pod.volume_done else VolumePhase.PENDING


def _fingerprint(
    held: Held, tolerated: frozenset[tuple[str, str]], refused_by: str | None, config_told: str | None, pods: str
) -> str:
    """The spec's, or "" where what is there is not what was applied, or would be applied otherwise by now: then it is
    applied again. That ends no pod; the next one is made so."""
    wanted, pod = held.set, held.pod
    if wanted is None or wanted.pods != pods:
        return ""
    needed = [wanted, held.service, held.policy, *([] if held.claim is None and wanted.made else [held.claim])]
    for each in needed:
        if each is None or (each.edited and (each.name, each.owned) not in tolerated):
            return ""
    if pod is not None and (pod.lacks_secret or pod.uid == refused_by) and pod.uid != config_told:
        return ""
    return wanted.fingerprint


def _endpoints(pod: PodRecord) -> dict[str, Endpoint]:
    if not pod.ip:
        return {}
    found = {name: Endpoint(pod.ip, number) for name, number in pod.ports.items()}
    return found | {"agent": Endpoint(pod.ip, AGENT_PORT)}
