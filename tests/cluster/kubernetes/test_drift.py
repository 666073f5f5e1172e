"""What somebody edits or removes by hand is seen at once, and put right by applying again; and no apply is for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import kube
import pytest

from core.cluster.kubernetes import names
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.port import ServerSpec, fingerprint
from core.words import new_server_id
from tests.contracts.cluster import until

kube.needs_cluster()
pytestmark = kube.pytestmark
INSTALLATION = new_server_id()


@pytest.fixture
async def cluster(namespace: kube.Namespace) -> AsyncIterator[KubernetesCluster]:
    made = await namespace.cluster(INSTALLATION)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def wanted(cluster: KubernetesCluster) -> AsyncIterator[ServerSpec]:
    """Applied, without a pod: drift is a matter of objects."""
    spec = kube.make_spec(replicas=0)
    await cluster.ensure(spec)
    await settled(cluster, spec)
    yield spec
    await cluster.remove(spec.server)


async def settled(cluster: KubernetesCluster, spec: ServerSpec) -> None:
    await until(cluster, spec.server, lambda seen: seen.fingerprint == fingerprint(spec))


async def drifted(cluster: KubernetesCluster, spec: ServerSpec) -> None:
    await until(cluster, spec.server, lambda seen: seen.fingerprint == "")


EDITS: dict[str, tuple[str, Any, str]] = {
    "a value of the template": (
        "statefulset",
        [{"op": "replace", "path": "/spec/template/spec/containers/0/resources/limits/memory", "value": "1Gi"}],
        "json",
    ),
    "a field taken from the template": (
        "statefulset",
        [{"op": "remove", "path": "/spec/template/spec/containers/0/resources/limits/cpu"}],
        "json",
    ),
    "the replicas": ("statefulset", {"spec": {"replicas": 1}}, "merge"),
    "the policy opened": ("networkpolicy", {"spec": {"ingress": [{}]}}, "merge"),
    "the policy's direction": ("networkpolicy", {"spec": {"policyTypes": ["Ingress"]}}, "merge"),
    "the service's selector": ("service", {"spec": {"selector": {names.SERVER: "another"}}}, "merge"),
    "a label": ("service", {"metadata": {"labels": {names.GUILD: None}}}, "merge"),
}


@pytest.mark.parametrize("edit", EDITS)
async def test_an_edit_by_hand_is_seen_and_undone(
    cluster: KubernetesCluster, namespace: kube.Namespace, wanted: ServerSpec, edit: str
) -> None:
    resource, change, kind = EDITS[edit]
    before = namespace.get(resource, wanted.server)
    namespace.patch(resource, wanted.server, change, kind=kind)
    await drifted(cluster, wanted)
    await cluster.ensure(wanted)
    await settled(cluster, wanted)
    after = namespace.get(resource, wanted.server)
    assert after["spec"] == before["spec"]
    assert after["metadata"]["labels"] == before["metadata"]["labels"]


@pytest.mark.parametrize("resource", ["service", "networkpolicy", "pvc", "statefulset"])
async def test_an_object_that_is_removed_comes_back(
    cluster: KubernetesCluster, namespace: kube.Namespace, wanted: ServerSpec, resource: str
) -> None:
    name = names.claim(wanted.server, 1) if resource == "pvc" else wanted.server
    namespace.kubectl("delete", resource, name)
    await drifted(cluster, wanted)
    await cluster.ensure(wanted)
    await settled(cluster, wanted)
    assert namespace.get(resource, name)


async def test_what_somebody_only_adds_stays_and_causes_no_loop(
    cluster: KubernetesCluster, namespace: kube.Namespace, wanted: ServerSpec
) -> None:
    namespace.patch("statefulset", wanted.server, {"metadata": {"annotations": {"theirs": "1"}}})
    namespace.patch("service", wanted.server, {"spec": {"sessionAffinity": "ClientIP"}})
    await cluster.ensure(wanted)
    await settled(cluster, wanted)
    assert namespace.get("service", wanted.server)["spec"]["sessionAffinity"] == "ClientIP"


async def test_applying_again_changes_nothing(
    cluster: KubernetesCluster, namespace: kube.Namespace, wanted: ServerSpec
) -> None:
    resources = ("statefulset", "service", "networkpolicy")

    def versions() -> list[str]:
        return [namespace.get(each, wanted.server)["metadata"]["resourceVersion"] for each in resources]

    async with asyncio.timeout(30):
        while not seen_by_its_controller(namespace.get("statefulset", wanted.server)):
            await asyncio.sleep(0.1)
    before = versions()
    await cluster.ensure(wanted)
    assert versions() == before


def seen_by_its_controller(stateful_set: dict[str, Any]) -> bool:
    """It has written its status down, then."""
    return bool(stateful_set["status"].get("observedGeneration") == stateful_set["metadata"]["generation"])


async def test_a_bot_that_comes_back_knows_drift_from_its_own(namespace: kube.Namespace, wanted: ServerSpec) -> None:
    again = await namespace.cluster(INSTALLATION)
    await again.start()
    await settled(again, wanted)
    namespace.patch("networkpolicy", wanted.server, {"spec": {"ingress": [{}]}})
    await drifted(again, wanted)
    await again.ensure(wanted)
    await settled(again, wanted)
    await again.close()
