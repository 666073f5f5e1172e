"""The port's contract, by the cluster in memory that most tests of core stand on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fakecluster import FakeCluster
from tiny import specs

from core.cluster.port import ServerSpec
from tests.contracts.cluster import ClusterContract, MakeSpec, Occupy, Reopen


class TinyGames(FakeCluster):
    """Its games do as tests/support/tinygame.py does."""

    second = 0.01

    def __init__(self) -> None:
        super().__init__()
        self._starts: Counter[str] = Counter()

    def begun(self, server: str) -> None:
        self._starts[server] += 1
        first = self._starts[server] == 1
        self.say(server, f"start {self._starts[server]}")
        match self.specs[server].settings["mode"]:
            case "crash":
                self._exits(server, 3)
            case "crash-once" if first:
                self._exits(server, 3)
            case "exit-zero" if first:
                self._exits(server, 0)
            case "silent":
                pass
            case _:
                self.become_ready(server)

    def heard(self, server: str, line: str) -> str:
        self.say(server, f"heard {line}")
        return f"heard {line}"

    def _exits(self, server: str, code: int) -> None:
        asyncio.get_running_loop().call_later(self.second, self.crash, server, code)


@pytest.fixture
async def cluster() -> AsyncIterator[TinyGames]:
    cluster = TinyGames()
    yield cluster
    await cluster.close()


@pytest.fixture
def reopen(cluster: TinyGames) -> Reopen:
    """It is the cluster itself, and has no memory of a bot that could be lost."""

    async def reopen() -> TinyGames:
        return cluster

    return reopen


@pytest.fixture
def spec() -> MakeSpec:
    return specs()


@pytest.fixture
def occupy(cluster: TinyGames) -> Occupy:
    @asynccontextmanager
    async def occupy(spec: ServerSpec) -> AsyncIterator[int]:
        port = spec.ports[0].host
        assert port is not None
        cluster.taken.add(port)
        yield port + 1

    return occupy


class TestContract(ClusterContract):
    """The port's contract."""
