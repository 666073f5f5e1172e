"""From a member's command to a server that is Ready, beside `kubectl apply` and `kubectl wait` of the same manifests.

Both make one server at a time in the same namespace and take turns; a watch that is neither side's tells when the pod
became Ready, so that how each side learns of it is a figure of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kube
from pods import WITHIN, Pods
from reading import texts
from sides import Side

from bot.demo.guild import cast
from bot.demo.guild.events import Event, MessageCreated, MessageUpdated
from core.cluster.kubernetes.manifests import manifests
from core.cluster.kubernetes.site import Site
from core.cluster.port import PortSpec
from core.games.catalogue import BUILT_IN, Catalogue
from core.guilds.limits import WORLD_BYTES
from core.words import new_server_id

GAME = "meadow"
POOL = "31000-31999"
"""Of the bot; kubectl's servers have node ports below it."""
FIRST_PORT = 30500
PLENTY = 1000


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds from the command until the pod was there, until it was Ready, and until who asked was told: by a message
    in the channel, or because `kubectl wait` returned."""

    pod: float
    ready: float
    told: float


@dataclass(frozen=True, slots=True)
class Pair:
    dormouse: Took
    kubectl: Took


def settings(namespace: kube.Namespace) -> dict[str, str]:
    """Of a bot whose servers run there."""
    return {
        "CLUSTER": "kubernetes",
        "NAMESPACE": namespace.name,
        "IMAGE": kube.IMAGE,
        "EXPOSURE": "nodeport",
        "PORTS": POOL,
        "IDLE_AFTER": "7200",
    }


def lift_limits(side: Side) -> None:
    """So that one member may have as many servers as are measured."""
    column = "servers_per_member = ?, servers_per_guild = ?"
    with contextlib.closing(sqlite3.connect(side.folder / "dormouse.db", timeout=10)) as database, database:
        database.execute("INSERT OR IGNORE INTO guilds (id) VALUES (?)", (int(cast.GUILD),))
        database.execute(f"UPDATE guilds SET {column} WHERE id = ?", (PLENTY, PLENTY, int(cast.GUILD)))


def pond(number: int) -> str:
    """What the bot's servers are called."""
    return f"Pond {number}"


class Dormouse:
    def __init__(self, side: Side, pods: Pods) -> None:
        self._side = side
        self._pods = pods
        self._told: dict[str, asyncio.Future[float]] = {}
        side.guild.world.emitter.listeners.append(self._on_event)

    async def make(self, name: str) -> Took:
        return await self._timed(name, "create", game=GAME, name=name)

    async def resume(self, name: str) -> Took:
        self._pods.forget(name)
        return await self._timed(name, "resume", server=name)

    async def _timed(self, server: str, command: str, /, **options: str) -> Took:
        told = self._told[server] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        await self._side.ask(cast.ADA, command, **options)
        came, ready = await self._pods.ready(server)
        async with asyncio.timeout(WITHIN):
            return Took(came - began, ready - began, await told - began)

    async def end(self, name: str) -> None:
        await self._side.ask(cast.ADA, "pause", server=name)
        await self._pods.gone(name)

    def _on_event(self, event: Event) -> None:
        """The card, or the notice: whichever says it first."""
        if not isinstance(event, MessageCreated | MessageUpdated) or event.message.ephemeral_for is not None:
            return
        text = texts(event.message.data["components"]) + event.message.data["content"]
        for name, told in self._told.items():
            says = f"{name} is ready" in text or (f"### {name}\n" in text and "Running" in text)
            if says and not told.done():
                told.set_result(time.perf_counter())


class Kubectl:
    """One List for each server, applied as a person would."""

    def __init__(self, namespace: kube.Namespace, pods: Pods, folder: Path) -> None:
        self._namespace, self._pods, self._folder = namespace, pods, folder
        self._game = Catalogue.load(BUILT_IN, image_only=True).find(GAME)
        self._site: Site = kube.site(installation="by-kubectl")
        self._made = 0

    async def make(self, name: str) -> Took:
        server, file = new_server_id(), self._folder / f"{name}.json"
        self._made += 1
        ports = tuple(
            PortSpec(port.name, port.protocol, port.container, FIRST_PORT + self._made) for port in self._game.ports
        )
        spec = kube.make_spec(
            server, game=self._game, name=name, settings=self._game.values({}), ports=ports, volume_bytes=WORLD_BYTES
        )
        items: list[Any] = [manifest for _, manifest in manifests(spec, self._site)]
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        began = time.perf_counter()
        await self._kubectl("apply", "-f", str(file))
        await self._kubectl("wait", "--for=create", f"pod/{server}-0", f"--timeout={WITHIN:.0f}s")
        await self._kubectl("wait", "--for=condition=Ready", f"pod/{server}-0", f"--timeout={WITHIN:.0f}s")
        told = time.perf_counter()
        came, ready = await self._pods.ready(name)
        return Took(came - began, ready - began, told - began)

    async def end(self, name: str) -> None:
        await self._kubectl("delete", "--wait=false", "-f", str(self._folder / f"{name}.json"))
        await self._pods.gone(name)

    async def _kubectl(self, *arguments: str) -> None:
        process = await asyncio.create_subprocess_exec(
            "kubectl",
            *("--kubeconfig", kube.KUBECONFIG, "-n", self._namespace.name, *arguments),
            env={"PATH": os.environ["PATH"], "HOME": str(self._folder)},
            stdout=asyncio.subprocess.DEVNULL,
        )
        if await process.wait():
            raise SystemExit(f"kubectl {arguments[0]} ended with {process.returncode}")


async def pairs(side: Side, namespace: kube.Namespace, number: int) -> list[Pair]:
    """Of a bot that runs. One pair more is made than counted: both sides' first is a first (shapes are learned, Python
    in the image is read from disk)."""
    async with Pods(kube.KUBECONFIG, namespace.name) as pods:
        ours, theirs = Dormouse(side, pods), Kubectl(namespace, pods, side.folder)
        found = []
        for n in range(number + 1):
            took: dict[object, Took] = {}
            for one in (ours, theirs) if n % 2 else (theirs, ours):
                name = pond(n) if one is ours else f"Kubectl {n}"
                took[one] = await one.make(name)
                await one.end(name)
            found.append(Pair(took[ours], took[theirs]))
            print(f"  {n}: {found[-1]}", flush=True)
        return found[1:]
