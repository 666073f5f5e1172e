"""Pure: whether the cluster has what `DORMOUSE_POD_FILE` names. Every function gives lines in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from core.cluster.kubernetes.pod_settings import SETTING, PodOptions, PodSettings, Toleration

_KEEPS_OUT = ("NoSchedule", "NoExecute")


def options(pods: PodSettings) -> dict[str, PodOptions]:
    """By the key that they stand below in the file."""
    return {"": pods.usual} | ({"spot.": pods.spot} if pods.spot else {})


def missing_storage(pods: PodSettings, classes: Collection[str]) -> list[str]:
    said = {f"{at}storage_class": each.storage_class for at, each in options(pods).items()}
    return _missing("StorageClass", said, classes)


def missing_priorities(pods: PodSettings, classes: Collection[str]) -> list[str]:
    return _missing("PriorityClass", {f"{at}priority": each.priority for at, each in options(pods).items()}, classes)


def names_priorities(pods: PodSettings) -> bool:
    return any(each.priority for each in options(pods).values())


def pull_secrets(pods: PodSettings) -> list[str]:
    return sorted({name for each in options(pods).values() for name in each.pull_secrets})


def without_nodes(pods: PodSettings, nodes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Of `nodes`, that are ready, none may take such a pod. An autoscaler may bring one."""
    known = list(nodes)
    lines = []
    for at, each in options(pods).items():
        if not any(takes(node, each) for node in known):
            wanted = ", ".join(f"{key}={value}" for key, value in sorted(each.selector.items()))
            which = (
                f"{SETTING}: {at}selector: no node that is ready has {wanted}" if wanted else "No node that is ready"
            )
            also = " and lets such pods in" if wanted else " lets games' pods in: all of them have taints"
            lines.append(f"{which}{also}. Servers wait until there is one.")
    return lines


def takes(node: Mapping[str, Any], pod: PodOptions) -> bool:
    """https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/"""
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(key) != value for key, value in pod.selector.items()):
        return False
    taints = [each for each in node["spec"].get("taints") or () if each["effect"] in _KEEPS_OUT]
    return all(any(_tolerates(each, taint) for each in pod.tolerations) for taint in taints)


def _tolerates(toleration: Toleration, taint: Mapping[str, Any]) -> bool:
    if toleration.effect and toleration.effect != taint["effect"]:
        return False
    if toleration.key and toleration.key != taint["key"]:
        return False
    return toleration.operator == "Exists" or toleration.value == taint.get("value", "")


def _missing(kind: str, said: Mapping[str, str], there: Collection[str]) -> list[str]:
    among = f"make it, or name one of {', '.join(sorted(there))}" if there else "make it, or leave that out"
    return [
        f"{SETTING}: {key}: there is no {kind} {name}: {among}."
        for key, name in said.items()
        if name and name not in there
    ]
