from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from boxes import podman

from core.agent.local.folder import ServerFolder
from core.cluster.local.cluster import LocalCluster
from core.cluster.local.container import FOLDER, folder_mark
from core.cluster.local.containers import Containers
from core.worlds.store.place import StorePlace
from tests.cluster.place import kill_all
from tests.contracts.cluster import Reopen


class Opened:
    """The clusters that a test opened on one folder, so that the last is the one to close."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "servers"
        self.store_folder = folder / "store"
        self.now: LocalCluster | None = None
        self.mark = folder_mark(self.folder)

    async def open(self) -> LocalCluster:
        if self.now is not None:
            await self.now.close()
        store = StorePlace(f"folder:{self.store_folder}")
        self.now = LocalCluster(self.folder, store=store, containers=Containers("podman", self.folder))
        await self.now.start()
        return self.now

    def containers(self) -> list[str]:
        """Of this cluster, whatever they do."""
        return podman("ps", "--all", "--quiet", "--no-trunc", f"--filter=label={FOLDER}={self.mark}").split()


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    opened = Opened(tmp_path)
    yield opened
    if opened.now is not None:
        await opened.now.close()
    for root in opened.folder.iterdir() if opened.folder.exists() else ():
        kill_all(ServerFolder(root))
    for _ in range(10):
        with contextlib.suppress(AssertionError):  # podman 4.3.1 refuses what it stops just then
            if not (left := opened.containers()):
                break
            podman("rm", "--force", "--time=0", *left)


@pytest.fixture
async def cluster(opened: Opened) -> LocalCluster:
    return await opened.open()


@pytest.fixture
def reopen(opened: Opened) -> Reopen:
    return opened.open
