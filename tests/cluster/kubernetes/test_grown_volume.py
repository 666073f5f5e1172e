"""An operator makes a world's volume larger, which is the cure for a full one: nothing of ours stands against it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import kube
import pytest

from core.cluster.kubernetes import names
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.port import fingerprint
from core.words import PodPhase, new_server_id
from tests.contracts.cluster import no_pod, ready, until

kube.needs_cluster()
pytestmark = kube.pytestmark


@pytest.fixture
async def cluster(namespace: kube.Namespace) -> AsyncIterator[KubernetesCluster]:
    made = await namespace.cluster(new_server_id())
    await made.start()
    yield made
    await made.close()


async def test_a_claim_that_was_made_larger_stays_so_through_pause_and_resume(
    cluster: KubernetesCluster, namespace: kube.Namespace
) -> None:
    wanted = kube.make_spec()
    claim = names.claim(wanted.server, 1)
    await cluster.ensure(wanted)
    await ready(cluster, wanted.server)
    namespace.patch("pvc", claim, {"spec": {"resources": {"requests": {"storage": "3Gi"}}}})
    await cluster.ensure(replace(wanted, replicas=0))
    await no_pod(cluster, wanted.server)
    resumed = replace(wanted, run=2)
    await cluster.ensure(resumed)
    seen = await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.fingerprint != "")
    assert seen.fingerprint == fingerprint(resumed)
    assert namespace.get("pvc", claim)["spec"]["resources"]["requests"]["storage"] == "3Gi"
    await cluster.remove(wanted.server)
