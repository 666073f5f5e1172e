"""Thousands of servers' objects on an API server, as they are where they run: what Dormouse applies, and the pods and
status that Kubernetes' controllers, scheduler and kubelet would add (written here under their names, after a real
pod's).

For an API server without controllers: nothing else may act on these objects. A namespace that was filled by the same
manifests is used again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from functools import lru_cache
from typing import Any

import aiohttp
import kube
from copies import copy
from starting import INSTALLATION

from core.cluster.kubernetes import names
from core.cluster.kubernetes.addresses import Addresses, Exposure
from core.cluster.kubernetes.api import Api, configuration
from core.cluster.kubernetes.applied import Applier
from core.cluster.kubernetes.manifests import manifests
from core.cluster.kubernetes.site import Site
from core.cluster.port import PortSpec, ServerSpec
from core.games.catalogue import BUILT_IN, Catalogue
from core.games.form.game import Game
from core.words import new_server_id

AT_ONCE = 24
AT = "2026-01-01T00:00:00Z"
IMAGE_ID = "sha256:" + "d" * 64
CONTROLLERS, KUBELET = "kube-controller-manager", "kubelet"
_FORMAT = "1"  # of what is written here besides the manifests

Raw = dict[str, Any]


async def populate(kubeconfig: str, servers: int, *, etcd: str = "") -> str:
    """The namespace that holds that many. With the address of its etcd all but the first are copied there."""
    namespace = f"dormouse-bench-{servers}-{_digest()}"
    async with Filling(kubeconfig, namespace) as filling:
        if not await filling.is_done():
            print(f"Making the objects of {servers:,} servers in {namespace} ...", flush=True)
            await filling.make(servers, etcd)
    return namespace


def _digest() -> str:
    """Of everything that two servers have in common."""
    made = json.dumps([_FORMAT, manifests(_spec("a" * 12), _site())], sort_keys=True)
    return hashlib.sha256(made.encode()).hexdigest()[:8]


def _site() -> Site:
    """Host ports: thousands of node ports there are not."""
    return Site(INSTALLATION, "localhost/dormouse:bench", Addresses(Exposure.HOSTPORT, INSTALLATION))


@lru_cache
def _game() -> Game:
    return Catalogue.load(BUILT_IN, image_only=True).find("meadow")


def _spec(server: str) -> ServerSpec:
    game = _game()
    ports = tuple(PortSpec(port.name, port.protocol, port.container, 25500) for port in game.ports)
    return kube.make_spec(server, game=game, settings=game.values({}), ports=ports)


class Filling:
    def __init__(self, kubeconfig: str, namespace: str) -> None:
        self._kubeconfig, self._namespace = kubeconfig, namespace
        self._root = f"/namespaces/{namespace}"

    async def __aenter__(self) -> Filling:
        from kubernetes.aio.client.rest import RESTClientObject

        found = await configuration(self._kubeconfig)
        self._host = found.host
        signing: Any = await found.auth_settings()
        self._headers = {each["key"]: each["value"] for each in signing.values()}
        connector = aiohttp.TCPConnector(ssl=RESTClientObject(found).ssl_context, limit=AT_ONCE)
        self._session = aiohttp.ClientSession(connector=connector)
        self._api = Api(found, self._namespace)
        await self._api.open()
        self._applier = Applier(self._api)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._api.close()

    async def is_done(self) -> bool:
        found = await self._send("GET", f"/api/v1{self._root}", missing=True)
        return bool(found.get("metadata", {}).get("labels", {}).get("dormouse-bench"))

    async def make(self, servers: int, etcd: str) -> None:
        meta = {"name": self._namespace}
        await self._send("POST", "/api/v1/namespaces", {"metadata": meta}, missing=True)
        first = new_server_id()
        await self._server(first)  # the shapes' digests are known from here on
        await (copy(etcd, self._namespace, first, servers - 1) if etcd else self._apply(servers - 1))
        done = {"metadata": {"labels": {"dormouse-bench": "filled"}}}
        await self._send("PATCH", f"/api/v1{self._root}", done)

    async def _apply(self, servers: int) -> None:
        left = iter(range(servers))

        async def work() -> None:
            for number in left:
                await self._server(new_server_id())
                if number % 1000 == 999:
                    print(f"  {number + 1:,}", flush=True)

        async with asyncio.TaskGroup() as workers:
            for _ in range(AT_ONCE):
                workers.create_task(work())

    async def _server(self, server: str) -> None:
        made = {resource: manifest for resource, manifest in manifests(_spec(server), _site()) if resource != "secrets"}
        for resource, manifest in made.items():
            await self._applier.apply(resource, manifest)
        claim = names.claim(server, 1)
        await self._send("PATCH", f"/api/v1{self._root}/persistentvolumeclaims/{claim}", _bound(), by=CONTROLLERS)
        status: Raw = {"status": {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}}
        await self._send("PATCH", f"/api/v1{self._root}/persistentvolumeclaims/{claim}/status", status, by=CONTROLLERS)
        controls = f"/apis/apps/v1{self._root}/statefulsets/{server}/status"
        await self._send("PATCH", controls, _controlled(server), by=CONTROLLERS)
        pod = _pod(server, made["statefulsets"])
        await self._send("POST", f"/api/v1{self._root}/pods", pod, by=CONTROLLERS)
        running = {"status": _running(pod)}
        await self._send("PATCH", f"/api/v1{self._root}/pods/{names.pod(server)}/status", running, by=KUBELET)

    async def _send(
        self, method: str, path: str, body: Raw | None = None, *, by: str = "bench", missing: bool = False
    ) -> Raw:
        """`missing`: that it is not there, or is there already, is as well."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        async with self._session.request(
            method,
            self._host + path,
            params={"fieldManager": by} if body else {},
            data=json.dumps(body) if body else None,
            headers=self._headers | ({"Content-Type": kind} if body else {}),
        ) as answer:
            said: Raw = await answer.json()
            if answer.status >= 400 and not (missing and answer.status in (404, 409)):
                raise SystemExit(f"{method} {path}: {said.get('message')}")
            return said


def _bound() -> Raw:
    done = {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}
    made = {
        "volume.kubernetes.io/storage-provisioner": "example.test/disk",
        "volume.kubernetes.io/selected-node": "node-1",
    }
    return {"metadata": {"annotations": done | made}, "spec": {"volumeName": f"pvc-{uuid.uuid4()}"}}


def _controlled(server: str) -> Raw:
    numbers = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
    revision = f"{server}-77c99945c"
    return {
        "status": dict.fromkeys(numbers, 1)
        | {"observedGeneration": 1, "collisionCount": 0, "currentRevision": revision, "updateRevision": revision}
    }


def _pod(server: str, controller: Raw) -> Raw:
    template = controller["spec"]["template"]
    name = names.pod(server)
    labels = {
        "apps.kubernetes.io/pod-index": "0",
        "controller-revision-hash": f"{server}-77c99945c",
        "statefulset.kubernetes.io/pod-name": name,
    }
    owner = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "name": server,
        "uid": str(uuid.uuid4()),
        "controller": True,
        "blockOwnerDeletion": True,
    }
    meta = template["metadata"] | {
        "name": name,
        "generateName": f"{server}-",
        "labels": template["metadata"]["labels"] | labels,
        "ownerReferences": [owner],
    }
    place = {"nodeName": "node-1", "hostname": name, "subdomain": server}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"] | place}


def _running(pod: Raw) -> Raw:
    conditions = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    spec = pod["spec"]
    return {
        "phase": "Running",
        "conditions": [
            {"type": each, "status": "True", "lastProbeTime": None, "lastTransitionTime": AT} for each in conditions
        ],
        "hostIP": "10.1.2.3",
        "hostIPs": [{"ip": "10.1.2.3"}],
        "podIP": "10.1.128.4",
        "podIPs": [{"ip": "10.1.128.4"}],
        "startTime": AT,
        "qosClass": "Burstable",
        "initContainerStatuses": [_container(each) for each in spec["initContainers"]],
        "containerStatuses": [_container(each) for each in spec["containers"]],
    }


def _container(spec: Raw) -> Raw:
    number = f"containerd://{uuid.uuid4().hex}{uuid.uuid4().hex}"
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": AT, "finishedAt": AT, "containerID": number}
    ends = spec["name"] == names.VOLUME_CONTAINER
    return {
        "name": spec["name"],
        "state": {"terminated": ended} if ends else {"running": {"startedAt": AT}},
        "lastState": {},
        "ready": True,
        "started": not ends,
        "restartCount": 0,
        "image": spec["image"],
        "imageID": IMAGE_ID,
        "containerID": number,
        "allocatedResources": spec["resources"]["requests"],
        "resources": spec["resources"],
        "volumeMounts": spec["volumeMounts"],
    }
