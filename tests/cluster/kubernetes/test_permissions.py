"""What the bot asks of Kubernetes in a server's whole life is what its Roles allow, and the other way round."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import kube
import pytest
from b2server import B2Server

from core.cluster.kubernetes.api import CLUSTER_PERMISSIONS, METRICS_PERMISSIONS, PERMISSIONS, Api
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.kubernetes.watch import Timing
from core.worlds.store.place import StorePlace
from tests.contracts.cluster import no_pod, ready, until

kube.needs_cluster("CLUSTER_HOST_IP")
pytestmark = kube.pytestmark


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Verb and resource of every request. An apply that made the object took the right to create it, too."""
    found: set[tuple[str, str]] = set()
    send = Api._send

    @asynccontextmanager
    async def recorded(self: Api, verb: str, resource: str, *given: Any, **named: Any) -> AsyncIterator[Any]:
        found.add((verb, resource))
        async with send(self, verb, resource, *given, **named) as answer:
            if answer.status == 201:
                found.add(("create", resource))
            yield answer

    monkeypatch.setattr(Api, "_send", recorded)
    return found


async def test_the_roles_are_what_is_used(asked: set[tuple[str, str]], namespace: kube.Namespace) -> None:
    with B2Server(os.environ["CLUSTER_HOST_IP"]) as b2:
        b2.account.add_bucket("worlds")
        key = b2.account.add_key()
        secrets = {"DORMOUSE_B2_KEY_ID": key.id, "DORMOUSE_B2_KEY": key.secret, "DORMOUSE_B2_REALM": b2.url}
        await live(
            await namespace.cluster("permissions", timing=Timing(no_pod=0.5), store=StorePlace("b2:worlds", secrets)),
            namespace,
        )
    tables = (PERMISSIONS, CLUSTER_PERMISSIONS, METRICS_PERMISSIONS)
    allowed = {(verb, resource) for table in tables for resource, verbs in table.items() for verb in verbs}
    # Without the ClusterRole, which this account has not, nodes are tried to be listed and that is all.
    assert asked | {("watch", "nodes")} == allowed


async def live(cluster: KubernetesCluster, namespace: kube.Namespace) -> None:
    """A whole life, its world's too."""
    await cluster.start()
    wanted = kube.make_spec()
    await cluster.ensure(wanted)
    await ready(cluster, wanted.server)
    await cluster.usage(wanted.server)
    await cluster.usage_of_all([wanted.server])
    await cluster.logs(wanted.server)
    await cluster.protect([wanted.server])
    await cluster.protect([])
    first = await ready(cluster, wanted.server)
    assert first.uid is not None
    await cluster.ensure(replace(wanted, run=2))
    await cluster.delete_pod(wanted.server, first.uid)
    await until(cluster, wanted.server, lambda seen: seen.run == 2)
    await cluster.ensure(replace(wanted, run=2, replicas=0))
    await no_pod(cluster, wanted.server)
    assert await cluster.seal(wanted.server, 1) is not None
    await cluster.remove(wanted.server)
    await until(cluster, wanted.server, lambda seen: not seen.exists)
    # One that no pod comes of: only events tell why.
    namespace.kubectl("create", "quota", "none", "--hard=pods=0")
    refused = kube.make_spec()
    await cluster.ensure(refused)
    await until(cluster, refused.server, lambda seen: seen.problem is not None)
    await cluster.remove(refused.server)
    namespace.kubectl("delete", "quota", "none")
    await cluster.close()
