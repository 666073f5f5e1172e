"""The part of `dormouse check` that asks Kubernetes: version, namespace, permissions, storage, quota, addresses.

It changes nothing: it reads, asks by SelfSubjectAccessReview what it may, and tries a server by server-side dry run.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.check import kubernetes_pods, kubernetes_trial
from bot.check.kubernetes_api import Away, TrialApi, connect
from bot.check.report import Report
from bot.kubernetes import addresses_of, pods_of
from bot.settings import Settings
from core.cluster.kubernetes.addresses import LIMITS, Addresses, Exposure, TrafficPolicy
from core.cluster.kubernetes.api import GROUPS, PERMISSIONS
from core.cluster.kubernetes.pod_settings import PodSettings
from core.cluster.kubernetes.scheduling import why_no_node
from core.cluster.kubernetes.site import Site
from core.errors import ClusterError, Misconfigured
from core.games.form.game import Game
from core.words import Problem

OLDEST = (1, 29)
"""Native sidecars are on since then: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"""
LOOKS: Mapping[str, tuple[str, ...]] = {"namespaces": ("get",), "resourcequotas": ("list",)}
"""What only this check reads in the games' namespace; without it, it says less."""
CLUSTER_LOOKS: Mapping[str, tuple[str, ...]] = {"storageclasses": ("list",), "priorityclasses": ("list",)}
"""Likewise of the whole cluster."""
_ROLE = "install the Role of deploy/ for its service account"
_CLUSTER_ROLE = "the optional ClusterRole of deploy/ would show it"
_PULL_FAILED = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName")
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_VIOLATION = re.compile(r'would violate PodSecurity "(\w+):')
_ENFORCE = "pod-security.kubernetes.io/enforce"


@dataclass(frozen=True, slots=True)
class Target:
    """What the settings say about the cluster. `given`: how many ports servers have by now."""

    namespace: str
    image: str
    addresses: Addresses
    ports: range
    games: tuple[Game, ...]
    given: int = 0
    pods: PodSettings = field(default_factory=PodSettings)

    @property
    def site(self) -> Site:
        return Site(self.addresses.installation, self.image or "none", self.addresses, pods=self.pods)


@dataclass(slots=True)
class _Look:
    """One pass: what was asked and what is said about it."""

    api: TrialApi
    target: Target
    mistakes: list[str]
    remarks: list[str]
    nodes: list[dict[str, Any]] | None = None  # None: cannot be seen
    level: str | None = None  # of Pod Security in the games' namespace
    hidden: set[str] = field(default_factory=set)  # what cannot be seen, in words

    @property
    def where(self) -> str:
        return f"/api/v1/namespaces/{self.target.namespace}"


def target_of(settings: Settings, games: tuple[Game, ...], given: int, report: Report) -> Target:
    pods = PodSettings()
    try:
        pods = pods_of(settings)
    except Misconfigured as wrong:
        report.mistakes += wrong.lines
    return Target(
        namespace=settings.namespace,
        image=settings.image or "",
        addresses=addresses_of(settings, "check"),
        ports=settings.port_range,
        games=games,
        given=given,
        pods=pods,
    )


async def check(target: Target, report: Report, *, kubeconfig: str | None = None) -> None:
    """Never raises for what the cluster or the network does.

    The cluster is the one that this process's pod is in, else that of `kubeconfig` or KUBECONFIG.
    """
    try:
        async with connect(kubeconfig) as api:
            look = _Look(api, target, report.mistakes, report.remarks)
            if not await _version(look):
                return
            if not api.inside:
                report.remarks.append(
                    "This Dormouse runs outside of the cluster: it has to reach the addresses of pods directly, "
                    "which cannot be seen before one runs."
                )
            if await _namespace(look):
                if await _permissions(look):
                    await _trial(look)
                await _quotas(look)
                pods = await _pods(look)
                _pulls(look, pods)
                _places(look, pods)
            await _storage(look)
            await _priorities(look)
            await _nodes(look)
            _addresses(look)
            if look.hidden:
                report.remarks.append(f"Cannot be seen: {_listed(sorted(look.hidden))}; {_CLUSTER_ROLE}.")
    except ClusterError as wrong:
        report.mistakes.append(
            f"DORMOUSE_CLUSTER=kubernetes: {wrong.detail}: run this in a pod, or set KUBECONFIG to a file."
        )
    except Away as away:
        report.mistakes.append(f"The Kubernetes API server cannot be reached: {away}.")


async def _version(look: _Look) -> bool:
    """Whether it makes sense to go on."""
    answer = await look.api.get("/version")
    if answer.status == 401:
        look.mistakes.append(
            "Kubernetes does not know who we are (401): the credentials have expired or are another cluster's."
        )
        return False
    found = [re.match(r"\d+", str(answer.body.get(part, ""))) for part in ("major", "minor")]
    if answer.status != 200 or not all(found):
        look.mistakes.append(f"What answers at {look.api.host} is no Kubernetes API server ({answer.status}).")
        return False
    version = tuple(int(part[0]) for part in found if part)
    shown = ".".join(map(str, version))
    if version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        look.mistakes.append(f"Kubernetes {shown} is too old: pods with native sidecars need {oldest} or newer.")
        return False
    look.remarks.append(f"Kubernetes {shown} answers at {look.api.host}.")
    return True


async def _namespace(look: _Look) -> bool:
    """Whether it is there, as far as that can be seen."""
    name = look.target.namespace
    answer = await look.api.get(look.where)
    if answer.status == 404:
        look.mistakes.append(
            f"DORMOUSE_NAMESPACE: there is no namespace {name}: make it (deploy/ does), or name another."
        )
        return False
    if answer.status != 200:
        look.remarks.append(f"Whether the namespace {name} exists cannot be seen, nor its level of Pod Security.")
        return True
    if answer.body.get("status", {}).get("phase") == "Terminating":
        look.mistakes.append(f"DORMOUSE_NAMESPACE: {name} is being deleted: wait until it is gone and make it anew.")
        return False
    look.level = answer.body["metadata"].get("labels", {}).get(_ENFORCE, "")
    if look.level == "restricted":
        look.remarks.append(
            f"The namespace {name} enforces Pod Security restricted: games whose image starts as root are refused."
        )
    if look.target.addresses.exposure is Exposure.HOSTPORT and look.level not in ("", "privileged"):
        look.mistakes.append(
            f"DORMOUSE_EXPOSURE=hostport needs Pod Security privileged, but {name} enforces {look.level}: "
            f"kubectl label --overwrite namespace {name} {_ENFORCE}=privileged"
        )
    return True


async def _permissions(look: _Look) -> bool:
    """Whether it may do all that it does; each pair is asked for on its own."""

    async def missing(resource: str, verbs: tuple[str, ...]) -> str:
        answers = await asyncio.gather(*(_may(look, resource, verb) for verb in verbs))
        lacking = [verb for verb, allowed in zip(verbs, answers, strict=True) if not allowed]
        return f"{', '.join(lacking)} {resource}" if lacking else ""

    name = look.target.namespace
    lacking = [said for said in await asyncio.gather(*(missing(*each) for each in PERMISSIONS.items())) if said]
    if lacking:
        look.mistakes.append(f"In {name} Dormouse may not {'; '.join(lacking)}: {_ROLE}.")
    else:
        look.remarks.append(f"It may do all that it has to in {name}.")
    if any(await asyncio.gather(_may(look, "secrets", "get"), _may(look, "secrets", "list"))):
        look.remarks.append(f"It may read the Secrets of {name}, which it never does: the Role of deploy/ is enough.")
    return not lacking


async def _may(look: _Look, resource: str, verb: str) -> bool:
    name, _, part = resource.partition("/")
    asked = {"group": GROUPS.get(resource, ""), "resource": name, "subresource": part, "verb": verb}
    answer = await look.api.post(
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked | {"namespace": look.target.namespace}},
        },
    )
    return bool(answer.body.get("status", {}).get("allowed"))


async def _trial(look: _Look) -> None:
    """Lets the API server and its admission look at servers as they would be made, which makes none."""
    target, refused, seen = look.target, dict[str, str](), False
    for game in target.games:
        for path, made in kubernetes_trial.objects(game, target.namespace, target.site, target.ports):
            answer = await look.api.dry_run(path, made)
            if answer.status not in (200, 201):
                refused.setdefault(answer.why.rstrip("."), game.name)
            for warning in answer.warnings:
                found = _VIOLATION.match(warning)
                if found and look.level in (None, found[1]):  # a namespace may warn of more than it refuses
                    refused.setdefault(warning, game.name)
        seen = True
    if seen and not refused:
        look.remarks.append("The cluster accepts servers as they would be made (tried without making one).")
    for why, name in refused.items():
        look.mistakes.append(f"The cluster would refuse a server of {name}: {why}.")


async def _quotas(look: _Look) -> None:
    answer = await look.api.get(f"{look.where}/resourcequotas")
    if answer.status != 200:
        look.remarks.append(f"Whether {look.target.namespace} has a quota cannot be seen.")
        return
    for quota in answer.body.get("items", []):
        name, status = quota["metadata"]["name"], quota.get("status", {})
        used = status.get("used", {})
        hard = {what: most for what, most in status.get("hard", {}).items() if what in used}
        shown = ", ".join(f"{what} {used[what]} of {most}" for what, most in sorted(hard.items()))
        look.remarks.append(f"The quota {name} is used like this: {shown}.")
        full = [what for what, most in sorted(hard.items()) if quantity(used[what]) >= quantity(most)]
        if full:
            look.mistakes.append(
                f"The quota {name} has no {_listed(full)} left: raise it, or no other server can be made or resumed."
            )


async def _pods(look: _Look) -> list[dict[str, Any]]:
    answer = await look.api.get(f"{look.where}/pods?limit=500")
    return list(answer.body.get("items", [])) if answer.status == 200 else []


def _places(look: _Look, pods: list[dict[str, Any]]) -> None:
    """What pods that wait tell of nodes and volumes, each cause once, in the scheduler's words."""
    waiting: dict[str, list[str]] = {}
    for pod in pods:
        for each in pod.get("status", {}).get("conditions", []):
            if each["type"] == "PodScheduled" and each.get("reason") == "Unschedulable":
                waiting.setdefault(each.get("message", "").strip(), []).append(pod["metadata"]["name"])
    for why, names in sorted(waiting.items()):
        what = {Problem.NO_PLACE: "has room for", Problem.NO_VOLUME: "has a volume for"}
        found = f"No node {what.get(why_no_node(why)[0], 'takes')} {_listed(sorted(names)[:3])}"
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        look.mistakes.append(f"{found}{more}: {why.rstrip('.')}.")


def _pulls(look: _Look, pods: list[dict[str, Any]]) -> None:
    """What pods that exist tell of images; the credentials of nodes cannot be asked for."""
    failed: dict[str, str] = {}
    runs: set[str] = set()
    for pod in pods:
        status, spec = pod.get("status", {}), pod["spec"]
        images = {each["name"]: each["image"] for each in [*spec["containers"], *spec.get("initContainers", [])]}
        for each in [*status.get("containerStatuses", []), *status.get("initContainerStatuses", [])]:
            waiting, image = each.get("state", {}).get("waiting", {}), images.get(each["name"], "")
            if waiting.get("reason") in _PULL_FAILED:
                failed.setdefault(image, waiting.get("message") or waiting["reason"])
            elif each.get("imageID"):
                runs.add(image)
    for image, why in sorted(failed.items()):
        look.mistakes.append(
            f"The nodes cannot pull {image} ({why.strip()[:200].rstrip('.')}): see that it is there, and that "
            "pull_secrets in DORMOUSE_POD_FILE name a Secret if its registry asks for one."
        )
    if secrets := kubernetes_pods.pull_secrets(look.target.pods):
        look.remarks.append(
            f"Whether {look.target.namespace} has the Secret {_listed(secrets)} cannot be seen: Dormouse reads none."
        )
    image = look.target.image
    if not image:
        look.mistakes.append("DORMOUSE_IMAGE is not set: agents and Meadow run from the bot's own image, so name it.")
    elif image in runs:
        look.remarks.append(f"Nodes have pulled {image}.")
    elif image not in failed:
        look.remarks.append(f"Whether the nodes can pull {image} is seen only when the first server starts.")


async def _storage(look: _Look) -> None:
    answer = await look.api.get("/apis/storage.k8s.io/v1/storageclasses")
    if answer.status != 200:
        look.hidden.add("whether there is a default StorageClass")
        return
    classes = {each["metadata"]["name"]: each for each in answer.body.get("items", [])}
    look.mistakes += kubernetes_pods.missing_storage(look.target.pods, classes)
    if chosen := look.target.pods.usual.storage_class:
        _volumes(look, classes.get(chosen))
        return
    default = [
        each for each in classes.values() if each["metadata"].get("annotations", {}).get(_DEFAULT_CLASS) == "true"
    ]
    if default:
        _volumes(look, default[-1])
        return
    among = f"one of {_listed(sorted(classes))}" if classes else "one, once a provisioner is installed,"
    look.mistakes.append(
        f"No StorageClass is the default, so volumes would never come: mark {among} with the annotation "
        f"{_DEFAULT_CLASS}=true."
    )


def _volumes(look: _Look, used: dict[str, Any] | None) -> None:
    if used is None:
        return
    name = used["metadata"]["name"]
    grow = "" if used.get("allowVolumeExpansion") else "; they cannot grow: a larger one comes with a restore only"
    look.remarks.append(f"Worlds live on volumes of the StorageClass {name}{grow}.")


async def _priorities(look: _Look) -> None:
    if not kubernetes_pods.names_priorities(look.target.pods):
        return
    answer = await look.api.get("/apis/scheduling.k8s.io/v1/priorityclasses")
    if answer.status != 200:
        look.hidden.add("which PriorityClasses there are")
        return
    there = {each["metadata"]["name"] for each in answer.body.get("items", [])}
    look.mistakes += kubernetes_pods.missing_priorities(look.target.pods, there)


async def _nodes(look: _Look) -> None:
    answer = await look.api.get("/api/v1/nodes")
    if answer.status != 200:
        look.hidden.add("how many nodes there are")
        return
    nodes = answer.body.get("items", [])
    look.nodes = [node for node in nodes if not node["spec"].get("unschedulable") and _is_ready(node)]
    away = sorted(node["metadata"]["name"] for node in nodes if not _is_ready(node))
    if not look.nodes:
        look.mistakes.append("No node is ready and open for pods: no server can start.")
    else:
        if away:
            look.mistakes.append(
                f"Not ready: the node {_listed(away)}. Servers on it wait until it is back, or deleted."
            )
        look.remarks.append(f"Nodes that are ready: {len(look.nodes)}.")
        look.remarks += kubernetes_pods.without_nodes(look.target.pods, look.nodes)


def _is_ready(node: dict[str, Any]) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"].get("conditions", []))


def _addresses(look: _Look) -> None:
    """How many ports there are: a number of the pool is given to one port of one server, however many addresses."""
    target, exposure = look.target, look.target.addresses.exposure
    pool, many = f"{target.ports.start}-{target.ports.stop - 1}", len(target.ports)
    look.remarks.append(f"Addresses for {many} ports ({exposure}, {pool}), {target.given} of them given away.")
    look.remarks.append(LIMITS[exposure])
    look.mistakes += target.addresses.mistakes(target.ports)
    if target.addresses.traffic_policy is TrafficPolicy.CLUSTER:
        look.remarks.append(
            "Games see the nodes' addresses and not the players' (externalTrafficPolicy Cluster): a ban by address "
            "would shut out everybody."
        )
    elif target.addresses.static and target.addresses.traffic_policy is TrafficPolicy.LOCAL:
        look.remarks.append(
            "DORMOUSE_TRAFFIC_POLICY=local: MetalLB shares no address so, and would give it to one server only; "
            "Azure does."
        )
    if target.given >= many:
        look.mistakes.append(f"DORMOUSE_PORTS: all of {pool} are given away: choose a larger range.")
    if exposure is Exposure.LOADBALANCER and not target.addresses.static:
        look.remarks.append(
            "DORMOUSE_ADDRESSES is not set: each server gets what the cluster's load balancers give it, often an "
            "address of its own, which a cloud bills."
        )
    if exposure is Exposure.HOSTPORT and look.nodes:
        shown = sum("ExternalIP" in _kinds_of_address(node) for node in look.nodes)
        look.remarks.append(f"{shown} of {len(look.nodes)} nodes have an external address, at which members connect.")


def _kinds_of_address(node: dict[str, Any]) -> set[str]:
    return {each["type"] for each in node["status"].get("addresses", [])}


def quantity(text: str) -> float:
    """Of Kubernetes, in its base unit: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""
    found = re.fullmatch(r"([+-]?[\d.]+(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?", text)
    if found is None:
        return 0.0
    unit = found[2] or ""
    power = "KMGTPE".find(unit[0].upper()) + 1 if unit and unit not in "num" else 0
    factor = {"n": 1e-9, "u": 1e-6, "m": 1e-3}.get(unit) or (1024.0 if unit.endswith("i") else 1000.0) ** power
    return float(found[1]) * factor


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
