"""The addresses of servers on a real cluster: taken, given back, and taken again."""

from __future__ import annotations

from dataclasses import replace

import aiohttp
import kube

from core.cluster.kubernetes.addresses import Exposure
from core.words import PodPhase
from tests.contracts.cluster import no_pod, ready, until

kube.needs_cluster()
pytestmark = kube.pytestmark


async def status(url: str) -> int:
    """As soon as the way there is laid: kube-proxy takes its time."""
    async with aiohttp.ClientSession() as web:
        for _ in range(100):
            try:
                async with web.get(url, timeout=aiohttp.ClientTimeout(2)) as answer:
                    return answer.status
            except (aiohttp.ClientError, TimeoutError):
                continue
    return 0


async def test_a_paused_server_gives_its_load_balancer_back(namespace: kube.Namespace) -> None:
    cluster = await namespace.cluster("balances", exposure=Exposure.LOADBALANCER)
    await cluster.start()
    wanted = kube.make_spec()
    [port] = wanted.ports
    await cluster.ensure(wanted)
    await ready(cluster, wanted.server)
    seen = await until(cluster, wanted.server, lambda seen: bool(seen.address))
    assert await status(f"http://{seen.address}:{port.host}/status") == 200

    await cluster.ensure(replace(wanted, replicas=0))
    await no_pod(cluster, wanted.server)
    seen = await until(cluster, wanted.server, lambda seen: not seen.holds_address)
    assert seen.address == ""
    service = namespace.get("service", wanted.server)
    assert service["spec"]["type"] == "ClusterIP"
    assert not service["status"]["loadBalancer"]

    await cluster.ensure(replace(wanted, run=2))
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.run == 2)
    seen = await until(cluster, wanted.server, lambda seen: bool(seen.address))
    assert await status(f"http://{seen.address}:{port.host}/status") == 200
    await cluster.remove(wanted.server)
    await cluster.close()
