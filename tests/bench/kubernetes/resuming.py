"""From **Resume** to a server that is Ready, and to a card that says so, beside a StatefulSet of the bare game, scaled
from 0 to 1.

The bare one runs the same image with the same command on a volume of its own, and kubelet asks the game itself every
second whether it answers: no volume is checked, no agent stands beside it, no world is saved. Both take turns, in the
same namespace, and the same watch tells when each pod became Ready.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import Any, Self

import kube
from pods import Pods
from sides import Side
from to_ready import GAME, Dormouse, Took, pond

from core.cluster.kubernetes import names
from core.cluster.kubernetes.api import Api, configuration
from core.cluster.kubernetes.manifests import manifests
from core.cluster.port import PortSpec
from core.games.catalogue import BUILT_IN, Catalogue
from core.guilds.limits import WORLD_BYTES
from core.words import new_server_id

BARE = "Bare"
SERVER = 99
"""The number of the one that is resumed; `to_ready` makes those before it."""


@dataclass(frozen=True, slots=True)
class Resumed:
    dormouse: Took
    bare: Took


class BareSet:
    """The game container of Dormouse's manifests, in a StatefulSet that has nothing else."""

    def __init__(self, namespace: kube.Namespace, pods: Pods) -> None:
        self._namespace, self._pods = namespace, pods
        self._name = new_server_id()

    async def __aenter__(self) -> Self:
        self._api = Api(await configuration(kube.KUBECONFIG), self._namespace.name)
        await self._api.open()
        for resource, manifest in self._manifests():
            await self._api.apply(resource, manifest)
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):  # its namespace goes anyway
            await self._scale(0)
        await self._api.close()

    async def resume(self) -> Took:
        self._pods.forget(BARE)
        began = time.perf_counter()
        await self._scale(1)
        came, ready = await self._pods.ready(BARE)
        return Took(came - began, ready - began, ready - began)

    async def pause(self) -> None:
        await self._scale(0)
        await self._pods.gone(BARE)

    async def _scale(self, replicas: int) -> None:
        await self._api.apply("statefulsets", self._stateful_set(replicas))

    def _manifests(self) -> list[tuple[str, Any]]:
        secret = self._like_ours()["secrets"]
        return [
            ("secrets", secret),
            ("persistentvolumeclaims", self._claim()),
            ("statefulsets", self._stateful_set(0)),
        ]

    def _like_ours(self) -> dict[str, Any]:
        game = Catalogue.load(BUILT_IN, image_only=True).find(GAME)
        ports = tuple(PortSpec(port.name, port.protocol, port.container, None) for port in game.ports)
        spec = kube.make_spec(
            self._name, game=game, name=BARE, settings=game.values({}), ports=ports, volume_bytes=WORLD_BYTES
        )
        return dict(manifests(spec, kube.site(installation="bare")))

    def _claim(self) -> dict[str, Any]:
        claim = self._like_ours()["persistentvolumeclaims"]
        metadata = {"name": f"bare-{self._name}"}
        return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": claim["spec"]}

    def _stateful_set(self, replicas: int) -> dict[str, Any]:
        pod = self._like_ours()["statefulsets"]["spec"]["template"]["spec"]
        (game,) = pod["containers"]
        port = game["ports"][0]["containerPort"]
        probe = {"httpGet": {"path": "/status", "port": port}, "periodSeconds": 1}
        kept = ("name", "image", "imagePullPolicy", "env", "ports", "securityContext", "resources")
        words = game["command"][3:] if game["command"][:2] == ["sh", "-c"] else game["command"]
        container = {each: game[each] for each in kept if each in game} | {
            "command": words,
            "readinessProbe": probe,
            "volumeMounts": [
                {"name": "data", "mountPath": "/data"},
                {"name": "tmp", "mountPath": "/tmp"},
            ],
        }
        labels = {"app": self._name}
        return {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": f"bare-{self._name}"},
            "spec": {
                "replicas": replicas,
                "serviceName": f"bare-{self._name}",
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels, "annotations": {names.NAME: BARE}},
                    "spec": {
                        "automountServiceAccountToken": False,
                        "enableServiceLinks": False,
                        "terminationGracePeriodSeconds": 5,
                        "securityContext": pod["securityContext"],
                        "containers": [container],
                        "volumes": [
                            {"name": "data", "persistentVolumeClaim": {"claimName": f"bare-{self._name}"}},
                            {"name": "tmp", "emptyDir": {}},
                        ],
                    },
                },
            },
        }


async def pairs(side: Side, namespace: kube.Namespace, number: int) -> list[Resumed]:
    """Of a bot that runs. One pair more is made than counted: of both sides, the first is a first."""
    async with Pods(kube.KUBECONFIG, namespace.name) as pods, BareSet(namespace, pods) as bare:
        ours = Dormouse(side, pods)
        await ours.make(pond(SERVER))
        await ours.end(pond(SERVER))
        found = []
        for n in range(number + 1):
            took: dict[str, Took] = {}
            for which in ("bare", "ours") if n % 2 else ("ours", "bare"):
                if which == "ours":
                    took[which] = await ours.resume(pond(SERVER))
                    await ours.end(pond(SERVER))
                else:
                    took[which] = await bare.resume()
                    await bare.pause()
            found.append(Resumed(took["ours"], took["bare"]))
            print(f"  {n}: {found[-1]}", flush=True)
        return found[1:]
