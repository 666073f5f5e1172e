"""The shipped process with its servers on a real node and its worlds on B2: what a member sees of it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import kube
import pytest
from b2server import B2Server
from reading import buttons, texts
from shipped import Shipped, shipped

from bot.demo.guild.cast import CHAT
from core.cluster import names

kube.needs_cluster("CLUSTER_HOST_IP")
pytestmark = [*kube.pytestmark, pytest.mark.process]
DAISY = [3, 4, "d"]
"""Column, row, kind."""


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
        "PORTS": "31100-31199",
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


def server_of(card: dict[str, Any]) -> str:
    return next(iter(buttons(card["components"]).values())).split(":")[2]


async def finds_daisy(card: dict[str, Any], *, plant: bool = False) -> bool:
    """Walk in and look; plant it then, or not."""
    where = re.search(r"[\d.]+:\d+", texts(card["components"]))
    assert where is not None
    async with aiohttp.ClientSession() as web, asyncio.timeout(30):
        while True:
            try:
                player = await web.ws_connect(f"http://{where[0]}/play?name=Ada")
                break
            except aiohttp.ClientError:  # packet rules follow the pod by some milliseconds
                await asyncio.sleep(0.1)
        async with player:
            hello = await player.receive_json()
            if plant:
                await player.send_json({"t": "plant", "cells": [DAISY]})
                while (await player.receive_json())["t"] != "plant":
                    pass
            return bool(hello["rows"][DAISY[1]][DAISY[0]] == DAISY[2])


async def ask(house: Shipped, command: str, *words: str, within: float = 90, **options: Any) -> dict[str, Any]:
    await house.people["Ada"].slash(CHAT, command, **options)
    return await house.message(*words, within=within)


async def test_a_world_outlives_its_volume_its_archive_and_a_mistake(house: Shipped, namespace: kube.Namespace) -> None:
    await house.people["Ada"].slash(CHAT, "server create", game="meadow", name="Pond")
    card = await running(house)
    server = server_of(card)
    assert not await finds_daisy(card, plant=True)

    await ask(house, "server pause", "### Pond", "Paused", server="Pond")
    await house.message("was paused by", "World saved", within=60)
    await asyncio.to_thread(namespace.kubectl, "delete", "pvc", names.claim(server, 1))
    await house.people["Ada"].slash(CHAT, "server resume", server="Pond")
    await house.message("The disk with the world of", "It is back as it was", within=90)
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
