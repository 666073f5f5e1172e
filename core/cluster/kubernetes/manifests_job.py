"""Pure: the job that saves a volume at rest, as the plain object that Kubernetes is to hold."""

from __future__ import annotations

import json
from typing import Any

from core.children import Program, command
from core.cluster.kubernetes import names
from core.cluster.kubernetes.manifests_pod import AT_WORK, HELPERS_CPU, WORK, literal, locked
from core.cluster.kubernetes.site import Site

Raw = dict[str, Any]

WITHIN = 6 * 3600
"""Seconds after which Kubernetes ends it."""
_KEPT = 600  # seconds that an ended job stays, should nobody fetch its result


def job(name: str, server: str, volume: int, run: int, world: str, site: Site, *, note: str, verify: bool) -> Raw:
    """Saves a volume at rest. `world`: the StatefulSet's annotation. Its pods have a label of their own, so that they
    are not taken for the server's."""
    known = json.loads(world)
    uid, gid = int(known["uid"]), known.get("gid")
    env = {
        "DORMOUSE_SERVER": server,
        "DORMOUSE_VOLUME": str(volume),
        "DORMOUSE_RUN": str(run),
        "DORMOUSE_SAVE": json.dumps(known["save"]),
        "DORMOUSE_NOTE": note,
        "DORMOUSE_VERIFY": "1" if verify else "",
    }
    container: Raw = {
        "name": names.JOB_CONTAINER,
        "image": site.image,
        "imagePullPolicy": "IfNotPresent",
        "command": command(Program.AGENT, "seal", python="python"),
        "workingDir": "/",
        "env": [{"name": key, "value": literal(value)} for key, value in env.items()],
        "envFrom": [{"secretRef": {"name": names.store_secret(server)}}],
        "securityContext": locked(uid, gid, read_only=True),
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "16Mi"},
            "limits": {"cpu": HELPERS_CPU, "memory": AT_WORK, "ephemeral-storage": "128Mi"},
        },
        "volumeMounts": [{"name": "data", "mountPath": "/volume"}, {"name": "work", "mountPath": WORK}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": {names.INSTALLATION: site.installation, names.SERVER: server}},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": WITHIN,
            "ttlSecondsAfterFinished": _KEPT,
            "template": {
                "metadata": {
                    "labels": {names.JOB: name, **site.pods.usual.labels},
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
