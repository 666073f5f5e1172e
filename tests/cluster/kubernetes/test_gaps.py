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
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import kube
import pytest
from onkube import on_kubernetes
from reading import texts
from shipped import has

from bot.demo.guild.cast import CHAT
from core.cluster.kubernetes import names
from core.cluster.kubernetes.pod_settings import PodOptions, PodSettings, Toleration
from core.cluster.kubernetes.watch import Timing
from core.cluster.port import Changed, Listed, News, Stale
from core.errors import ClusterAway
from core.words import PodPhase, Problem, new_server_id
from tests.contracts import cluster as contract
from tests.contracts.cluster import until

kube.needs_cluster()
CTL = shlex.split(os.environ.get("DORMOUSE_CLUSTER_CTL", ""))
pytestmark = [*kube.pytestmark, pytest.mark.skipif(not CTL, reason="DORMOUSE_CLUSTER_CTL is not set")]


def ctl(*arguments: str) -> None:
    subprocess.run([*CTL, *arguments], check=True, timeout=30)


async def test_a_dead_api_server_is_a_gap_and_not_ten_thousand_failures(
    namespace: kube.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    request = aiohttp.ClientSession.request

    def noted(self: aiohttp.ClientSession, method: str, *given: Any, **named: Any) -> Any:
        sent.append(method)
        return request(self, method, *given, **named)

    monkeypatch.setattr(aiohttp.ClientSession, "request", noted)
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
            for _ in range(1000):
                with pytest.raises(ClusterAway):
                    await cluster.delete_pod(wanted.server, "x")
            # The breaker refused them, not the network.
            assert sent.count("DELETE") < 10
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


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[kube.Namespace]:
    """A namespace for one test: all that is in it is counted."""
    made = kube.make_namespace(tmp_path)
    yield made
    made.remove()


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
    """Without anything that is wrong."""
    shown = [each for each in found if has(each, f"### {name}", "Running")]
    return any(not has(each, "cannot be seen") and not has(each, "has not answered") for each in shown)


def pods(namespace: kube.Namespace) -> dict[str, str]:
    """UIDs by the names of their servers."""
    found = [each["metadata"] for each in namespace.get("pods")["items"]]
    return {meta["annotations"][names.NAME]: meta["uid"] for meta in found}


def until_deleted(namespace: kube.Namespace, pod: str) -> None:
    """Until somebody has told it to end."""
    namespace.kubectl("wait", "--for=jsonpath={.metadata.deletionTimestamp}", f"pod/{pod}", "--timeout=50s")


async def only_one(namespace: kube.Namespace) -> None:
    for kind in ("pods", "statefulsets", "persistentvolumeclaims", "services", "networkpolicies"):
        assert len((await asyncio.to_thread(namespace.get, kind))["items"]) == 1, kind


HASTY = PodSettings(
    PodOptions(
        tolerations=tuple(
            Toleration(f"node.kubernetes.io/{what}", "Exists", effect="NoExecute", toleration_seconds=1)
            for what in ("unreachable", "not-ready")
        )
    )
)
"""Pods that Kubernetes takes off a node as soon as it does not answer; usually it waits 300 s."""


@pytest.mark.timeout(420)
async def test_a_node_that_does_not_answer_is_waited_for(alone: kube.Namespace, tmp_path: Path) -> None:
    """Kubernetes says so after 50 s. One server stays as it is, one is paused meanwhile, one is evicted."""
    cluster = await alone.cluster("hasty", timing=Timing(tick=0.5), pods=HASTY)
    await cluster.start()
    hasty = kube.make_spec(name="Hasty")
    await cluster.ensure(hasty)
    async with on_kubernetes(alone, tmp_path, ports="31880-31889") as house:
        ada, before = house.people["Ada"], await contract.ready(cluster, hasty.server)
        for name in ("Pond", "Brook"):
            await ada.slash(CHAT, "server create", game="meadow", name=name)
            await house.until(functools.partial(runs, name), within=90)
        there = await asyncio.to_thread(pods, alone)
        await asyncio.to_thread(ctl, "stop", "kubelet")
        try:
            await house.message("### Pond", "Running", "has not answered since", "It is not given up", within=120)
            await house.message("The node", "on which **Pond** runs, has not answered since", within=60)
            await house.message("### Brook", "Running", "has not answered since", within=60)
            await ada.slash(CHAT, "server pause", server="Brook")
            await house.message("### Brook", "Saving and stopping", "It stops as soon as the node is back.", within=60)
            evicted = await until(cluster, hasty.server, lambda seen: seen.away is not None)
            assert (evicted.pod, evicted.uid, evicted.problem) == (PodPhase.READY, before.uid, Problem.NODE_AWAY)
            await asyncio.to_thread(until_deleted, alone, f"{hasty.server}-0")
            still = await until(cluster, hasty.server, lambda seen: True)
            assert (still.pod, still.uid) == (PodPhase.READY, before.uid)
        finally:
            await asyncio.to_thread(ctl, "start", "kubelet")
        again = await until(cluster, hasty.server, lambda seen: seen.pod is PodPhase.READY and seen.uid != before.uid)
        assert (again.problem, again.away, again.restarts) == (None, None, 0)
        await house.until(functools.partial(runs, "Pond"), within=90)
        await house.message("**Pond** no longer waits for the node", within=30)
        await house.message("### Brook", "Paused", within=90)
        assert (await asyncio.to_thread(pods, alone))["Pond"] == there["Pond"]
        said = "".join(texts(each["components"]) for each in await house.messages())
        assert "did not come up in time" not in said
        assert "crashed" not in said
        assert '"event": "bug"' not in house.log
    await cluster.remove(hasty.server)
    await cluster.close()


@pytest.mark.deep
@pytest.mark.timeout(900)
async def test_a_node_that_is_away_for_longer_than_kubernetes_waits_gets_its_server_back(
    alone: kube.Namespace, tmp_path: Path
) -> None:
    """Six minutes. After five Kubernetes tells the pod to end, unless no node of the cluster answers: then it waits."""
    async with on_kubernetes(alone, tmp_path, ports="31890-31899") as house:
        await house.people["Ada"].slash(CHAT, "server create", game="meadow", name="Pond")
        await house.until(functools.partial(runs, "Pond"), within=90)
        before, told = await asyncio.to_thread(pods, alone), False
        await asyncio.to_thread(ctl, "stop", "kubelet")
        try:
            await house.message("### Pond", "Running", "has not answered since", within=120)
            pod = (await asyncio.to_thread(alone.get, "pods"))["items"][0]["metadata"]["name"]
            wait = "--for=jsonpath={.metadata.deletionTimestamp}"
            over = time.monotonic() + 360
            while time.monotonic() < over:
                told = await asyncio.to_thread(alone.try_kubectl, "wait", wait, f"pod/{pod}", "--timeout=30s")
                assert len(await house.cards()) == 1
                await house.message("### Pond", "Running", "has not answered since", within=10)
                await asyncio.sleep(10)
        finally:
            await asyncio.to_thread(ctl, "start", "kubelet")
        await house.message("**Pond** no longer waits for the node", within=120)
        async with asyncio.timeout(180):  # the node ends a pod that was told to, and another one comes
            while not (now := await asyncio.to_thread(pods, alone)) or told == (now == before):
                await asyncio.sleep(1)
        await house.until(functools.partial(runs, "Pond"), within=180)
        said = "".join(texts(each["components"]) for each in await house.messages())
        assert "did not come up in time" not in said
        assert '"event": "bug"' not in house.log


async def test_a_taint_is_not_called_a_lack_of_room(alone: kube.Namespace, tmp_path: Path) -> None:
    [node] = json.loads(kube.kubectl("get", "nodes", "-o", "json"))["items"]
    taint = "dormouse-test=closed:NoSchedule"
    async with on_kubernetes(alone, tmp_path, ports="31900-31909") as house:
        kube.kubectl("taint", "node", node["metadata"]["name"], taint)
        try:
            await house.people["Ada"].slash(CHAT, "server create", game="meadow", name="Pond")
            card = await house.message(
                "### Pond", "No node takes it right now.", "Tell whoever runs this bot", within=60
            )
            assert not has(card, "makes room")
        finally:
            kube.kubectl("taint", "node", node["metadata"]["name"], taint + "-")
        await house.until(functools.partial(runs, "Pond"), within=90)
        assert "untolerated taint" in house.log
