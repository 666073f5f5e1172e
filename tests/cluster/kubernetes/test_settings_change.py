"""How pods are made, how members reach them or how large volumes are is changed while servers are there.

What can follow follows, what cannot stays, and no game is ended for it. No pod has to come up for that."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import kube
import pytest

from core.cluster.kubernetes import names
from core.cluster.kubernetes.addresses import Exposure
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.kubernetes.pod_settings import PodOptions, PodSettings
from core.cluster.port import ServerSpec, fingerprint
from core.words import new_server_id
from tests.contracts.cluster import until

kube.needs_cluster()
pytestmark = kube.pytestmark
GI = 1 << 30


@pytest.fixture
async def bots(namespace: kube.Namespace) -> AsyncIterator[Callable[..., Any]]:
    """A bot of one installation, with other settings each time; the one before has ended."""
    installation, running = new_server_id(), list[KubernetesCluster]()

    async def bot(exposure: Exposure = Exposure.NODEPORT, pods: PodOptions | None = None) -> KubernetesCluster:
        for each in running:
            await each.close()
        running[:] = [await namespace.cluster(installation, exposure=exposure, pods=PodSettings(pods or PodOptions()))]
        await running[0].start()
        return running[0]

    yield bot
    for each in running:
        await each.close()


async def settled(cluster: KubernetesCluster, spec: ServerSpec) -> None:
    await until(cluster, spec.server, lambda seen: seen.fingerprint == fingerprint(spec))


async def test_the_next_pod_is_made_as_the_file_says_by_now_and_the_one_there_goes_on(
    bots: Callable[..., Any], namespace: kube.Namespace
) -> None:
    wanted, pod = kube.make_spec(), PodOptions(priority="system-cluster-critical", annotations={"example.org/a": "b"})
    cluster = await bots()
    await cluster.ensure(wanted)
    before = await until(cluster, wanted.server, lambda seen: seen.uid is not None)

    cluster = await bots(pods=pod)
    await until(cluster, wanted.server, lambda seen: seen.replicas == 1 and seen.fingerprint == "")
    await cluster.ensure(wanted)
    await settled(cluster, wanted)
    template = namespace.get("statefulset", wanted.server)["spec"]["template"]
    assert template["spec"]["priorityClassName"] == "system-cluster-critical"
    assert namespace.get("pod", names.pod(wanted.server))["metadata"]["uid"] == before.uid

    await cluster.delete_pod(wanted.server, before.uid)
    await until(cluster, wanted.server, lambda seen: seen.uid not in (None, before.uid))
    assert namespace.get("pod", names.pod(wanted.server))["metadata"]["annotations"]["example.org/a"] == "b"

    cluster = await bots()
    await until(cluster, wanted.server, lambda seen: seen.replicas == 1 and seen.fingerprint == "")
    await cluster.ensure(wanted)
    await settled(cluster, wanted)
    assert "priorityClassName" not in namespace.get("statefulset", wanted.server)["spec"]["template"]["spec"]
    await cluster.remove(wanted.server)


async def test_a_volume_keeps_its_storage_class_and_the_next_one_has_the_new(
    bots: Callable[..., Any], namespace: kube.Namespace
) -> None:
    wanted = kube.make_spec(replicas=0)
    cluster = await bots()
    await cluster.ensure(wanted)
    for kind in ("fast", "slow", ""):
        cluster = await bots(pods=PodOptions(storage_class=kind))
        await until(cluster, wanted.server, lambda seen: seen.volumes != ())
        await cluster.ensure(wanted)
        await settled(cluster, wanted)
    cluster = await bots(pods=PodOptions(storage_class="slow"))
    await until(cluster, wanted.server, lambda seen: seen.volumes != ())
    await cluster.ensure(replace(wanted, volume=2))

    def kind_of(volume: int) -> str:
        found: str = namespace.get("pvc", names.claim(wanted.server, volume))["spec"]["storageClassName"]
        return found

    assert (kind_of(1), kind_of(2)) == ("standard", "slow")
    await cluster.remove(wanted.server)


@pytest.mark.parametrize(
    ("storage_class", "sizes", "is_then"),
    [
        pytest.param("", (1, 3), 3, id="it can grow once it is bound"),
        pytest.param("", (3, 1), 3, id="it never becomes smaller"),
        pytest.param("none-such", (1, 3), 1, id="it cannot grow"),
    ],
)
async def test_a_volume_grows_where_it_can_and_else_stays_as_it_is(
    bots: Callable[..., Any],
    namespace: kube.Namespace,
    storage_class: str,
    sizes: tuple[int, int],
    is_then: int,
) -> None:
    cluster = await bots(pods=PodOptions(storage_class=storage_class))
    first = kube.make_spec(volume_bytes=sizes[0] * GI)
    then = replace(first, volume_bytes=sizes[1] * GI, replicas=0)
    claim = names.claim(first.server, 1)
    await cluster.ensure(first)
    if storage_class == "":
        await until(cluster, first.server, lambda seen: seen.uid is not None)
        namespace.kubectl("wait", "--for=jsonpath={.status.phase}=Bound", f"pvc/{claim}", "--timeout=60s")
    await cluster.ensure(then)
    await settled(cluster, then)
    assert int(namespace.get("pvc", claim)["spec"]["resources"]["requests"]["storage"]) == is_then * GI
    await cluster.remove(first.server)


async def test_a_paused_server_gives_its_load_balancer_back_and_has_one_again_when_it_is_resumed(
    bots: Callable[..., Any], namespace: kube.Namespace
) -> None:
    wanted = kube.make_spec()
    cluster = await bots(Exposure.LOADBALANCER)
    await cluster.ensure(wanted)
    await until(cluster, wanted.server, lambda seen: seen.address != "")
    await cluster.ensure(replace(wanted, replicas=0))
    await until(cluster, wanted.server, lambda seen: seen.replicas == 0 and seen.address == "")
    spec = namespace.get("service", wanted.server)["spec"]
    assert (spec["type"], "nodePort" in spec["ports"][0]) == ("ClusterIP", False)
    resumed = replace(wanted, run=2)
    await cluster.ensure(resumed)
    await until(cluster, wanted.server, lambda seen: seen.address != "")
    await settled(cluster, resumed)
    await cluster.remove(wanted.server)


async def test_servers_follow_to_another_exposure_and_back(bots: Callable[..., Any], namespace: kube.Namespace) -> None:
    """A Service cannot become headless, which host ports make it, nor stop to be."""
    wanted, seen = kube.make_spec(), []
    for exposure in (Exposure.NODEPORT, Exposure.HOSTPORT, Exposure.LOADBALANCER, Exposure.NODEPORT):
        cluster = await bots(exposure)
        await until(cluster, wanted.server, lambda seen: True)
        await cluster.ensure(wanted)
        await settled(cluster, wanted)
        spec = namespace.get("service", wanted.server)["spec"]
        seen.append("headless" if spec["clusterIP"] == "None" else spec["type"])
    assert seen == ["NodePort", "headless", "LoadBalancer", "NodePort"]
    await cluster.remove(wanted.server)
