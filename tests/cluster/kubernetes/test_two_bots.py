"""Two bots on one database and one cluster, by mistake or in a rolling update: one acts, both answer, no harm."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import kube
import pytest
from reading import texts
from shipped import ROOT, Shipped, shipped

from bot.demo.guild.cast import CHAT
from core.cluster.kubernetes.names import NAME

kube.needs_cluster()
pytestmark = [
    *kube.pytestmark,
    pytest.mark.process,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),  # SQLite has one process only
]
UNLEASED = [sys.executable, str(ROOT / "tests" / "support" / "unleased.py")]


@pytest.fixture
def settings(namespace: kube.Namespace, database_url: str) -> dict[str, str]:
    return {
        "CLUSTER": "kubernetes",
        "NAMESPACE": namespace.name,
        "IMAGE": kube.IMAGE,
        "EXPOSURE": "nodeport",
        "PORTS": "31100-31199",
        "IDLE_AFTER": "3600",
        "DATABASE_URL": database_url,
        "MASTER_KEY": "planted-master-key-of-both",
    }


@asynccontextmanager
async def two(
    folder: Path, namespace: kube.Namespace, settings: dict[str, str], command: list[str] | None = None
) -> AsyncIterator[tuple[Shipped, Shipped]]:
    """The second starts once the first is up. They share a guild, a database and a cluster, and nothing else."""
    homes = [folder / "one", folder / "two"]
    for home in homes:
        (home / ".kube").mkdir(parents=True)
        shutil.copy(namespace.kubeconfig, home / ".kube" / "config")
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(shipped(homes[0], command=command, **settings))
        second = Shipped(homes[1], first.guild, settings)
        second.command, second.people = command or second.command, first.people
        await second.start()
        stack.push_async_callback(second.stop)
        yield first, second


def leads(bot: Shipped) -> bool:
    return '"lease": "control"' in bot.log


async def test_one_acts_the_other_answers_and_takes_over(
    namespace: kube.Namespace, settings: dict[str, str], tmp_path: Path
) -> None:
    async with two(tmp_path, namespace, settings) as (first, second):
        ada = first.people["Ada"]
        await ada.slash(CHAT, "server create", game="meadow", name="Pond")
        await first.message("### Pond", "Running", within=120)
        assert (leads(first), leads(second)) == (True, False)
        assert len(await first.cards()) == 1

        await first.stop(signal.SIGKILL)
        async with asyncio.timeout(40):
            while not leads(second):
                await asyncio.sleep(0.1)
        card = await second.message("### Pond", "Running")
        await second.press("Pause", card)
        await second.message("### Pond", "Paused", within=120)
        assert len(await second.cards()) == 1


async def test_two_that_both_act_do_no_harm(
    namespace: kube.Namespace, settings: dict[str, str], tmp_path: Path
) -> None:
    async with two(tmp_path, namespace, settings, UNLEASED) as (first, _):
        ada = first.people["Ada"]
        answer = await ada.slash(CHAT, "server create", game="meadow", name="Brook")
        await first.message("### Brook", "Running", within=120)
        number = answer["message"]["id"]
        said = await first.until(lambda found: next((texts(m["components"]) for m in found if m["id"] == number), ""))
        assert "Brook" in said
        assert len(await first.cards("Brook")) == 1
        sets = [each["metadata"] for each in namespace.get("statefulsets")["items"]]
        pods = [each["metadata"] for each in namespace.get("pods")["items"]]
        mine = [each for each in sets if each["annotations"][NAME] == "Brook"]
        assert len(mine) == 1
        assert len([each for each in pods if each["name"].startswith(mine[0]["name"])]) == 1
        for label, phase in (("Pause", "Paused"), ("Resume", "Running")):
            await first.press(label, (await first.cards("Brook"))[0])
            await first.message("### Brook", phase, within=120)
        assert len(await first.cards("Brook")) == 1
        ready = [
            m for m in await first.messages() if "Brook" in texts(m["components"]) and "ready" in texts(m["components"])
        ]
        numbers = [m["components"][0]["id"] for m in ready if not m.get("ephemeral_for") and m["components"]]
        assert len(numbers) == len(set(numbers)), "no notice came twice"
