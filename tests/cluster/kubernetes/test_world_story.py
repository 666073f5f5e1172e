"""The shipped process with its servers on a real node and its worlds on B2: what a member sees of it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import kube
import pytest
from b2server import B2Server
from reading import server_of
from shipped import Shipped, has, shipped
from visitor import finds_daisy, plant

from bot.demo.guild.cast import CHAT
from core.cluster.kubernetes import names

kube.needs_cluster("CLUSTER_HOST_IP")
pytestmark = [*kube.pytestmark, pytest.mark.process]


@pytest.fixture
def b2() -> Iterator[B2Server]:
    with B2Server(os.environ["CLUSTER_HOST_IP"]) as server:
        server.account.add_bucket("dormouse-worlds")
        yield server


@pytest.fixture
async def house(namespace: kube.Namespace, tmp_path: Path, b2: B2Server) -> AsyncIterator[Shipped]:
    key = b2.account.add_key()
    (tmp_path / ".kube").mkdir()
    shutil.copy(namespace.kubeconfig, tmp_path / ".kube" / "config")
    settings = {
        "CLUSTER": "kubernetes",
        "NAMESPACE": namespace.name,
        "IMAGE": kube.IMAGE,
        "EXPOSURE": "nodeport",
        "PORTS": "31710-31799",
        "IDLE_AFTER": "0",
        "STORE": "b2:dormouse-worlds/pond",
        "B2_KEY_ID": key.id,
        "B2_KEY": key.secret,
        "B2_REALM": b2.url,
    }
    async with shipped(tmp_path, **settings) as house:
        yield house
        assert key.secret not in house.log


async def running(house: Shipped, name: str = "Pond") -> dict[str, Any]:
    return await house.message(f"### {name}", "Running", within=90)


async def ask(house: Shipped, command: str, *words: str, within: float = 90, **options: Any) -> dict[str, Any]:
    await house.people["Ada"].slash(CHAT, command, **options)
    return await house.message(*words, within=within)


async def test_a_world_outlives_its_volume_its_data_its_archive_and_a_mistake(
    house: Shipped, namespace: kube.Namespace
) -> None:
    await house.people["Ada"].slash(CHAT, "server create", game="meadow", name="Pond")
    card = await running(house)
    server = server_of(card)
    assert not await finds_daisy(card)
    await plant(card)

    await ask(house, "server pause", "### Pond", "Paused", server="Pond")
    await house.message("was paused by", "World saved", within=60)
    await asyncio.to_thread(namespace.kubectl, "delete", "pvc", names.claim(server, 1))
    await house.people["Ada"].slash(CHAT, "server resume", server="Pond")
    await house.message("The disk with the world of", "It is back as it was", within=90)
    assert await finds_daisy(await running(house))

    await ask(house, "server pause", "### Pond", "Paused", server="Pond")
    await asyncio.to_thread(namespace.erase, names.claim(server, 2))
    await house.people["Ada"].slash(CHAT, "server resume", server="Pond")
    await house.until(
        lambda found: len([m for m in found if has(m, "The disk with the world of", "It is back as it was")]) == 2,
        within=90,
    )
    assert await finds_daisy(await running(house))

    await ask(house, "world archive", "### Pond", "Archived", within=120, server="Pond")
    assert not claims(namespace, server)
    await house.people["Ada"].slash(CHAT, "server resume", server="Pond")
    assert await finds_daisy(await running(house))

    await ask(house, "world snapshot", "The world of", "is saved", server="Pond", note="with a daisy")
    chosen = await house.people["Ada"].autocomplete(CHAT, "world restore", "snapshot", server="Pond", snapshot="daisy")
    await ask(house, "world restore", "goes back", server="Pond", snapshot=str(chosen[0]["value"]))
    await house.message("brought the world of **Pond** back", within=120)
    assert await finds_daisy(await running(house))
    assert len(await house.cards()) == 1


def claims(namespace: kube.Namespace, server: str) -> list[str]:
    listed = namespace.kubectl("get", "pvc", "-l", f"{names.SERVER}={server}", "-o", "json")
    return [each["metadata"]["name"] for each in json.loads(listed)["items"]]
