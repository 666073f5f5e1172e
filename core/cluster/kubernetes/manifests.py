"""Pure: one server's spec as the plain objects that Kubernetes is to hold.

Order matters: what a pod needs comes before the StatefulSet that makes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.cluster.image import env_of, files_of, image_of
from core.cluster.kubernetes import names
from core.cluster.kubernetes.manifests_pod import OWN_UID, pod_of
from core.cluster.kubernetes.manifests_policy import policy_of
from core.cluster.kubernetes.site import Site
from core.cluster.port import ServerSpec, fingerprint

Raw = dict[str, Any]


def manifests(spec: ServerSpec, site: Site, access: str = "") -> list[tuple[str, Raw]]:
    """Resource and object, in the order in which they are to be applied.

    `access`: the mark of how the server's pods come to the store. Raises `KeyError` for a placeholder that the spec has
    no value for, `ValueError` for a game without an image.
    """
    return [
        ("secrets", _secret(spec, site)),
        ("networkpolicies", _policy(spec, site)),
        ("persistentvolumeclaims", _claim(spec, site)),
        ("services", _service(spec, site)),
        ("statefulsets", _stateful_set(spec, site, access)),
    ]


def store_secret(server: str, site: Site, env: Mapping[str, str]) -> Raw:
    """Environment variables of the agent and of jobs; never of a game."""
    labels = {names.INSTALLATION: site.installation, names.SERVER: server}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": names.store_secret(server), "labels": labels},
        "stringData": dict(env),
    }


def disruption_budget(server: str, site: Site) -> Raw:
    """While somebody plays, a drained node waits; for idle servers there must be none, or upgrades hang."""
    labels = {names.INSTALLATION: site.installation, names.SERVER: server}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": server, "labels": labels},
        "spec": {"maxUnavailable": 0, "selector": {"matchLabels": labels}},
    }


def _selector(spec: ServerSpec, site: Site) -> dict[str, str]:
    return {names.INSTALLATION: site.installation, names.SERVER: spec.server}


def _meta(name: str, spec: ServerSpec, site: Site, **annotations: str) -> Raw:
    return {
        "name": name,
        "labels": _selector(spec, site)
        | {
            names.GUILD: str(spec.guild),
            names.OWNER: str(spec.owner),
            names.GAME: spec.game.id,
            "app.kubernetes.io/name": spec.game.id,
            "app.kubernetes.io/instance": spec.server,
            "app.kubernetes.io/component": "game-server",
            "app.kubernetes.io/part-of": "dormouse",
            "app.kubernetes.io/managed-by": "dormouse",
        },
        "annotations": annotations,
    }


def _secret(spec: ServerSpec, site: Site) -> Raw:
    data = {"agent": spec.agent_secret, "console": spec.console_secret, "files": json.dumps(files_of(spec))}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _meta(spec.server, spec, site),
        "stringData": data | {f"env.{name}": value for name, value in env_of(spec)[1].items()},
    }


# around the pod


def _claim(spec: ServerSpec, site: Site) -> Raw:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _meta(names.claim(spec.server, spec.volume), spec, site, **{names.VOLUME: str(spec.volume)}),
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": str(spec.volume_bytes)}},
            **({"storageClassName": site.pods.usual.storage_class} if site.pods.usual.storage_class else {}),
        },
    }


def _service(spec: ServerSpec, site: Site) -> Raw:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _meta(spec.server, spec, site, **site.addresses.annotations(spec)),
        "spec": {"selector": _selector(spec, site), **site.addresses.service(spec)},
    }


def _policy(spec: ServerSpec, site: Site) -> Raw:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _meta(spec.server, spec, site),
        "spec": policy_of(spec, site, _selector(spec, site)),
    }


# the pod


def _stateful_set(spec: ServerSpec, site: Site, access: str) -> Raw:
    stamps = {names.RUN: str(spec.run), names.VOLUME: str(spec.volume), names.NAME: spec.name}
    ports = json.dumps({port.name: port.container for port in spec.ports})
    pod = {names.PORTS: ports, names.WITHIN: str(spec.game.ready.within)}
    source = {names.SOURCE: spec.source} if spec.source and not spec.made else {}
    template = _meta(spec.server, spec, site, **stamps, **source, **pod)
    del template["name"]
    template["labels"] |= site.pods.usual.labels
    template["annotations"] |= site.pods.usual.annotations
    own = {names.FINGERPRINT: fingerprint(spec), names.TRACE: spec.trace, names.WORLD: _world(spec)}
    own |= {names.MADE: "true"} if spec.made else {}
    own |= {names.STORE: access} if access else {}
    own |= {names.PODS: site.pods.usual.mark} if site.pods.usual.mark else {}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": _meta(spec.server, spec, site, **stamps, **own),
        "spec": {
            "replicas": spec.replicas,
            "serviceName": spec.server,
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "OnDelete"},
            "revisionHistoryLimit": 1,
            "selector": {"matchLabels": _selector(spec, site)},
            "template": {"metadata": template, "spec": pod_of(spec, site)},
        },
    }


def _world(spec: ServerSpec) -> str:
    """What a job has to know of a server whose game's entry may be gone by then."""
    image = image_of(spec)
    save = {name: value for name, value in spec.game.save.model_dump(mode="json").items() if name in _SAVED_BY}
    return json.dumps({"uid": image.uid or OWN_UID, "gid": image.gid, "save": save}, separators=(",", ":"))


_SAVED_BY = ("include", "exclude")
