"""What goes wrong on a real cluster, and what the adapter says of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import kube
import pytest

from core.cluster.kubernetes import names
from core.cluster.kubernetes.addresses import Exposure
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.kubernetes.pod_settings import PodOptions, PodSettings
from core.cluster.kubernetes.watch import Timing
from core.cluster.port import Observed
from core.errors import ClusterError
from core.games.form.game import Game
from core.games.form.image import Image
from core.words import PodPhase, Problem, Step, VolumePhase, new_server_id
from tests.contracts.cluster import until

kube.needs_cluster()
pytestmark = kube.pytestmark
QUICK = Timing(no_pod=1.0, tick=0.3)
INSTALLATION = new_server_id()


@pytest.fixture
async def cluster(namespace: kube.Namespace) -> AsyncIterator[KubernetesCluster]:
    made = await namespace.cluster(INSTALLATION, timing=QUICK)
    await made.start()
    yield made
    await made.close()


def tiny(**image: object) -> Game:
    assert kube.TINY.image is not None
    return kube.TINY.model_copy(update={"image": kube.TINY.image.model_copy(update=image)})


def with_problem(problem: Problem) -> Callable[[Observed], bool]:
    return lambda seen: seen.problem == problem


async def test_an_image_that_cannot_be_had(cluster: KubernetesCluster) -> None:
    game = kube.TINY.model_copy(update={"image": Image(ref="localhost/missing:1", uid=1, command=("true",))})
    wanted = kube.make_spec(game=game)
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, with_problem(Problem.IMAGE))
    assert (seen.pod, seen.step) == (PodPhase.PENDING, Step.IMAGE)
    assert "localhost/missing:1" in seen.detail
    await cluster.remove(wanted.server)


async def test_more_memory_than_any_node_has(cluster: KubernetesCluster) -> None:
    size = kube.TINY.sizes[0].model_copy(update={"memory": 10_000_000})
    wanted = kube.make_spec(size=size)
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, with_problem(Problem.NO_PLACE))
    assert (seen.pod, seen.step) == (PodPhase.PENDING, Step.PLACE)
    assert "Insufficient memory" in seen.detail
    await cluster.remove(wanted.server)


async def test_a_selector_that_no_node_has(namespace: kube.Namespace) -> None:
    cluster = await namespace.cluster("selects", timing=QUICK, pods=PodSettings(PodOptions(selector={"no": "such"})))
    await cluster.start()
    wanted = kube.make_spec()
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, with_problem(Problem.NO_NODE))
    assert (seen.pod, seen.step, seen.lacks) == (PodPhase.PENDING, Step.PLACE, None)
    assert "affinity/selector" in seen.detail
    await cluster.remove(wanted.server)
    await cluster.close()


async def test_a_volume_that_nobody_makes(namespace: kube.Namespace) -> None:
    cluster = await namespace.cluster("unbound", timing=QUICK, pods=PodSettings(PodOptions(storage_class="missing")))
    await cluster.start()
    wanted = kube.make_spec()
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, with_problem(Problem.NO_VOLUME))
    assert (seen.pod, seen.step) == (PodPhase.PENDING, Step.VOLUME)
    assert 'storageclass.storage.k8s.io "missing" not found' in seen.detail
    await cluster.remove(wanted.server)
    await cluster.close()


async def test_a_volume_that_does_not_reach_its_node(namespace: kube.Namespace) -> None:
    nowhere = f"nowhere-{namespace.name}"
    spec = {
        "capacity": {"storage": "100Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": nowhere,
        "hostPath": {"path": f"/{nowhere}", "type": "Directory"},
    }
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": nowhere}, "spec": spec}
    namespace.kubectl("create", "-f", "-", given=volume)
    timing = replace(QUICK, no_mount=2.0)
    cluster = await namespace.cluster("mounts", timing=timing, pods=PodSettings(PodOptions(storage_class=nowhere)))
    await cluster.start()
    try:
        wanted = kube.make_spec()
        await cluster.ensure(wanted)
        seen = await until(cluster, wanted.server, with_problem(Problem.NO_VOLUME))
        assert (seen.pod, seen.step) == (PodPhase.PENDING, Step.VOLUME)
        assert "hostPath type check failed" in seen.detail
        await cluster.remove(wanted.server)
    finally:
        await cluster.close()
        namespace.kubectl("delete", "pv", nowhere, "--wait=false")


async def test_an_agent_whose_secret_was_edited_takes_us_again_without_a_start(
    cluster: KubernetesCluster, namespace: kube.Namespace
) -> None:
    wanted = kube.make_spec()
    await cluster.ensure(wanted)
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY)
    namespace.patch("secret", wanted.server, {"stringData": {"agent": "another"}})
    namespace.kubectl("delete", "pod", f"{wanted.server}-0", "--wait=false")
    refused = await until(cluster, wanted.server, with_problem(Problem.AGENT_REFUSES))
    assert (refused.pod, refused.fingerprint) == (PodPhase.READY, "")
    with pytest.raises(ClusterError) as said:
        await cluster.console(wanted.server, "hello")
    assert said.value.problem == Problem.AGENT_REFUSES
    await cluster.ensure(wanted)
    # Kubelet looks again once a minute, or when the pod changes.
    namespace.kubectl("annotate", "pod", f"{wanted.server}-0", "dormouse-test=look")
    well = await until(cluster, wanted.server, lambda seen: seen.problem is None and seen.fingerprint != "")
    assert (well.uid, well.restarts) == (refused.uid, 0)
    assert await cluster.console(wanted.server, "hello") == "heard hello"
    await cluster.remove(wanted.server)


async def test_a_game_that_takes_more_memory_than_it_may(cluster: KubernetesCluster) -> None:
    eater = "hoard = []\nwhile True: hoard.append(b'x' * (1 << 20))"
    wanted = kube.make_spec(game=tiny(command=("python", "-c", eater)))
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, with_problem(Problem.OUT_OF_MEMORY))
    assert seen.last_exit is not None
    assert (seen.last_exit.code, seen.last_exit.reason) == (137, "OOMKilled")
    await cluster.remove(wanted.server)


async def test_a_game_that_was_never_ready_is_told_from_one_that_ended(cluster: KubernetesCluster) -> None:
    game = kube.TINY.model_copy(update={"ready": kube.TINY.ready.model_copy(update={"within": 5})})
    wanted = kube.make_spec(game=game, settings={"mode": "silent"})
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, lambda seen: seen.last_exit is not None)
    assert seen.last_exit is not None
    assert (seen.last_exit.code, seen.last_exit.reason) == (0, "NotReady")
    await cluster.remove(wanted.server)


async def test_a_namespace_that_is_full(tmp_path: Path) -> None:
    namespace = kube.make_namespace(tmp_path)
    namespace.kubectl("create", "quota", "none", "--hard=pods=0")
    cluster = await namespace.cluster("full", timing=QUICK)
    await cluster.start()
    wanted = kube.make_spec()
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, with_problem(Problem.QUOTA))
    assert (seen.pod, seen.step) == (PodPhase.NONE, Step.QUEUED)
    assert "exceeded quota: none" in seen.detail
    await cluster.close()
    namespace.remove()


async def test_a_namespace_that_takes_no_such_pods(tmp_path: Path) -> None:
    namespace = kube.make_namespace(tmp_path)
    cluster = await namespace.cluster("refused", timing=QUICK, exposure=Exposure.HOSTPORT)
    await cluster.start()
    wanted = kube.make_spec()
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, with_problem(Problem.REFUSED))
    assert "hostPort" in seen.detail
    await cluster.close()
    namespace.remove()


async def test_with_host_ports_the_address_is_the_nodes_of_this_run(tmp_path: Path) -> None:
    namespace = kube.make_namespace(tmp_path, level="privileged")
    cluster = await namespace.cluster("hosts", timing=QUICK, exposure=Exposure.HOSTPORT)
    await cluster.start()
    wanted = kube.make_spec()
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY)
    assert seen.address == namespace.get("pod", f"{wanted.server}-0")["status"]["hostIP"]
    await cluster.close()
    namespace.remove()


async def test_a_volume_that_is_somebody_elses_is_not_touched(
    cluster: KubernetesCluster, namespace: kube.Namespace
) -> None:
    wanted = kube.make_spec(volume=1)
    await cluster.ensure(wanted)
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY)
    namespace.kubectl("exec", f"{wanted.server}-0", "-c", "agent", "--", "rm", "/volume/volume.json")
    await cluster.ensure(replace(wanted, replicas=0))
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.NONE)
    await cluster.ensure(replace(wanted, run=2))
    seen = await until(cluster, wanted.server, with_problem(Problem.VOLUME_FOREIGN))
    assert "has no marker: data" in seen.detail
    await cluster.remove(wanted.server)


async def test_a_snapshot_that_cannot_be_brought_leaves_no_empty_world(cluster: KubernetesCluster) -> None:
    wanted = kube.make_spec(source="1-1-1")
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, with_problem(Problem.STORE_REFUSED))
    assert "no store is set up" in seen.detail
    await cluster.remove(wanted.server)


async def test_a_secret_that_is_gone_is_written_again(cluster: KubernetesCluster, namespace: kube.Namespace) -> None:
    wanted = kube.make_spec(replicas=0)
    await cluster.ensure(wanted)
    namespace.kubectl("delete", "secret", wanted.server)
    namespace.patch("statefulset", wanted.server, {"spec": {"replicas": 1}})
    await until(cluster, wanted.server, lambda seen: seen.uid is not None and seen.fingerprint == "")
    await until(cluster, wanted.server, lambda seen: seen.step is Step.VOLUME)
    await cluster.ensure(replace(wanted, replicas=1))
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.fingerprint != "")
    await cluster.remove(wanted.server)


async def test_a_volume_that_goes_is_seen_going_and_stands_in_nobodys_way(
    cluster: KubernetesCluster, namespace: kube.Namespace
) -> None:
    wanted = kube.make_spec()
    await cluster.ensure(wanted)
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY)
    namespace.kubectl("delete", "pvc", names.claim(wanted.server, 1), "--wait=false")
    seen = await until(cluster, wanted.server, lambda seen: seen.volume is VolumePhase.ENDING)
    assert seen.pod is PodPhase.READY
    await cluster.ensure(replace(wanted, replicas=0))
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.NONE and seen.volumes == ())
    await cluster.ensure(replace(wanted, run=2))
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY)
    await cluster.remove(wanted.server)


async def test_what_members_type_is_no_reference_to_a_secret(
    cluster: KubernetesCluster, namespace: kube.Namespace
) -> None:
    wanted = kube.make_spec(settings={"mode": "$(HOME) $$x"}, replicas=1)
    await cluster.ensure(wanted)
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY)
    said = namespace.kubectl("exec", f"{wanted.server}-0", "-c", "game", "--", "printenv", "TINY_MODE")
    assert said == "$(HOME) $$x\n"
    await cluster.remove(wanted.server)


async def test_another_installations_objects_are_neither_seen_nor_orphans(
    cluster: KubernetesCluster, namespace: kube.Namespace
) -> None:
    theirs = await namespace.cluster("theirs", timing=QUICK)
    await theirs.start()
    wanted, other = kube.make_spec(replicas=0), kube.make_spec(replicas=0)
    await cluster.ensure(wanted)
    await theirs.ensure(other)
    await until(theirs, other.server, lambda seen: seen.exists)
    await until(cluster, wanted.server, lambda seen: seen.exists)
    assert theirs.orphans(known=()) == [other.server]
    assert wanted.server in cluster.orphans(known=())
    assert cluster.orphans(known=cluster.orphans(known=())) == []
    assert other.server not in cluster.orphans(known=())
    await cluster.remove(other.server)
    assert json.loads(namespace.kubectl("get", "statefulset", other.server, "-o", "json"))["metadata"]["name"]
    await theirs.close()


async def test_a_server_with_players_is_protected_from_a_drain(
    cluster: KubernetesCluster, namespace: kube.Namespace
) -> None:
    wanted = kube.make_spec(replicas=0)
    await cluster.ensure(wanted)
    await cluster.protect([wanted.server])
    assert namespace.get("pdb", wanted.server)["spec"]["maxUnavailable"] == 0
    await cluster.protect([])
    assert namespace.get("pdb")["items"] == []
    await cluster.remove(wanted.server)
