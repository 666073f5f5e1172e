"""The chart on a real cluster: installed, asked what it may, talked to, upgraded, uninstalled.

Needs KUBECONFIG, CLUSTER_HOST_IP (this machine as pods see it) and the image DORMOUSE_TEST_IMAGE on the nodes.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kube
import pytest
import yaml  # type: ignore[import-untyped]
from reading import buttons, texts
from visitor import heard, visit

from bot.check.kubernetes import Target, check
from bot.check.report import Report
from bot.demo.guild.cast import ADA, CHAT
from bot.demo.guild.person import Person
from bot.demo.guild.server import Guild
from core.cluster.kubernetes.addresses import Addresses, Exposure
from core.cluster.kubernetes.api import GROUPS, PERMISSIONS
from core.games.catalogue import BUILT_IN, Catalogue

pytestmark = [pytest.mark.kubernetes, pytest.mark.process]
DEPLOY = Path(__file__).parents[2] / "deploy"
HELM = DEPLOY.parent / ".helm" / "helm"
IMAGE, HOST = os.environ.get("DORMOUSE_TEST_IMAGE"), os.environ.get("CLUSTER_HOST_IP")
FORBIDDEN = [
    *(("get", "secrets"), ("list", "secrets"), ("watch", "secrets")),
    *(("create", "pods"), ("create", "pods/exec"), ("create", "roles.rbac.authorization.k8s.io")),
]

kube.needs_cluster("CLUSTER_HOST_IP")
if not HELM.exists():
    pytest.fail("Helm is not here: make helm", pytrace=False)


def run(*command: str, given: str | None = None) -> str:
    ended = subprocess.run(command, input=given, capture_output=True, text=True, timeout=180)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return ended.stdout


def kubectl(*arguments: str, given: str | None = None) -> str:
    return run("kubectl", *arguments, given=given)


@dataclass
class Installation:
    """In two namespaces that nobody else has."""

    bots: str
    games: str
    api: str
    gateway: str

    @property
    def values(self) -> dict[str, Any]:
        return {
            "image": IMAGE,
            "secret": {"existing": "dormouse"},
            "exposure": "hostport",
            "ports": "27000-27049",
            "games": {"namespace": self.games},
            "discord": {"apiUrl": self.api, "gatewayUrl": self.gateway},
            "settings": {"IDLE_AFTER": 3600},
            "persistence": {"size": "64Mi"},
        }

    @property
    def account(self) -> str:
        return f"system:serviceaccount:{self.bots}:dormouse"

    def helm(self, verb: str, **values: Any) -> str:
        what = [str(DEPLOY / "helm"), "--values", "-"] if verb != "uninstall" else []
        more = ["--install"] if verb == "upgrade" else []
        given = json.dumps(self.values | values)
        return run(str(HELM), verb, "dormouse", *what, *more, "--namespace", self.bots, given=given)

    async def ready(self) -> None:
        await asyncio.to_thread(kubectl, "rollout", "status", "deployment/dormouse", "-n", self.bots, "--timeout=120s")

    async def bot(self, *command: str) -> str:
        return await asyncio.to_thread(kubectl, "exec", "-n", self.bots, "deployment/dormouse", "--", *command)


@pytest.fixture
async def guild() -> AsyncIterator[Guild]:
    guild = Guild(None)
    await guild.start(host=HOST or "")
    yield guild
    await guild.stop()


@pytest.fixture
def namespaces() -> Iterator[tuple[str, str]]:
    mark = uuid.uuid4().hex[:8]
    bots, games = f"chart-{mark}", f"chart-{mark}-games"
    kubectl("create", "namespace", bots)
    kubectl("label", "namespace", bots, "pod-security.kubernetes.io/enforce=restricted")
    kubectl("create", "secret", "generic", "dormouse", "-n", bots, "--from-literal=discord-token=planted-token")
    yield bots, games
    kubectl("delete", "namespace", bots, games, "--ignore-not-found", "--wait=false")


@pytest.fixture
def installation(guild: Guild, namespaces: tuple[str, str]) -> Iterator[Installation]:
    bots, games = namespaces
    installation = Installation(bots, games, f"http://{HOST}:{guild.port}/api/v10", f"ws://{HOST}:{guild.port}/gateway")
    installation.helm("upgrade")
    yield installation
    run(str(HELM), "uninstall", "dormouse", "--namespace", bots, "--ignore-not-found")


def signed_in(installation: Installation, file: Path) -> Path:
    """A kubeconfig of the bot's service account."""
    config = json.loads(kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    token = kubectl("create", "token", "dormouse", "-n", installation.bots).strip()
    config["users"][0]["user"] = {"token": token}
    file.write_text(json.dumps(config))
    return file


async def test_check_finds_nothing_with_the_charts_service_account(installation: Installation, tmp_path: Path) -> None:
    target = Target(
        namespace=installation.games,
        image=IMAGE or "",
        addresses=Addresses(Exposure.HOSTPORT, "check"),
        ports=range(27000, 27050),
        games=tuple(Catalogue.load(BUILT_IN)),
    )
    report = Report()
    file = await asyncio.to_thread(signed_in, installation, tmp_path / "kubeconfig")
    await check(target, report, kubeconfig=str(file))
    assert report.mistakes == []
    assert "The cluster accepts servers as they would be made (tried without making one)." in report.remarks
    assert not [line for line in report.remarks if line.startswith(("Cannot be seen", "Whether games", "It may read"))]


def test_the_service_account_may_do_what_the_adapter_asks_for_and_no_more(installation: Installation) -> None:
    def may(verb: str, resource: str, namespace: str) -> bool:
        name, _, part = resource.partition("/")
        command = ["kubectl", "auth", "can-i", verb, name, "--as", installation.account, "-n", namespace]
        ended = subprocess.run([*command, *([f"--subresource={part}"] if part else [])], capture_output=True, text=True)
        return ended.stdout.strip() == "yes"

    for resource, verbs in PERMISSIONS.items():
        name = f"{resource}.{GROUPS[resource]}" if resource in GROUPS else resource
        for verb in verbs:
            assert may(verb, name, installation.games), (verb, resource)
    for verb, resource in FORBIDDEN:
        assert not may(verb, resource, installation.games), (verb, resource)
    for verb, resource in (("get", "secrets"), ("list", "pods"), ("patch", "statefulsets.apps")):
        assert not may(verb, resource, installation.bots), (verb, resource)


def test_the_plain_manifests_are_accepted(installation: Installation) -> None:
    """In the namespaces of the installation, as a dry run does not make those that the manifests bring."""
    names = {"dormouse": installation.bots, "dormouse-servers": installation.games}
    objects = list(yaml.safe_load_all(kubectl("kustomize", str(DEPLOY / "manifests"))))
    for each in objects:
        field = "name" if each["kind"] == "Namespace" else "namespace"
        if field in each["metadata"]:
            each["metadata"][field] = names[each["metadata"][field]]
    objects = [each for each in objects if each["kind"] != "PersistentVolumeClaim"]  # that of the installation is used
    everything = yaml.safe_dump_all(objects)
    kubectl("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-", given=everything)


@pytest.fixture
async def ada(installation: Installation, guild: Guild) -> AsyncIterator[Person]:
    """She sees the commands already."""
    await installation.ready()
    async with Person(f"http://{HOST}:{guild.port}", ADA) as ada:
        async with asyncio.timeout(60):
            while not (await ada.state())["commands"]:
                await asyncio.sleep(0.1)
        yield ada


async def message(ada: Person, *words: str) -> dict[str, Any]:
    """The newest message that has all these words, as soon as there is one."""
    async with asyncio.timeout(60):
        while True:
            for each in reversed(await ada.read(CHAT)):
                if all(word in texts(each["components"]) for word in words):
                    return each
            await asyncio.sleep(0.1)


async def test_what_players_from_outside_draw_is_there_after_a_pause(ada: Person) -> None:
    await ada.slash(CHAT, "server create", game="meadow", name="Pond")
    card = await message(ada, "### Pond", "Running")
    async with visit(card, "Bo") as bo, visit(card, "Cy") as cy:
        await heard(cy, "hello")
        await bo.send_json({"t": "plant", "cells": [[x, 5, "s"] for x in range(10, 20)]})
        assert (await heard(cy, "plant"))["cells"][0] == [10, 5, "s"]
        await cy.send_json({"t": "plant", "cells": [[x, 6, "~"] for x in range(10, 20)]})
        while (await heard(bo, "plant"))["cells"][0] != [10, 6, "~"]:
            pass
        await message(ada, "### Pond", "Players: 2 of 16")
        await ada.press(card, buttons(card["components"])["Pause"])
        await heard(bo, "sleep")
    card = await message(ada, "### Pond", "Paused")
    await ada.press(card, buttons(card["components"])["Resume"])
    card = await message(ada, "### Pond", "Running")
    async with visit(card) as bo:
        rows = (await heard(bo, "hello"))["rows"]
    assert (rows[5][9:21], rows[6][9:21]) == (".ssssssssss.", ".~~~~~~~~~~.")


async def test_a_server_outlives_upgrade_and_uninstall(installation: Installation, ada: Person) -> None:
    await ada.slash(CHAT, "server create", game="meadow", name="Pond")
    card = await message(ada, "### Pond", "Running")
    await ada.press(card, buttons(card["components"])["Pause"])
    card = await message(ada, "### Pond", "Paused")
    await ada.press(card, buttons(card["components"])["Resume"])
    await message(ada, "### Pond", "Running")
    assert "All is well." in await installation.bot("dormouse", "check")

    await asyncio.to_thread(installation.helm, "upgrade", settings={"IDLE_AFTER": 7200})
    await installation.ready()
    card = await message(ada, "### Pond", "Running")
    await ada.press(card, buttons(card["components"])["Pause"])
    card = await message(ada, "### Pond", "Paused")

    await asyncio.to_thread(installation.helm, "uninstall")
    claims = await asyncio.to_thread(kubectl, "get", "pvc", "-n", installation.games, "-o", "name")
    assert claims.startswith("persistentvolumeclaim/data-")
    await asyncio.to_thread(installation.helm, "upgrade")
    await installation.ready()
    await ada.press(card, buttons(card["components"])["Resume"])
    await message(ada, "### Pond", "Running")

    log = await asyncio.to_thread(kubectl, "logs", "-n", installation.bots, "deployment/dormouse")
    assert "planted-token" not in log
