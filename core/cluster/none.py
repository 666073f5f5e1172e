"""No cluster at all: for whoever works on rows alone (a rebuild at a shell, a benchmark's seed)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NoReturn

from core.cluster.port import Cluster, News, ServerSpec
from core.errors import ClusterAway
from core.games.query.port import LogPart


class NoCluster(Cluster):
    """It is always away."""

    async def watch(self) -> AsyncIterator[News]:
        _away()
        yield

    async def ensure(self, spec: ServerSpec) -> None:
        _away()

    async def delete_pod(self, server: str, uid: str) -> None:
        _away()

    async def release_volume(self, server: str, volume: int) -> None:
        _away()

    async def remove(self, server: str) -> None:
        _away()

    async def logs(self, server: str, *, lines: int = 100, previous: bool = False) -> str:
        _away()

    async def follow(self, server: str) -> AsyncIterator[LogPart]:
        _away()
        yield

    async def console(self, server: str, line: str) -> str:
        _away()


def _away() -> NoReturn:
    raise ClusterAway("there is none here")
