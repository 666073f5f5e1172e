"""The shipped process with its servers on a real cluster: create, play at the address on the card, pause, resume."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import aiohttp
import kube
import pytest
from reading import texts
from shipped import shipped

from bot.demo.guild.cast import CHAT

kube.needs_cluster()
pytestmark = [*kube.pytestmark, pytest.mark.process]


async def test_a_server_on_kubernetes_is_created_played_paused_and_resumed(
    namespace: kube.Namespace, tmp_path: Path
) -> None:
    settings = {
        "CLUSTER": "kubernetes",
        "NAMESPACE": namespace.name,
        "IMAGE": kube.IMAGE,
        "EXPOSURE": "nodeport",
        "PORTS": "31000-31099",
        "IDLE_AFTER": "3600",
    }
    (tmp_path / ".kube").mkdir()
    shutil.copy(namespace.kubeconfig, tmp_path / ".kube" / "config")
    async with shipped(tmp_path, **settings) as house:
        await house.people["Ada"].slash(CHAT, "server create", game="meadow", name="Pond")
        card = await house.message("### Pond", "Running", within=60)
        where = re.search(r"[\d.]+:\d+", texts(card["components"]))
        assert where is not None
        async with aiohttp.ClientSession() as web, web.ws_connect(f"http://{where[0]}/play?name=Ada"):
            await house.message("### Pond", "Players: 1 of 16", within=60)
        await house.press("Pause", card)
        card = await house.message("### Pond", "Paused", within=60)
        await house.press("Resume", card)
        await house.message("### Pond", "Running", within=60)
