"""The part of `dormouse check` that asks Kubernetes: version, namespace, permissions, storage, quota, addresses.

It changes nothing: it reads, asks by SelfSubjectAccessReview what it may, and tries a server by server-side dry run.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot import check_trial
from bot.kubernetes_api import Api, Away, connect
from core.cluster.addresses import LIMITS, Addresses, Exposure
from core.cluster.api import GROUPS, PERMISSIONS
from core.errors import ClusterError
from core.games.catalogue import Game

OLDEST = (1, 29)
"""Native sidecars are on since then: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"""
LOOKS: Mapping[str, tuple[str, ...]] = {"namespaces": ("get",), "resourcequotas": ("list",)}
"""What only this check reads in the games' namespace; without it, it says less."""
CLUSTER_LOOKS: Mapping[str, tuple[str, ...]] = {"storageclasses": ("list",)}
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


@dataclass(slots=True)
class _Look:
    """One pass: what was asked and what is said about it."""

    api: Api
    target: Target
    mistakes: list[str]
    remarks: list[str]
    nodes: list[dict[str, Any]] | None = None  # None: cannot be seen
    level: str | None = None  # of Pod Security in the games' namespace
    hidden: set[str] = field(default_factory=set)  # what cannot be seen, in words

    @property
    def where(self) -> str:
        return f"/api/v1/namespaces/{self.target.namespace}"


async def check(target: Target, mistakes: list[str], remarks: list[str], *, kubeconfig: str | None = None) -> None:
    """Adds to both lists; never raises for what the cluster or the network does.

    The cluster is the one that this process's pod is in, else that of `kubeconfig` or KUBECONFIG.
    """
    try:
        async with connect(kubeconfig) as api:
            look = _Look(api, target, mistakes, remarks)
            if not await _version(look):
                return
            if not api.inside:
                remarks.append(
                    "This Dormouse runs outside of the cluster: it has to reach the addresses of pods directly, "
                    "which cannot be seen before one runs."
                )
            if await _namespace(look):
                if await _permissions(look):
                    await _trial(look)
                await _quotas(look)
                await _pulls(look)
            await _storage(look)
            await _nodes(look)
            _addresses(look)
            if look.hidden:
                remarks.append(f"Cannot be seen: {_listed(sorted(look.hidden))}; {_CLUSTER_ROLE}.")
    except ClusterError as wrong:
        mistakes.append(f"DORMOUSE_CLUSTER=kubernetes: {wrong.detail}: run this in a pod, or set KUBECONFIG to a file.")
    except Away as away:
        mistakes.append(f"The Kubernetes API server cannot be reached: {away}.")


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
        for path, made in check_trial.objects(game, target.namespace, target.image, target.addresses, target.ports):
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


async def _pulls(look: _Look) -> None:
    """What pods that exist tell of images; the credentials of nodes cannot be asked for."""
    answer = await look.api.get(f"{look.where}/pods?limit=500")
    failed: dict[str, str] = {}
    runs: set[str] = set()
    for pod in answer.body.get("items", []) if answer.status == 200 else []:
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
            f"The nodes cannot pull {image} ({why.strip()[:200].rstrip('.')}): see that it is there, and that the "
            f"service account `default` of {look.target.namespace} has imagePullSecrets if its registry asks for them."
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
    classes = answer.body.get("items", [])
    named = {
        each["metadata"]["name"]: each["metadata"].get("annotations", {}).get(_DEFAULT_CLASS) == "true"
        for each in classes
    }
    default = [name for name, is_default in named.items() if is_default]
    if default:
        look.remarks.append(f"Worlds live on volumes of the StorageClass {default[-1]}.")
        return
    among = f"one of {_listed(sorted(named))}" if named else "one, once a provisioner is installed,"
    look.mistakes.append(
        f"No StorageClass is the default, so volumes would never come: mark {among} with the annotation "
        f"{_DEFAULT_CLASS}=true."
    )


async def _nodes(look: _Look) -> None:
    answer = await look.api.get("/api/v1/nodes")
    if answer.status != 200:
        look.hidden.add("how many nodes there are")
        return
    look.nodes = [
        node
        for node in answer.body.get("items", [])
        if not node["spec"].get("unschedulable")
        and any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"].get("conditions", []))
    ]
    if not look.nodes:
        look.mistakes.append("No node is ready and open for pods: no server can start.")
    else:
        look.remarks.append(f"Nodes that are ready: {len(look.nodes)}.")


def _addresses(look: _Look) -> None:
    """How many ports there are: a number of the pool is given to one port of one server, however many addresses."""
    target, exposure = look.target, look.target.addresses.exposure
    pool, many = f"{target.ports.start}-{target.ports.stop - 1}", len(target.ports)
    look.remarks.append(f"Addresses for {many} ports ({exposure}, {pool}), {target.given} of them given away.")
    look.remarks.append(LIMITS[exposure])
    look.mistakes += target.addresses.mistakes(target.ports)
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
