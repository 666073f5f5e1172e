"""A namespace of a real cluster for a test, in which the adapter may do what its Role says and nothing else.

Reads KUBECONFIG, DORMOUSE_TEST_IMAGE (Dormouse's image on that cluster) and CLUSTER_NODE_IP and CLUSTER_LB_IP.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from core.cluster.kubernetes.addresses import Addresses, Exposure
from core.cluster.kubernetes.api import GROUPS, PERMISSIONS, Api, configuration
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.kubernetes.pod_settings import PodSettings
from core.cluster.kubernetes.site import Site
from core.cluster.kubernetes.watch import Timing
from core.cluster.port import PortSpec, ServerSpec
from core.games.form.game import Game
from core.words import new_server_id
from core.worlds.store.b2_access import B2Access
from core.worlds.store.place import StorePlace

KUBECONFIG = os.environ.get("KUBECONFIG", "")
IMAGE = os.environ.get("DORMOUSE_TEST_IMAGE", "")
AGENT_SECRET = "a" * 64

pytestmark = [pytest.mark.kubernetes]
"""What every module of tests on a cluster says of itself."""


def needs_cluster(*more: str) -> None:
    """Called by a module at its import: skips it, with the reason, where there is no cluster. `more`: other names
    that have to be set. With CLUSTER=required it fails instead."""
    lacking = [name for name in ("KUBECONFIG", "DORMOUSE_TEST_IMAGE", *more) if not os.environ.get(name)]
    if lacking:
        why = f"there is no cluster to try it on: {', '.join(lacking)} not set"
        if os.environ.get("CLUSTER") == "required":
            pytest.fail(why, pytrace=False)
        pytest.skip(why, allow_module_level=True)


def kubectl(*arguments: str, given: Any = None) -> str:
    """As the cluster's admin; `given` is an object for its stdin."""
    ended = subprocess.run(
        ["kubectl", "--kubeconfig", KUBECONFIG, *arguments],
        input=None if given is None else json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@dataclass(frozen=True)
class Namespace:
    name: str
    kubeconfig: str  # of a service account that the Role is bound to

    def kubectl(self, *arguments: str, given: Any = None) -> str:
        return kubectl("-n", self.name, *arguments, given=given)

    def try_kubectl(self, *arguments: str) -> bool:
        """Whether it succeeded."""
        try:
            self.kubectl(*arguments)
        except AssertionError:
            return False
        return True

    def get(self, resource: str, name: str = "") -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.kubectl("get", resource, *([name] if name else []), "-o", "json"))
        return found

    def patch(self, resource: str, name: str, change: Any, *, kind: str = "merge") -> None:
        """As somebody with kubectl."""
        self.kubectl("patch", resource, name, "--type", kind, "-p", json.dumps(change))

    async def api(self) -> Api:
        return Api(await configuration(self.kubeconfig), self.name)

    async def cluster(
        self,
        installation: str,
        *,
        timing: Timing | None = None,
        exposure: Exposure = Exposure.NODEPORT,
        store: StorePlace | None = None,
        pods: PodSettings | None = None,
    ) -> KubernetesCluster:
        """Not started. It sees what has the same `installation`. `store`: where worlds are kept, on a B2."""
        made = site(exposure, installation=installation, store=store)
        return KubernetesCluster(
            await self.api(),
            replace(made, pods=pods or PodSettings()),
            lambda _: AGENT_SECRET,
            access=B2Access(store) if store else None,
            timing=timing,
        )

    def erase(self, claim: str) -> None:
        """What a broken disk does."""
        code = "import pathlib, shutil\nfor each in pathlib.Path('/volume').iterdir():\n"
        code += "    shutil.rmtree(each) if each.is_dir() else each.unlink()"
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "eraser"},
            "spec": {
                "restartPolicy": "Never",
                "securityContext": {"runAsUser": 10001, "fsGroup": 10001},
                "containers": [
                    {
                        "name": "eraser",
                        "image": IMAGE,
                        "command": ["python", "-c", code],
                        "volumeMounts": [{"name": "data", "mountPath": "/volume"}],
                    }
                ],
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}],
            },
        }
        self.kubectl("apply", "-f", "-", given=pod)
        self.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/eraser", "--timeout=50s")
        self.kubectl("delete", "pod", "eraser", "--grace-period=0")

    def remove(self) -> None:
        """Its servers are told to go first; the namespace's controller does the rest, and nobody waits for it."""
        self.kubectl("delete", "statefulsets,pods", "--all", "--wait=false", "--grace-period=1")
        kubectl("delete", "namespace", self.name, "--wait=false")


def make_namespace(folder: Path, *, level: str = "baseline") -> Namespace:
    """`level` is Pod Security's."""
    name = f"dormouse-test-{secrets.token_hex(4)}"
    labels = {"pod-security.kubernetes.io/enforce": level}
    rules = [
        {"apiGroups": [GROUPS.get(resource, "")], "resources": [resource], "verbs": list(verbs)}
        for resource, verbs in PERMISSIONS.items()
    ]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "dormouse"}
    account = {"kind": "ServiceAccount", "name": "dormouse", "namespace": name}
    rbac = "rbac.authorization.k8s.io/v1"
    meta = {"name": "dormouse", "namespace": name}
    objects = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {"apiVersion": rbac, "kind": "Role", "metadata": meta, "rules": rules},
        {"apiVersion": rbac, "kind": "RoleBinding", "metadata": meta, "roleRef": role, "subjects": [account]},
    ]
    kubectl("apply", "-f", "-", given={"apiVersion": "v1", "kind": "List", "items": objects})
    token = kubectl("-n", name, "create", "token", "dormouse", "--duration=1h").strip()
    config = yaml.safe_load(Path(KUBECONFIG).read_text())
    config["users"] = [{"name": each["name"], "user": {"token": token}} for each in config["users"]]
    file = folder / f"{name}.kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return Namespace(name, str(file))


def site(
    exposure: Exposure = Exposure.NODEPORT, *, installation: str = "test", store: StorePlace | None = None, **given: Any
) -> Site:
    addresses = Addresses(exposure, installation, **given)
    return Site(installation, IMAGE or "localhost/dormouse:test", addresses, store=store)


TINY_SOURCE = (Path(__file__).parent / "tinygame.py").read_text().replace("{count}", "{count!s}")
TINY = Game.model_validate(
    {
        "id": "tiny",
        "name": "Tiny",
        "image": {"ref": "dormouse", "uid": 10001, "command": ["python", "-c", TINY_SOURCE]},
        "env": {
            "TINY_HOST": "{host}",
            "TINY_PORT": "{port.game}",
            "TINY_DATA": "{data}",
            "TINY_MODE": "{setting.mode}",
        },
        "ports": [{"name": "game", "container": 8400}],
        "query": {"kind": "http", "path": "/status"},
        "console": {"kind": "stdin"},
        "stop": {"grace": 5},
        "sizes": [{"id": "small", "cpu": 100, "memory": 64}],
        "settings": [{"id": "mode", "group": "Tiny", "label": "Mode"}],
    }
)


_NODE_PORTS = count()
"""Each process that runs tests has a stretch of its own, so that no two servers ask for the same one."""


def node_port() -> int:
    """Below those that the shipped bots of tests are told to use."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return 30000 + worker % 4 * 250 + next(_NODE_PORTS) % 250


def make_spec(server: str = "", *, game: Game = TINY, **given: Any) -> ServerSpec:
    """A small server with a node port of its own."""
    ports = tuple(
        PortSpec(port.name, port.protocol, port.container, node_port() if port.public else None) for port in game.ports
    )
    values: dict[str, Any] = {
        "server": server or new_server_id(),
        "guild": 1,
        "owner": 2,
        "name": "Pond",
        "game": game,
        "size": game.sizes[0],
        "run": 1,
        "volume": 1,
        "replicas": 1,
        "ports": ports,
        "settings": {},
        "console_secret": "c" * 64,
        "agent_secret": AGENT_SECRET,
        "volume_bytes": 1 << 30,
    }
    return ServerSpec(**values | given)


async def removed(namespace: Namespace) -> None:
    await asyncio.to_thread(namespace.remove)
