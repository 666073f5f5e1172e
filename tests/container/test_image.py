"""The image that the Dockerfile makes, run for real: in a pod, not root, on a read-only root, against the guild.

Needs a cluster (KUBECONFIG, and CLUSTER_HOST_IP: this machine as pods see it) that holds the image DORMOUSE_TEST_IMAGE.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import kube
import pytest
from reading import buttons, texts

from bot.demo.guild.cast import ADA, CHAT
from bot.demo.guild.person import Person
from bot.demo.guild.server import Guild

pytestmark = [pytest.mark.kubernetes, pytest.mark.process]
IMAGE, HOST = os.environ.get("DORMOUSE_TEST_IMAGE"), os.environ.get("CLUSTER_HOST_IP")

kube.needs_cluster("CLUSTER_HOST_IP")


def kubectl(*arguments: str, given: str | None = None) -> str:
    ended = subprocess.run(["kubectl", *arguments], input=given, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def pod(guild: Guild) -> dict[str, Any]:
    env = {
        "DORMOUSE_DISCORD_TOKEN": "planted-token",
        "DORMOUSE_DISCORD_API_URL": f"http://{HOST}:{guild.port}/api/v10",
        "DORMOUSE_DISCORD_GATEWAY_URL": f"ws://{HOST}:{guild.port}/gateway",
        "DORMOUSE_IDLE_AFTER": "3600",
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "dormouse", "namespace": "dormouse-image"},
        "spec": {
            "automountServiceAccountToken": False,
            "restartPolicy": "Never",
            "securityContext": {"runAsNonRoot": True, "fsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "dormouse",
                    "image": IMAGE,
                    "env": [
                        *({"name": name, "value": value} for name, value in env.items()),
                        {"name": "DORMOUSE_PUBLIC_HOST", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                    ],
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "readOnlyRootFilesystem": True,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"}],
                }
            ],
            "volumes": [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}],
        },
    }


@pytest.fixture
async def guild() -> AsyncIterator[Guild]:
    guild = Guild(None)
    await guild.start(host=HOST or "")
    kubectl("apply", "-f", "-", given="apiVersion: v1\nkind: Namespace\nmetadata:\n  name: dormouse-image\n")
    kubectl("label", "namespace", "dormouse-image", "pod-security.kubernetes.io/enforce=restricted", "--overwrite")
    kubectl("delete", "pod", "dormouse", "-n", "dormouse-image", "--ignore-not-found", "--grace-period=1")
    try:
        yield guild
    finally:
        kubectl("delete", "namespace", "dormouse-image", "--wait=false")
        await guild.stop()


async def test_the_story_of_a_server_from_the_image(guild: Guild) -> None:
    await asyncio.to_thread(kubectl, "apply", "-f", "-", given=json.dumps(pod(guild)))
    async with Person(f"http://{HOST}:{guild.port}", ADA) as ada, aiohttp.ClientSession() as web:

        async def message(*words: str) -> dict[str, Any]:
            async with asyncio.timeout(60):
                while True:
                    for each in reversed(await ada.read(CHAT)):
                        if all(word in texts(each["components"]) for word in words):
                            return each
                    await asyncio.sleep(0.1)

        async with asyncio.timeout(90):
            while not (guild.gateway.identified and (await ada.state())["commands"]):
                await asyncio.sleep(0.1)
        await ada.slash(CHAT, "server create", game="meadow", name="Pond")
        card = await message("### Pond", "Running")
        where = re.search(r"[\d.]+:\d+", texts(card["components"]))
        assert where is not None
        async with (
            web.ws_connect(f"http://{where[0]}/play?name=Ada"),
            web.get(f"http://{where[0]}/status") as answer,
        ):
            assert (await answer.json())["players"]["names"] == ["Ada"]
        await ada.press(card, buttons(card["components"])["Pause"])
        card = await message("### Pond", "Paused")
        await ada.press(card, buttons(card["components"])["Resume"])
        await message("### Pond", "Running")
    await asyncio.to_thread(kubectl, "exec", "-n", "dormouse-image", "dormouse", "--", "dormouse", "check")
    log = await asyncio.to_thread(kubectl, "logs", "-n", "dormouse-image", "dormouse")
    assert "planted-token" not in log
