"""The API server dies, a node goes: what is said meanwhile, and that all is right again afterwards.

Disturbs everybody on the cluster, so it runs only where DORMOUSE_CLUSTER_CTL names the command that breaks things.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kube
import pytest
from onkube import on_kubernetes
from shipped import has

from bot.demo.guild.cast import CHAT
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


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[kube.Namespace]:
    """A namespace for one test: all that is in it is counted."""
    made = kube.make_namespace(tmp_path)
    yield made
    made.remove()


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("number", "after"), list(enumerate([0.0, 0.15, 0.4, 1.5])))
async def test_an_api_server_that_is_killed_while_a_server_is_made_leaves_one(
    number: int, after: float, alone: kube.Namespace, tmp_path: Path
) -> None:
    first = 31840 + 10 * number
    async with on_kubernetes(alone, tmp_path, ports=f"{first}-{first + 9}") as house:
        making = asyncio.create_task(house.people["Ada"].slash(CHAT, "server create", game="meadow", name="Pond"))
        await asyncio.sleep(after)  # a moment in the middle of it, a different one each time
        await asyncio.to_thread(ctl, "kill", "apiserver")  # and it is started again at once
        await making
        await house.message("### Pond", "Running", within=90)
        await only_one(alone)
        assert len(await house.cards()) == 1
        assert '"event": "bug"' not in house.log


@pytest.mark.timeout(240)
async def test_an_api_server_that_stays_away_is_said_on_the_card_and_what_was_asked_is_done_later(
    alone: kube.Namespace, tmp_path: Path
) -> None:
    async with on_kubernetes(alone, tmp_path, ports="31830-31839") as house:
        ada = house.people["Ada"]
        await ada.slash(CHAT, "server create", game="meadow", name="Pond")
        await house.message("### Pond")
        await asyncio.to_thread(ctl, "stop", "apiserver")
        try:
            await house.message("### Pond", "The servers cannot be seen right now.", within=100)
            await ada.slash(CHAT, "server create", game="meadow", name="Brook")
            await house.message("### Brook", within=10)
        finally:
            await asyncio.to_thread(ctl, "start", "apiserver")
        for name in ("Pond", "Brook"):
            await house.until(functools.partial(runs, name), within=90)
            assert len(await house.cards(name)) == 1
        assert len((await asyncio.to_thread(alone.get, "pods"))["items"]) == 2
        assert '"event": "bug"' not in house.log


def runs(name: str, found: list[dict[str, Any]]) -> bool:
    return any(has(each, f"### {name}", "Running") and not has(each, "cannot be seen") for each in found)


async def only_one(namespace: kube.Namespace) -> None:
    for kind in ("pods", "statefulsets", "persistentvolumeclaims", "services", "networkpolicies"):
        assert len((await asyncio.to_thread(namespace.get, kind))["items"]) == 1, kind
