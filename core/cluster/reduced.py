"""Pure: raw objects of the API become small records at once, and the records of one server become its `Observed`.

A record keeps some hundred bytes of an object's several thousand; nothing else of it is ever held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from sys import intern
from typing import Any

from core.cluster import names
from core.cluster.port import Endpoint, Observed, Progress, Saved
from core.cluster.reduced_pod import PodRecord
from core.words import PodPhase, Problem, Step, VolumePhase

Raw = dict[str, Any]

LOST_AFTER = timedelta(seconds=30)
"""Beyond the end of its grace: then a pod whose node does not answer counts as lost."""


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


@dataclass(frozen=True, slots=True)
class ClaimRecord(ObjectRecord):
    volume: int
    phase: VolumePhase


@dataclass(frozen=True, slots=True)
class ServiceRecord(ObjectRecord):
    balancer: str  # the address that a load balancer was given


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
    )


def reduce_claim(raw: Raw) -> ClaimRecord:
    known = {"Bound": VolumePhase.BOUND, "Lost": VolumePhase.LOST}
    common = _common(raw)
    said = (raw.get("status") or {}).get("phase", "")
    phase = VolumePhase.ENDING if common[-1] else known.get(said, VolumePhase.PENDING)
    # The number stands in the name: an annotation may have been edited.
    return ClaimRecord(*common, volume=_number(common[0].rpartition("-")[2]), phase=phase)


def reduce_service(raw: Raw) -> ServiceRecord:
    given = ((raw.get("status") or {}).get("loadBalancer") or {}).get("ingress") or [{}]
    return ServiceRecord(*_common(raw), balancer=given[0].get("hostname") or given[0].get("ip") or "")


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


def _number(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else 0


@dataclass(frozen=True, slots=True)
class NodeRecord:
    name: str
    version: int
    answers: bool


def reduce_node(raw: Raw) -> NodeRecord:
    """Kubernetes says of a node that it lost: Ready is Unknown."""
    conditions = (raw.get("status") or {}).get("conditions") or ()
    answers = all(each.get("status") != "Unknown" for each in conditions if each["type"] == "Ready")
    return NodeRecord(raw["metadata"]["name"], _number(raw["metadata"].get("resourceVersion")), answers)


@dataclass(slots=True)
class Held:
    """The records of one server, by name where there may be several. `why_no_pod` is what Events said about a pod
    that does not come."""

    server: str
    set: SetRecord | None = None
    pods: dict[str, PodRecord] = field(default_factory=dict)
    claims: dict[str, ClaimRecord] = field(default_factory=dict)
    service: ServiceRecord | None = None
    policy: ObjectRecord | None = None
    why_no_pod: tuple[Problem, str] | None = None

    @property
    def empty(self) -> bool:
        return not (self.set or self.pods or self.claims or self.service or self.policy)

    @property
    def pod(self) -> PodRecord | None:
        return next(iter(self.pods.values()), None)

    @property
    def waits_for_pod(self) -> bool:
        return self.set is not None and not self.set.ending and self.set.replicas > 0 and not self.pods


def look_again(held: Held, now: datetime) -> datetime | None:
    """When `observe` may say something else although no object changes."""
    pod = held.pod
    if pod is None or pod.deadline is None or not pod.cut_off:
        return None
    at = pod.deadline + LOST_AFTER
    return at if at > now else None


def observe(
    held: Held,
    now: datetime,
    *,
    tolerated: frozenset[tuple[str, str]] = frozenset(),
    node_lost: bool = False,
    config_told: str | None = None,
    address: str = "",
    saved: Saved | None = None,
    progress: Progress | None = None,
) -> Observed:
    """One server as the port tells it.

    `tolerated`: (object's name, digest) pairs that are as they are although Dormouse applied them; `node_lost`: the
    pod's node is known not to answer; `config_told`: the UID of the pod for which the Secret was written again.
    """
    wanted, pod = held.set, held.pod
    claim = held.claims.get(names.claim(held.server, wanted.volume)) if wanted else None
    seen = Observed(
        held.server,
        volume=_volume(held, claim),
        volume_number=wanted.volume if wanted else 0,
        template_run=wanted.run if wanted else None,
        replicas=wanted.replicas if wanted and not wanted.ending else 0 if wanted else None,
        fingerprint=_fingerprint(held, tolerated, config_told),
        volumes=tuple(sorted(each.volume for each in held.claims.values())),
        address=address,
        saved=saved,
        progress=progress,
        restored=pod.restored if pod else None,
    )
    if pod is None:
        problem, detail = held.why_no_pod or (None, "")
        return replace(seen, step=Step.QUEUED if held.waits_for_pod else None, problem=problem, detail=detail)
    phase, step, problem, detail = pod.phase, pod.step, pod.problem, pod.detail
    if claim is not None and claim.phase is VolumePhase.LOST:
        problem, detail = Problem.VOLUME_LOST, f"claim {claim.name} lost its volume"
    elif claim is not None and claim.phase is VolumePhase.PENDING and step is Step.PLACE and problem is None:
        step = Step.VOLUME
    overdue = pod.deadline is not None and now >= pod.deadline + LOST_AFTER
    if pod.cut_off and (overdue or node_lost):
        phase, problem, detail = PodPhase.LOST, Problem.NODE_LOST, f"node {pod.node} does not answer"
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
    )


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


def _fingerprint(held: Held, tolerated: frozenset[tuple[str, str]], config_told: str | None) -> str:
    """The spec's, or "" where what is there is not what was applied, so that it is applied again."""
    wanted, pod = held.set, held.pod
    if wanted is None:
        return ""
    claim = held.claims.get(names.claim(held.server, wanted.volume))
    needed = [wanted, held.service, held.policy, *([] if claim is None and wanted.made else [claim])]
    for each in needed:
        if each is None or (each.edited and (each.name, each.owned) not in tolerated):
            return ""
    if pod is not None and pod.config_missing and pod.uid != config_told:
        return ""
    return wanted.fingerprint


def _endpoints(pod: PodRecord) -> dict[str, Endpoint]:
    if not pod.ip:
        return {}
    found = {name: Endpoint(pod.ip, number) for name, number in pod.ports.items()}
    return found | {"agent": Endpoint(pod.ip, names.AGENT_PORT)}
