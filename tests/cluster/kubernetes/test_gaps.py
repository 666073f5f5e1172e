"""The API server dies, a node goes: what the adapter says meanwhile, and that it is right again afterwards.

Disturbs everybody on the cluster, so it runs only where DORMOUSE_CLUSTER_CTL names the command that breaks things.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess

import kube
import pytest

from core.cluster.port import Changed, Listed, News, Stale
from core.cluster.watch import Timing
from core.errors import ClusterAway
from core.words import PodPhase, Problem, new_server_id
from tests.contracts import cluster as contract
from tests.contracts.cluster import until

kube.needs_cluster()
CTL = shlex.split(os.environ.get("DORMOUSE_CLUSTER_CTL", ""))
pytestmark = [*kube.pytestmark, pytest.mark.skipif(not CTL, reason="DORMOUSE_CLUSTER_CTL is not set")]


def ctl(*arguments: str) -> None:
    subprocess.run([*CTL, *arguments], check=True, timeout=30)


async def test_a_dead_api_server_is_a_gap_and_not_ten_thousand_failures(namespace: kube.Namespace) -> None:
    cluster = await namespace.cluster(new_server_id(), timing=Timing(longest_pause=1.0))
    await cluster.start()
    wanted = kube.make_spec(replicas=0)
    await cluster.ensure(wanted)
    await until(cluster, wanted.server, lambda seen: seen.fingerprint != "")
    heard: asyncio.Queue[News] = asyncio.Queue()

    async def listen() -> None:
        async for news in cluster.watch():
            heard.put_nowait(news)

    listening = asyncio.create_task(listen())
    assert isinstance(await heard.get(), Listed)
    await asyncio.to_thread(ctl, "stop", "apiserver")
    try:
        async with asyncio.timeout(60):
            assert isinstance(await heard.get(), Stale)
            with pytest.raises(ClusterAway):
                await cluster.ensure(wanted)
            began = asyncio.get_running_loop().time()
            for _ in range(1000):
                with pytest.raises(ClusterAway):
                    await cluster.delete_pod(wanted.server, "x")
            assert asyncio.get_running_loop().time() - began < 2  # refused by the breaker, not by the network
    finally:
        await asyncio.to_thread(ctl, "start", "apiserver")
    async with asyncio.timeout(90):
        news = await heard.get()
        assert isinstance(news, Listed)
        assert [each.server for each in news.observed] == [wanted.server]
        await cluster.remove(wanted.server)
        while not (isinstance(news, Changed) and not news.observed.exists):
            news = await heard.get()
    listening.cancel()
    await cluster.close()


async def test_a_node_that_is_gone_is_said_and_survived(
    namespace: kube.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "PATIENCE", 120.0)
    cluster = await namespace.cluster(new_server_id(), timing=Timing(tick=0.5))
    await cluster.start()
    wanted = kube.make_spec()
    await cluster.ensure(wanted)
    first = await contract.ready(cluster, wanted.server)
    [node] = json.loads(kube.kubectl("get", "nodes", "-o", "json"))["items"]
    taint = "dormouse-test=gone:NoExecute"
    await asyncio.to_thread(ctl, "stop", "kubelet")
    try:
        kube.kubectl("taint", "node", node["metadata"]["name"], taint)
        ending = await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.ENDING)
        assert ending.problem is None
        lost = await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.LOST)
        assert (lost.uid, lost.problem) == (first.uid, Problem.NODE_LOST)
    finally:
        kube.kubectl("taint", "node", node["metadata"]["name"], taint + "-")
        await asyncio.to_thread(ctl, "start", "kubelet")
    again = await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.uid != first.uid)
    assert again.problem is None
    await cluster.remove(wanted.server)
    await cluster.close()
