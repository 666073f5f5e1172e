"""The local cluster with podman: the contract, and what only a container can show. Docker is not to be had here: its
command line alone is tested (tests/cluster/test_container.py)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from boxes import UID, boxed_specs, needs_podman, podman

from core.agent.files import read_record
from core.agent.local.folder import ServerFolder
from core.agent.wire import PodSpec, RunningAgent, State
from core.cluster.local.cluster import LocalCluster
from core.cluster.port import PortSpec, ServerSpec
from core.games.form.reached import ConsoleRule, Query, Ready
from core.words import PodPhase, Problem
from core.worlds.gaps import Gaps
from tests.cluster.place import until_true
from tests.cluster.test_local import game_port, squatter
from tests.containers.conftest import Opened
from tests.contracts.cluster import ClusterContract, MakeSpec, Occupy, Reopen, no_pod, ready, until

needs_podman()
ROOT = os.geteuid() == 0
OWNER = UID if ROOT else os.geteuid()
"""Whose the world's files are: root's podman leaves them to the image's user, who else is whoever runs podman."""
pytestmark = [pytest.mark.containers]


@pytest.fixture
def spec() -> MakeSpec:
    return boxed_specs()


@pytest.fixture
def occupy() -> Occupy:
    @asynccontextmanager
    async def occupied(spec: ServerSpec) -> AsyncIterator[int]:
        with squatter(game_port(spec)):
            yield game_port(spec) + 1

    return occupied


class TestContract(ClusterContract):
    """Each test here runs the game in a container."""


class One:
    """One server that is up."""

    def __init__(self, opened: Opened, wanted: ServerSpec) -> None:
        self._opened = opened
        self.files = ServerFolder(opened.folder / wanted.server)
        self.data = self.files.volume(1).data

    @property
    def state(self) -> State:
        found = read_record(State, self.files.state_file)
        assert found is not None
        return found

    @property
    def pod(self) -> PodSpec:
        found = read_record(PodSpec, self.files.pod_file)
        assert found is not None
        return found

    def inspect(self) -> dict[str, Any]:
        (number,) = self._opened.containers()
        found: dict[str, Any] = json.loads(podman("inspect", number))[0]
        return found

    def kill_agent(self) -> None:
        agent = read_record(RunningAgent, self.files.agent_file)
        assert agent is not None
        os.kill(agent.pid, signal.SIGKILL)

    def starts(self) -> int:
        return len((self.data / "starts").read_text().splitlines())

    @property
    def two_ran(self) -> bool:
        return (self.data / "two").exists()


@pytest.fixture
async def up(cluster: LocalCluster, opened: Opened, spec: MakeSpec) -> tuple[One, ServerSpec]:
    wanted = spec()
    await cluster.ensure(wanted)
    await ready(cluster, wanted.server)
    return One(opened, wanted), wanted


async def test_the_agent_reads_every_file_of_the_world_whoever_the_images_user_is(
    cluster: LocalCluster, up: tuple[One, ServerSpec]
) -> None:
    one, wanted = up
    assert (one.data / "starts").stat().st_uid == OWNER
    assert one.data.stat().st_uid == OWNER
    os.chmod(one.data / "starts", 0o600)
    assert (await cluster.snapshot(wanted.server, full=True)).gaps == Gaps()


async def test_memory_and_cpu_are_limited(cluster: LocalCluster, up: tuple[One, ServerSpec]) -> None:
    one, wanted = up
    if not ROOT:
        pytest.skip("what a user may limit differs by machine: `dormouse check` says it")
    await until_true(lambda: one.state.inner_pid is not None)
    seen = cgroup(one.state.inner_pid or 0)
    assert seen["memory"] == wanted.size.memory * 2**20
    assert seen["cpu"] == pytest.approx(2 * wanted.size.cpu / 1000)
    async with asyncio.timeout(60):
        while (used := await cluster.usage(wanted.server)) is None:
            await asyncio.sleep(0.05)
    assert 1 << 20 < used.memory <= wanted.size.memory * 2**20


def cgroup(pid: int) -> dict[str, float]:
    """Bytes and cores that a process may use, of either version of cgroups."""
    places = dict(line.split(":", 2)[1:] for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines())
    root = Path("/sys/fs/cgroup")
    if "memory" in places:
        cpu = root / "cpu" / places.get("cpu", places.get("cpu,cpuacct", "")).lstrip("/")
        quota, period = (int((cpu / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
        memory = (root / "memory" / places["memory"].lstrip("/") / "memory.limit_in_bytes").read_text()
    else:
        own = root / places[""].lstrip("/")
        quota, period = map(int, (own / "cpu.max").read_text().split())
        memory = (own / "memory.max").read_text()
    return {"memory": int(memory), "cpu": quota / period}


async def test_a_game_gets_no_rights_and_nothing_of_the_bots_environment(
    cluster: LocalCluster, opened: Opened, spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DORMOUSE_DISCORD_TOKEN", "hush")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hush@127.0.0.1:1")
    wanted = spec()
    hidden = wanted.game.model_copy(update={"env": wanted.game.env | {"RCON_PASSWORD": "{secret.console}"}})
    cluster = await opened.open()
    await cluster.ensure(replace(wanted, game=hidden))
    await ready(cluster, wanted.server)
    one = One(opened, wanted)
    await until_true(lambda: one.state.inner_pid is not None)
    inside = Path(f"/proc/{one.state.inner_pid}")
    assert "hush" not in (inside / "environ").read_text()
    assert f"RCON_PASSWORD={wanted.console_secret}" in (inside / "environ").read_text()
    status = (inside / "status").read_text()
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert wanted.console_secret not in client_line(one)
    assert "run" in client_line(one)


def client_line(one: One) -> str:
    return Path(f"/proc/{one.state.pid}/cmdline").read_text()


async def test_ports_are_only_where_they_belong(cluster: LocalCluster, opened: Opened, spec: MakeSpec) -> None:
    wanted = spec()
    wanted = replace(wanted, ports=(*wanted.ports, PortSpec("rcon", "tcp", 8401, None)))
    await cluster.ensure(wanted)
    seen = await ready(cluster, wanted.server)
    closed = seen.endpoints["rcon"]
    assert closed.host == "127.0.0.1"
    assert One(opened, wanted).inspect()["HostConfig"]["PortBindings"] == {
        "8400/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(game_port(wanted))}],
        "8401/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(closed.port)}],
    }


async def test_a_game_saves_when_its_agent_is_killed_and_another_one_goes_on(
    cluster: LocalCluster, opened: Opened, up: tuple[One, ServerSpec]
) -> None:
    one, wanted = up
    first = one.pod.uid
    one.kill_agent()
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.uid != first)
    assert (one.data / "saved").read_text() == "start 1"
    assert (one.starts(), one.two_ran) == (2, False)
    assert len(opened.containers()) == 1


async def test_a_container_whose_agent_and_client_were_killed_ends_before_the_next_start(
    cluster: LocalCluster, opened: Opened, up: tuple[One, ServerSpec]
) -> None:
    one, wanted = up
    first, client = one.pod.uid, one.state.pid
    assert client is not None
    before = opened.containers()
    one.kill_agent()
    os.kill(client, signal.SIGKILL)
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.uid != first)
    assert (one.starts(), one.two_ran) == (2, False)
    assert len(opened.containers()) == 1
    assert opened.containers() != before


async def test_a_client_that_is_killed_is_an_exit_of_the_game(
    cluster: LocalCluster, opened: Opened, up: tuple[One, ServerSpec]
) -> None:
    one, wanted = up
    client = one.state.pid
    assert client is not None
    os.kill(client, signal.SIGKILL)
    await ready(cluster, wanted.server, restarts=1)
    assert (one.data / "saved").read_text() == "start 1"
    assert (one.starts(), one.two_ran) == (2, False)
    assert len(opened.containers()) == 1


async def test_what_was_killed_while_the_bot_was_away_is_cleaned_up_by_the_next_one(
    cluster: LocalCluster, opened: Opened, up: tuple[One, ServerSpec]
) -> None:
    one, _ = up
    client = one.state.pid
    assert client is not None
    await cluster.close()
    one.kill_agent()
    os.kill(client, signal.SIGKILL)
    assert len(opened.containers()) == 1
    one.files.pod_file.remove()  # as where a server's folder was put back from elsewhere
    one.files.spec.remove()
    await opened.open()
    await until_true(lambda: not opened.containers())
    assert (one.data / "saved").read_text() == "start 1"


async def test_nothing_is_left_of_a_server_that_is_paused_or_removed(
    cluster: LocalCluster, opened: Opened, up: tuple[One, ServerSpec]
) -> None:
    _, wanted = up
    await cluster.ensure(replace(wanted, replicas=0))
    await no_pod(cluster, wanted.server)
    assert opened.containers() == []
    await cluster.remove(wanted.server)
    assert list(opened.folder.iterdir()) == []


async def test_a_world_comes_back_from_a_snapshot_as_its_users(
    cluster: LocalCluster, opened: Opened, up: tuple[One, ServerSpec]
) -> None:
    one, wanted = up
    (one.data / "castle").write_bytes(b"stone")
    os.chmod(one.data / "castle", 0o600)
    os.chown(one.data / "castle", OWNER, -1)
    receipt = await cluster.snapshot(wanted.server, full=True)
    await cluster.ensure(replace(wanted, replicas=0))
    await no_pod(cluster, wanted.server)
    back = replace(wanted, run=2, volume=2, source=receipt.name)
    await cluster.ensure(back)
    await until(cluster, wanted.server, lambda seen: seen.pod is PodPhase.READY and seen.run == 2)
    castle = one.files.volume(2).data / "castle"
    assert castle.read_bytes() == b"stone"
    assert castle.stat().st_uid == OWNER


async def test_files_and_more_folders_of_an_image_are_where_it_wants_them(
    cluster: LocalCluster, opened: Opened, reopen: Reopen
) -> None:
    image = {
        "mounts": [{"path": "/more", "name": "mods"}, {"path": "/var/cache", "name": "cache", "keep": False}],
        "files": [{"path": "config/server.json", "content": '{"name": "{name}"}'}],
        "read_only": True,
    }
    wanted = boxed_specs()(image=image)
    await cluster.ensure(wanted)
    await ready(cluster, wanted.server)
    one = One(opened, wanted)
    config = one.data / "config" / "server.json"
    assert json.loads(config.read_text()) == {"name": "Pond"}
    assert config.stat().st_uid == OWNER
    mounts = {each["Destination"]: Path(each["Source"]) for each in one.inspect()["Mounts"] if each["Type"] == "bind"}
    assert mounts["/more"] == one.files.volume(1).root / "mods"
    (mounts["/more"] / "kept").touch()
    (mounts["/var/cache"] / "lost").touch()
    config.write_text("broken")
    await cluster.ensure(replace(wanted, replicas=0))
    await no_pod(cluster, wanted.server)
    await cluster.ensure(wanted)
    await ready(cluster, wanted.server)
    assert json.loads(config.read_text()) == {"name": "Pond"}
    assert (mounts["/more"] / "kept").exists()
    assert not (mounts["/var/cache"] / "lost").exists()
    assert mounts["/var/cache"].stat().st_uid == OWNER


async def test_a_command_is_run_to_its_end_before_the_signal(cluster: LocalCluster, opened: Opened) -> None:
    """It writes down that it was there while the game had not yet saved, which it does on the signal."""
    wanted = boxed_specs()()
    look = "import pathlib as p; p.Path('{data}/seen').write_text(str(p.Path('{data}/saved').exists()))"
    stop = wanted.game.stop.model_copy(update={"command": ("{python}", "-c", look)})
    wanted = replace(wanted, game=wanted.game.model_copy(update={"stop": stop}))
    await cluster.ensure(wanted)
    await ready(cluster, wanted.server)
    one = One(opened, wanted)
    await cluster.ensure(replace(wanted, replicas=0))
    await no_pod(cluster, wanted.server)
    assert (one.data / "seen").read_text() == "False"
    assert (one.data / "saved").exists()


async def test_an_image_that_cannot_be_had_is_said(cluster: LocalCluster) -> None:
    wanted = boxed_specs()(image={"ref": "localhost/nobody-has-this:1"})
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, lambda seen: seen.problem is not None)
    assert seen.problem == Problem.IMAGE
    assert "nobody-has-this" in seen.detail


async def test_where_there_is_no_engine_nothing_but_that_is_said(
    opened: Opened, spec: MakeSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    cluster = await opened.open()
    wanted = spec()
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, lambda seen: seen.problem is not None)
    assert seen.problem == Problem.CANNOT_APPLY
    monkeypatch.undo()


SLOW = """import os, signal, socket, sys, time
kind = getattr(socket, os.environ["KIND"])
print("still loading", flush=True)
time.sleep(2)
game = socket.socket(type=kind)
game.bind(("0.0.0.0", 8400))
print("listens", flush=True)
if kind is socket.SOCK_STREAM:
    game.listen()
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
while True:
    time.sleep(1)
"""


@pytest.mark.parametrize(("protocol", "kind"), [("udp", "SOCK_DGRAM"), ("tcp", "SOCK_STREAM")])
async def test_a_port_that_the_engine_holds_is_no_game_yet(cluster: LocalCluster, protocol: str, kind: str) -> None:
    wanted = boxed_specs()(image={"command": ("{python}", "-c", SLOW)})
    silent = wanted.game.model_copy(
        update={"query": Query(), "ready": Ready(kind="port"), "env": {"KIND": kind}, "console": ConsoleRule()}
    )
    ports = (replace(wanted.ports[0], protocol=protocol),)
    await cluster.ensure(replace(wanted, game=silent, ports=ports))
    await ready(cluster, wanted.server)
    assert "listens" in await cluster.logs(wanted.server)


BECOMES_ANOTHER = """import os, runpy
os.umask(0o077)
os.chown("/data", 1234, 1234)
os.setgid(1234)
os.setuid(1234)
os.makedirs("/data/deep/er", exist_ok=True)
open("/data/deep/er/secret", "w").write("kept")
runpy.run_path("/tinygame.py", run_name="__main__")
"""


async def test_the_world_of_a_game_that_becomes_another_user_is_saved_and_removed_too(
    cluster: LocalCluster, opened: Opened
) -> None:
    image = {"uid": None, "gid": None, "command": ("{python}", "-c", BECOMES_ANOTHER)}
    wanted = boxed_specs()(image=image | {"capabilities": ("CHOWN", "SETUID", "SETGID")})
    await cluster.ensure(wanted)
    await ready(cluster, wanted.server)
    await cluster.ensure(replace(wanted, replicas=0))
    await no_pod(cluster, wanted.server)
    data = One(opened, wanted).data
    assert (data / "deep" / "er" / "secret").read_text() == "kept"
    assert (await cluster.snapshot(wanted.server, full=True)).gaps == Gaps()
    await cluster.remove(wanted.server)
    assert list(opened.folder.iterdir()) == []
