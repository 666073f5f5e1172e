"""Pure: the jobs beside a volume at rest, as the plain objects that Kubernetes is to hold: one saves it, one answers
for its files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.agent.wire import AGENT_PORT
from core.children import Program, command
from core.cluster.kubernetes import names
from core.cluster.kubernetes.manifests_pod import AT_WORK, HELPERS_CPU, WORK, literal, locked
from core.cluster.kubernetes.site import Site

Raw = dict[str, Any]

WITHIN = 6 * 3600
"""Seconds after which Kubernetes ends it."""
FILES_WITHIN = 1800
"""Likewise the one that answers for files, which ends by itself once nobody asks."""
_ENDED = 30  # seconds that one of those stays: it has no result
_KEPT = 600  # seconds that an ended job stays, should nobody fetch its result


def job(name: str, server: str, volume: int, run: int, world: str, site: Site, *, note: str, verify: bool) -> Raw:
    """Saves a volume at rest. `world`: the StatefulSet's annotation."""
    known = json.loads(world)
    env = {
        "DORMOUSE_SERVER": server,
        "DORMOUSE_VOLUME": str(volume),
        "DORMOUSE_RUN": str(run),
        "DORMOUSE_SAVE": json.dumps(known["save"]),
        "DORMOUSE_NOTE": note,
        "DORMOUSE_VERIFY": "1" if verify else "",
    }
    container = _container("seal", known, env, site, AT_WORK) | {
        "envFrom": [{"secretRef": {"name": names.store_secret(server)}}]
    }
    return _job(name, server, volume, known, container, site, within=WITHIN, kept=_KEPT)


def files_job(name: str, server: str, volume: int, world: str, site: Site) -> Raw:
    """Answers for the files of a volume at rest, with the token of the server's agent. It has no key to the store."""
    known = json.loads(world)
    container = _container("files", known, {"DORMOUSE_VOLUME": str(volume)}, site, "128Mi")
    token = {"secretKeyRef": {"name": server, "key": "agent"}}
    container["env"].append({"name": "DORMOUSE_AGENT_TOKEN", "valueFrom": token})
    container["ports"] = [{"name": "dormouse-agent", "containerPort": AGENT_PORT, "protocol": "TCP"}]
    container["readinessProbe"] = {
        "httpGet": {"path": "/v1/alive", "port": AGENT_PORT},
        "periodSeconds": 1,
        "timeoutSeconds": 2,
    }
    labels = {names.FILES: "1"}
    return _job(name, server, volume, known, container, site, within=FILES_WITHIN, kept=_ENDED, labels=labels)


def _container(mode: str, known: Raw, env: Mapping[str, str], site: Site, memory: str) -> Raw:
    return {
        "name": names.JOB_CONTAINER,
        "image": site.image,
        "imagePullPolicy": "IfNotPresent",
        "command": command(Program.AGENT, mode, python="python"),
        "workingDir": "/",
        "env": [{"name": key, "value": literal(value)} for key, value in env.items()],
        "securityContext": locked(int(known["uid"]), known.get("gid"), read_only=True),
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "16Mi"},
            "limits": {"cpu": HELPERS_CPU, "memory": memory, "ephemeral-storage": "128Mi"},
        },
        "volumeMounts": [{"name": "data", "mountPath": "/volume"}, {"name": "work", "mountPath": WORK}],
    }


def _job(
    name: str,
    server: str,
    volume: int,
    known: Raw,
    container: Raw,
    site: Site,
    *,
    within: int,
    kept: int,
    labels: Mapping[str, str] | None = None,
) -> Raw:
    """Its pods have a label of their own, so that they are not taken for the server's."""
    uid, gid = int(known["uid"]), known.get("gid")
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": {names.INSTALLATION: site.installation, names.SERVER: server}},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": within,
            "ttlSecondsAfterFinished": kept,
            "template": {
                "metadata": {
                    "labels": {names.JOB: name, **(labels or {}), **site.pods.usual.labels},
                    "annotations": dict(site.pods.usual.annotations),
                },
                "spec": {
                    "restartPolicy": "Never",
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "securityContext": {
                        "fsGroup": gid or uid,
                        "fsGroupChangePolicy": "OnRootMismatch",
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [container],
                    "volumes": [
                        {"name": "data", "persistentVolumeClaim": {"claimName": names.claim(server, volume)}},
                        {"name": "work", "emptyDir": {"sizeLimit": "128Mi"}},
                    ],
                    **site.pods.usual.pod(),
                },
            },
        },
    }
