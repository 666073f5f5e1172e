"""The bot killed with -9 at seeded moments of every action, its servers on a real cluster: no orphan, no lost write.

Each seed has one moment for every action; they are sampled (tests/support/sampling.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import kube
import pytest
from onkube import on_kubernetes
from sampling import sample
from shipped import Shipped, has

from bot.demo.guild.cast import CHAT
from core.cluster.kubernetes.names import SERVER

kube.needs_cluster()
pytestmark = [pytest.mark.timeout(400), *kube.pytestmark, pytest.mark.process]
SEEDS = sample(range(84), 2, "deaths")
LATEST = 3.0  # seconds after the command; all that follows from one takes about so long


async def create(house: Shipped) -> None:
    if not await house.people["Ada"].autocomplete(CHAT, "server show", "server", server="Pond"):
        await house.people["Ada"].slash(CHAT, "server create", game="meadow", name="Pond")


async def delete(house: Shipped) -> None:
    asked = await house.people["Ada"].slash(CHAT, "server delete", server="Pond")
    if asked.get("modal"):
        await house.people["Ada"].submit(CHAT, asked["modal"], name="Pond")


def command(name: str) -> Callable[[Shipped], Awaitable[Any]]:
    return lambda house: house.people["Ada"].slash(CHAT, f"server {name}", server="Pond")


ACTIONS: list[tuple[Callable[[Shipped], Awaitable[Any]], str, bool]] = [  # what, the phase it leads to, ask again
    (create, "Running", True),
    (command("pause"), "Paused", True),
    (command("resume"), "Running", True),
    (command("restart"), "Running", False),
    (command("pause"), "Paused", True),
    (delete, "Deleted", True),
]


@pytest.fixture
def namespace(tmp_path: Path) -> Iterator[kube.Namespace]:
    """One for each test: what is left over would count as an orphan."""
    made = kube.make_namespace(tmp_path)
    yield made
    made.remove()


@pytest.mark.parametrize("seed", SEEDS)
async def test_killed_at_any_moment_it_converges(seed: int, namespace: kube.Namespace, tmp_path: Path) -> None:
    first = 31200 + 10 * (seed % 50)
    chance = random.Random(seed)
    async with on_kubernetes(namespace, tmp_path, ports=f"{first}-{first + 9}") as house:
        for act, phase, again in ACTIONS:
            acting = asyncio.create_task(attempt(act, house))
            await asyncio.sleep(chance.uniform(0, LATEST))
            await house.stop(signal.SIGKILL)
            await acting
            await house.start()
            if again:
                await act(house)  # idempotent: whoever saw no answer asks again
            await house.message("### Pond", phase, within=60)
            assert len(await house.cards()) == 1
            await only_what_is_wanted(namespace, house, pods=1 if phase == "Running" else 0)


async def attempt(act: Callable[[Shipped], Awaitable[Any]], house: Shipped) -> None:
    with contextlib.suppress(Exception):
        await asyncio.wait_for(act(house), 5)


async def only_what_is_wanted(namespace: kube.Namespace, house: Shipped, *, pods: int) -> None:
    """One server, with one volume and at most one pod, and nothing of any other."""
    async with asyncio.timeout(30):
        while len((found := await asyncio.to_thread(namespace.get, "pods"))["items"]) != pods:
            assert len(found["items"]) <= 1, "a second pod on one volume"
            await asyncio.sleep(0.2)
    kinds = ("statefulsets", "persistentvolumeclaims", "services", "networkpolicies")
    held = [await asyncio.to_thread(namespace.get, kind) for kind in kinds]
    assert [len(each["items"]) for each in held] == [1, 1, 1, 1], "no orphan, and nothing missing"
    assert len({each["items"][0]["metadata"]["labels"][SERVER] for each in held}) == 1
    assert has((await house.cards())[0], "### Pond")
