"""The `Cluster` port's contract on a real cluster, by a service account that has the Role and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import kube
import pytest

from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.port import ServerSpec
from core.words import new_server_id
from tests.contracts.cluster import ClusterContract, MakeSpec, Occupy, Reopen

kube.needs_cluster()
pytestmark = kube.pytestmark


class Opened:
    """The clusters that a test opened on one namespace, so that the last is the one to close."""

    def __init__(self, namespace: kube.Namespace) -> None:
        self.namespace = namespace
        self.installation = new_server_id()
        self.now: KubernetesCluster | None = None

    async def open(self) -> KubernetesCluster:
        if self.now is not None:
            await self.now.close()
        self.now = await self.namespace.cluster(self.installation)
        await self.now.start()
        return self.now


@pytest.fixture
async def opened(namespace: kube.Namespace) -> AsyncIterator[Opened]:
    opened = Opened(namespace)
    yield opened
    if opened.now is not None:
        async for news in opened.now.watch():
            servers = getattr(news, "observed", ())
            await asyncio.gather(*(opened.now.remove(each.server) for each in servers))
            break
        await opened.now.close()


@pytest.fixture
async def cluster(opened: Opened) -> KubernetesCluster:
    return await opened.open()


@pytest.fixture
def reopen(opened: Opened) -> Reopen:
    return opened.open


@pytest.fixture
def occupy(namespace: kube.Namespace) -> Occupy:
    """Another Service has the node port."""

    @contextlib.asynccontextmanager
    async def occupy(spec: ServerSpec) -> AsyncIterator[int]:
        ports = [{"port": 80, "nodePort": spec.ports[0].host}]
        other = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "other"},
            "spec": {"type": "NodePort", "ports": ports},
        }
        await asyncio.to_thread(namespace.kubectl, "create", "-f", "-", given=other)
        another = kube.make_spec().ports[0].host
        assert another is not None
        yield another
        await asyncio.to_thread(namespace.kubectl, "delete", "service", "other")

    return occupy


@pytest.fixture
def spec() -> MakeSpec:
    made = kube.make_spec(new_server_id())

    def make(*, mode: str = "", within: int = 60, grace: int = 5, run: int = 1, replicas: int = 1) -> ServerSpec:
        game = kube.TINY.model_copy(
            update={
                "ready": kube.TINY.ready.model_copy(update={"within": within}),
                "stop": kube.TINY.stop.model_copy(update={"grace": grace}),
            }
        )
        return kube.make_spec(
            made.server, game=game, ports=made.ports, settings={"mode": mode}, run=run, replicas=replicas
        )

    return make


class TestContract(ClusterContract):
    """The port's contract."""
