"""A local cluster, its store beside it, and one server: what tests of worlds and of attacks on them start from."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ports import ports
from tiny import TINY

from core.agent.local.folder import ServerFolder
from core.agent.local.process import holders
from core.cluster.local.cluster import LocalCluster
from core.cluster.port import PortSpec, ServerSpec
from core.games.form.saving import Save
from core.words import new_server_id
from core.worlds.listing import Snapshot, listing
from core.worlds.store.folder import FolderStore
from core.worlds.store.place import StorePlace
from core.worlds.turns import Turns
from tests.contracts.cluster import no_pod, ready

QUIET = Save(off="quiet", flush="flush", on="loud", done="heard flush")


class Place:
    """A cluster whose worlds are kept in a folder beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store_folder = folder / "servers", folder / "store"
        self.cluster: LocalCluster | None = None
        self.server = new_server_id()
        self._port = int(ports().split("-")[0])

    async def open(
        self, *, every: float | None = None, store: str | None = None, turns: Turns | None = None
    ) -> LocalCluster:
        if self.cluster is not None:
            await self.cluster.close()
        place = StorePlace(store or f"folder:{self.store_folder}", every=every)
        self.cluster = LocalCluster(self.folder, store=place, turns=turns)
        await self.cluster.start()
        return self.cluster

    def spec(self, **more: object) -> ServerSpec:
        game = TINY.model_copy(update={"save": QUIET})
        made = ServerSpec(
            server=self.server,
            guild=1,
            owner=2,
            name="Pond",
            game=game,
            size=game.sizes[0],
            run=1,
            volume=1,
            replicas=1,
            ports=(PortSpec("game", "tcp", 8400, self._port),),
            settings={"mode": ""},
            console_secret="c" * 64,
            agent_secret="a" * 64,
            volume_bytes=1 << 30,
        )
        return replace(made, **more)  # type: ignore[arg-type]

    @property
    def files(self) -> ServerFolder:
        return ServerFolder(self.folder / self.server)

    def root(self, volume: int) -> Path:
        return self.files.volume(volume).root

    def data(self, volume: int = 1) -> Path:
        return self.root(volume) / "data"

    def snapshots(self) -> list[Snapshot]:
        return listing(FolderStore(self.store_folder), self.server)

    def log(self) -> str:
        return self.files.log.path.read_text()

    async def paused(self, **more: object) -> ServerSpec:
        """A server that ran and is at rest."""
        cluster, wanted = self.cluster, self.spec(**more)
        assert cluster is not None
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        await cluster.ensure(replace(wanted, replicas=0))
        await no_pod(cluster, wanted.server)
        return wanted


async def until_true(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.05)


def kill_all(folder: ServerFolder) -> None:
    """Whatever a test left of a server. The locks tell: the pod's is held from the moment its agent is forked."""
    for lock in (folder.pod_lock.path, *folder.volumes.path.glob("*/lock")):
        for pid in holders(lock):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
