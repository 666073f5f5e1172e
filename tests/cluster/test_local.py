"""The local cluster: the contract, and what only child processes of this machine can show."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tiny import specs

from core.agent.files import read_record
from core.agent.local.folder import ServerFolder
from core.agent.local.process import is_alive, send
from core.agent.wire import PodSpec, RunningAgent, State
from core.cluster.local.cluster import LocalCluster
from core.cluster.port import Cluster, PortSpec, ServerSpec
from core.errors import ClusterError
from core.words import PodPhase, Problem
from tests.cluster.place import kill_all
from tests.contracts.cluster import ClusterContract, MakeSpec, Occupy, Reopen, no_pod, ready, until


@pytest.fixture
def spec() -> MakeSpec:
    return specs()


class Opened:
    """The clusters that a test opened on one folder, so that the last is the one to close."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now: LocalCluster | None = None

    async def open(self) -> LocalCluster:
        if self.now is not None:
            await self.now.close()
        self.now = LocalCluster(self.folder)
        await self.now.start()
        return self.now


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    opened = Opened(tmp_path / "servers")
    yield opened
    if opened.now is not None:
        await opened.now.close()
    for root in opened.folder.iterdir() if opened.folder.exists() else ():
        kill_all(ServerFolder(root))


@pytest.fixture
async def cluster(opened: Opened) -> LocalCluster:
    return await opened.open()


@pytest.fixture
def reopen(opened: Opened) -> Reopen:
    return opened.open


@contextlib.contextmanager
def squatter(port: int, *, udp: bool = False, host: str = "127.0.0.1") -> Iterator[socket.socket]:
    """Another program that uses a port."""
    with socket.socket(type=socket.SOCK_DGRAM if udp else socket.SOCK_STREAM) as other:
        if not udp:  # what a game left behind on it does not count
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((host, port))
        if not udp:
            other.listen()
        yield other


def game_port(spec: ServerSpec) -> int:
    port = spec.ports[0].host
    assert port is not None
    return port


@pytest.fixture
def occupy() -> Occupy:
    @contextlib.asynccontextmanager
    async def occupy(spec: ServerSpec) -> AsyncIterator[int]:
        with squatter(game_port(spec)):
            yield game_port(spec) + 1

    return occupy


class TestContract(ClusterContract):
    """The port's contract."""


class TestLocal:
    async def test_a_pause_lets_the_game_save_and_a_resume_brings_the_same_data(
        self, cluster: LocalCluster, spec: MakeSpec, opened: Opened
    ) -> None:
        wanted = spec()
        data = ServerFolder(opened.folder / wanted.server).volume(1).data
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        await cluster.ensure(replace(wanted, replicas=0))
        await no_pod(cluster, wanted.server)
        assert (data / "saved").read_text() == "start 1"
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        assert len((data / "starts").read_text().splitlines()) == 2
        assert (data / "saved").read_text() == "start 1"

    async def test_an_agent_that_hangs_is_killed_after_the_grace(
        self, cluster: LocalCluster, spec: MakeSpec, opened: Opened
    ) -> None:
        wanted = spec(grace=1)
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        agent = read_record(RunningAgent, ServerFolder(opened.folder / wanted.server).agent_file)
        assert agent is not None
        os.kill(agent.pid, signal.SIGSTOP)
        await cluster.ensure(replace(wanted, replicas=0))
        await no_pod(cluster, wanted.server)

    async def test_a_volume_that_should_come_from_a_snapshot_never_starts_empty(
        self, cluster: LocalCluster, spec: MakeSpec
    ) -> None:
        wanted = replace(spec(), source="1-1-1")
        await cluster.ensure(wanted)
        seen = await until(cluster, wanted.server, lambda seen: seen.problem is not None)
        assert (seen.problem, seen.pod) == (Problem.STORE_REFUSED, PodPhase.NONE)

    async def test_a_volume_in_use_is_not_released(self, cluster: LocalCluster, spec: MakeSpec) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        with pytest.raises(ClusterError):
            await cluster.release_volume(wanted.server, 1)

    async def test_a_killed_agent_is_followed_by_a_new_pod_and_never_by_two_games(
        self, cluster: LocalCluster, spec: MakeSpec, opened: Opened
    ) -> None:
        wanted = spec()
        folder = ServerFolder(opened.folder / wanted.server)
        await cluster.ensure(wanted)
        first = await ready(cluster, wanted.server)
        _kill_agent(folder)
        second = await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.uid != first.uid)
        assert second.restarts == 0
        assert (folder.volume(1).data / "saved").read_text() == "start 1"
        assert not (folder.volume(1).data / "two").exists()

    async def test_a_game_that_outlives_its_agent_is_ended_before_the_next_starts(
        self, cluster: LocalCluster, spec: MakeSpec, opened: Opened
    ) -> None:
        wanted = spec(mode="deaf", grace=1)
        folder = ServerFolder(opened.folder / wanted.server)
        await cluster.ensure(wanted)
        first = await ready(cluster, wanted.server)
        _kill_agent(folder)
        await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.uid != first.uid)
        assert not (folder.volume(1).data / "two").exists()

    async def test_a_killed_game_is_an_exit_with_137(
        self, cluster: LocalCluster, spec: MakeSpec, opened: Opened
    ) -> None:
        wanted = spec()
        folder = ServerFolder(opened.folder / wanted.server)
        await cluster.ensure(wanted)
        first = await ready(cluster, wanted.server)
        state = read_record(State, folder.state_file)
        assert state is not None
        assert state.pid is not None
        send(state.pid, state.identity, signal.SIGKILL)
        seen = await ready(cluster, wanted.server, restarts=1)
        assert seen.uid == first.uid
        assert seen.last_exit is not None
        assert seen.last_exit.code == 137

    async def test_a_bot_that_comes_back_after_its_agents_died_starts_the_server(
        self, cluster: LocalCluster, reopen: Reopen, spec: MakeSpec, opened: Opened
    ) -> None:
        wanted = spec()
        folder = ServerFolder(opened.folder / wanted.server)
        await cluster.ensure(wanted)
        first = await ready(cluster, wanted.server)
        await cluster.close()
        _kill_agent(folder)
        again: Cluster = await reopen()
        await until(again, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.uid != first.uid)
        assert not (folder.volume(1).data / "two").exists()

    async def test_data_without_a_marker_is_a_problem_and_is_left_alone(
        self, cluster: LocalCluster, spec: MakeSpec, opened: Opened
    ) -> None:
        wanted = spec()
        data = ServerFolder(opened.folder / wanted.server).volume(1).data
        data.mkdir(parents=True)
        (data / "world").write_text("somebody's")
        await cluster.ensure(wanted)
        seen = await until(cluster, wanted.server, lambda seen: seen.problem is not None)
        assert seen.problem == Problem.VOLUME_FOREIGN
        assert [each.name for each in data.iterdir()] == ["world"]

    async def test_halt_saves_and_leaves_what_is_wanted(
        self, cluster: LocalCluster, reopen: Reopen, spec: MakeSpec, opened: Opened
    ) -> None:
        wanted = spec()
        data = ServerFolder(opened.folder / wanted.server).volume(1).data
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        await cluster.halt(10)
        seen = await no_pod(cluster, wanted.server)
        assert seen.replicas == 1
        assert (data / "saved").exists()
        await ready(await reopen(), wanted.server)

    async def test_a_port_that_another_program_has_is_named(self, cluster: LocalCluster, spec: MakeSpec) -> None:
        wanted = spec()
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a test before may have had it
            other.bind(("127.0.0.1", wanted.ports[0].host or 0))
            other.listen()
            await cluster.ensure(wanted)
            seen = await until(cluster, wanted.server, lambda seen: "cannot be had" in seen.detail)
        assert str(wanted.ports[0].host) in seen.detail
        assert seen.ready_since is None

    async def test_a_game_gets_nothing_of_the_bots_environment(
        self, cluster: LocalCluster, spec: MakeSpec, opened: Opened, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DORMOUSE_DISCORD_TOKEN", "hush")
        wanted = spec()
        folder = ServerFolder(opened.folder / wanted.server)
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        state, agent = read_record(State, folder.state_file), read_record(RunningAgent, folder.agent_file)
        assert state is not None
        assert agent is not None
        for pid in (state.pid, agent.pid):
            assert b"hush" not in _proc(pid, "environ")
            assert wanted.agent_secret.encode() not in _proc(pid, "cmdline")

    async def test_secrets_on_disk_are_for_the_owner_only(
        self, cluster: LocalCluster, spec: MakeSpec, opened: Opened
    ) -> None:
        wanted = spec()
        folder = ServerFolder(opened.folder / wanted.server)
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        assert [oct(path.stat().st_mode & 0o777) for path in (folder.spec.path, folder.pod_file.path)] == [
            "0o600",
            "0o600",
        ]

    async def test_removing_ends_every_process_and_deletes_the_folder(
        self, cluster: LocalCluster, spec: MakeSpec, opened: Opened
    ) -> None:
        wanted = spec()
        folder = ServerFolder(opened.folder / wanted.server)
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        state, agent = read_record(State, folder.state_file), read_record(RunningAgent, folder.agent_file)
        assert state is not None
        assert state.pid is not None
        assert agent is not None
        await cluster.remove(wanted.server)
        await until(cluster, wanted.server, lambda seen: not seen.exists)
        assert not is_alive(state.pid, state.identity)
        assert not is_alive(agent.pid, agent.identity)
        assert not folder.root.exists()

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it")
    async def test_a_port_that_is_taken_between_two_starts_of_a_game_is_named_at_the_next(
        self, cluster: LocalCluster, spec: MakeSpec
    ) -> None:
        wanted = spec(mode="crash")
        await cluster.ensure(wanted)
        await until(cluster, wanted.server, lambda seen: seen.restarts >= 1)
        with squatter(game_port(wanted)):
            seen = await until(cluster, wanted.server, lambda seen: bool(seen.taken))
            assert seen.problem is Problem.PORT_TAKEN
        await until(cluster, wanted.server, lambda seen: not seen.taken)

    async def test_a_game_starts_by_itself_when_its_port_comes_free(
        self, cluster: LocalCluster, spec: MakeSpec, opened: Opened
    ) -> None:
        wanted = spec()
        with squatter(game_port(wanted)):
            await cluster.ensure(wanted)
            await until(cluster, wanted.server, lambda seen: bool(seen.taken))
            assert not (ServerFolder(opened.folder / wanted.server).volume(1).data / "starts").exists()
        assert (await ready(cluster, wanted.server)).restarts == 0

    async def test_a_udp_port_is_tried_too(self, cluster: LocalCluster, spec: MakeSpec) -> None:
        wanted, voice = spec(), game_port(spec()) + 1
        wanted = replace(wanted, ports=(*wanted.ports, PortSpec("voice", "udp", 8401, voice)))
        with squatter(voice, udp=True):
            await cluster.ensure(wanted)
            assert (await until(cluster, wanted.server, lambda seen: bool(seen.taken))).taken == ("voice",)
            assert await cluster.listenable([voice, voice + 1, voice + 2], 1) == [voice + 1]

    async def test_its_own_game_is_nobody_else(self, cluster: LocalCluster, spec: MakeSpec, opened: Opened) -> None:
        wanted = spec(mode="deaf", grace=1)
        await cluster.ensure(wanted)
        first = await ready(cluster, wanted.server)
        _kill_agent(ServerFolder(opened.folder / wanted.server))
        seen = await until(
            cluster,
            wanted.server,
            lambda seen: bool(seen.taken) or (seen.pod is PodPhase.READY and seen.uid != first.uid),
        )
        assert seen.taken == ()

    async def test_it_tells_what_a_game_uses(self, cluster: LocalCluster, spec: MakeSpec) -> None:
        wanted = spec()
        await cluster.ensure(wanted)
        await ready(cluster, wanted.server)
        used = await cluster.usage(wanted.server)
        assert used is not None
        assert 1 << 20 < used.memory < 1 << 30

    async def test_the_agent_wants_its_token(self, cluster: LocalCluster, spec: MakeSpec, opened: Opened) -> None:
        wanted = spec()
        folder = ServerFolder(opened.folder / wanted.server)
        await cluster.ensure(wanted)
        agent = (await ready(cluster, wanted.server)).endpoints["agent"]
        pod = read_record(PodSpec, folder.pod_file)
        assert pod is not None
        assert await _status(agent.port, "/ready") == 200
        assert await _status(agent.port, "/v1/status") == 401
        assert await _status(agent.port, "/v1/status", token="x") == 401
        assert await _status(agent.port, "/v1/status", token=pod.token) == 200


def _kill_agent(folder: ServerFolder) -> None:
    agent = read_record(RunningAgent, folder.agent_file)
    assert agent is not None
    send(agent.pid, agent.identity, signal.SIGKILL)


def _proc(pid: int | None, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()


async def _status(port: int, path: str, *, token: str = "") -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
    writer.write((head + (f"Authorization: Bearer {token}\r\n" if token else "") + "\r\n").encode())
    try:
        return int((await reader.readline()).split()[1])
    finally:
        writer.close()
