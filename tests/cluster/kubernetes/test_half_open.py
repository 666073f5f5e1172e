"""Connections to the API server that die without a word: noticed, said, and nothing torn down meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kube
import pytest
import yaml  # type: ignore[import-untyped]
from halfopen import Proxy
from onkube import on_kubernetes
from shipped import has

from bot.demo.guild.cast import CHAT
from core.cluster.kubernetes.api import Api, configuration
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.kubernetes.watch import Timing
from core.words import PodPhase, new_server_id
from tests.contracts.cluster import until

kube.needs_cluster()
pytestmark = kube.pytestmark

IMPATIENT: dict[str, Any] = {"watch": 8.0, "silence": 12.0}
"""A quiet watch ends, with a bookmark, after 8 s: 12 s of silence are a connection that is dead."""


@pytest.fixture
def config(namespace: kube.Namespace) -> dict[str, Any]:
    """The kubeconfig of the namespace's account."""
    read: dict[str, Any] = yaml.safe_load(Path(namespace.kubeconfig).read_text())
    return read


@pytest.fixture
async def proxy(config: dict[str, Any]) -> AsyncIterator[Proxy]:
    server = urlsplit(config["clusters"][0]["cluster"]["server"])
    assert server.hostname
    assert server.port
    async with Proxy(server.hostname, server.port) as proxy:
        yield proxy


@pytest.fixture
def through(config: dict[str, Any], proxy: Proxy, tmp_path: Path) -> Path:
    """That kubeconfig, leading through the proxy."""
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{proxy.port}"
    file = tmp_path / "through.kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file


async def test_a_watch_that_is_cut_half_open_goes_on_from_where_it_was(
    namespace: kube.Namespace, proxy: Proxy, through: Path
) -> None:
    api = Api(await configuration(str(through)), namespace.name)
    cluster = KubernetesCluster(
        api, kube.site(installation=new_server_id()), lambda _: kube.AGENT_SECRET, timing=Timing(**IMPATIENT)
    )
    await cluster.start()
    wanted = kube.make_spec()
    await cluster.ensure(wanted)
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY)
    proxy.freeze()
    namespace.patch("statefulset", wanted.server, {"spec": {"replicas": 0}})
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.NONE and seen.replicas == 0)
    await cluster.close()


def uid(namespace: kube.Namespace) -> Any:
    [pod] = namespace.get("pods")["items"]
    return pod["metadata"]["uid"], pod["metadata"].get("deletionTimestamp")


async def test_a_bot_whose_cluster_falls_silent_says_so_holds_still_and_goes_on(
    namespace: kube.Namespace, proxy: Proxy, through: Path, tmp_path: Path
) -> None:
    patience = {"IDLE_AFTER": "40", "IDLE_WARN": "5", "IDLE_GRACE": "1"}
    async with on_kubernetes(
        namespace, tmp_path, ports="31820-31829", kubeconfig=through, changes=IMPATIENT, **patience
    ) as house:
        await house.people["Ada"].slash(CHAT, "server create", game="meadow", name="Pond")
        await house.message("### Pond", "Running", within=60)
        before = await asyncio.to_thread(uid, namespace)
        proxy.swallow()
        card = await house.message("### Pond", "The servers cannot be seen right now.", within=120)
        assert has(card, "### Pond", "Running"), "what was last known"
        assert not any(has(each, "has been empty since") for each in await house.messages())
        assert await asyncio.to_thread(uid, namespace) == before
        proxy.forward()
        await house.until(seen_again, within=60)
        await house.message("**Pond** has been empty since", within=60)
        await house.message("### Pond", "Paused", within=60)
        assert len(await house.cards()) == 1
        assert '"event": "bug"' not in house.log


def seen_again(found: list[dict[str, Any]]) -> bool:
    return any(has(each, "### Pond") and not has(each, "cannot be seen") for each in found)
