"""How a game is started in a container: the whole command line, for each engine and each way to be its user. podman's
was tried (tests/containers); docker's could not be."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny import TINY

from core.cluster.local.container import Engine, Places, Start, container_name, start_of, who_of, whole
from core.cluster.local.containers import engine_of
from core.cluster.port import PortSpec, ServerSpec
from core.errors import ClusterError
from core.games.form.game import Game

IMAGE = {"ref": "docker.io/some/pond", "uid": 1000, "gid": 1001, "data": "/world"}
PODMAN = Engine("podman", "/usr/bin/podman", 0, 0, open_files=20000, processes=32768)
ROOTLESS = replace(PODMAN, uid=2345, gid=2346)
DOCKER = Engine("docker", "/usr/bin/docker", 0, 0)
DOCKER_GROUP = replace(DOCKER, uid=2345, gid=2346)
PLACES = Places(Path("/srv/data"), {"mods": Path("/srv/mods")}, {"cache": Path("/srv/extra/cache")})


def spec(image: dict[str, Any] | None = None, **game: Any) -> ServerSpec:
    usual = {"local": None, "image": IMAGE | (image or {}), "env": {"MODE": "{setting.mode}"}}
    values = TINY.model_dump() | usual | {"console": {"kind": "none"}} | game
    made = Game.model_validate(values)
    return ServerSpec(
        server="abcdefghijkl",
        guild=1,
        owner=2,
        name="Pond",
        game=made,
        size=made.sizes[0],
        run=1,
        volume=1,
        replicas=1,
        ports=(PortSpec("game", "udp", 8400, 25500), PortSpec("rcon", "tcp", 8401, None)),
        settings={"mode": "-v $(id) {secret.console}"},
        console_secret="hush",
        agent_secret="a" * 64,
        volume_bytes=1 << 30,
    )


def start(engine: Engine, wanted: ServerSpec, *, address: str = "192.0.2.7", **more: Any) -> Start:
    ports = {"game": 25500, "rcon": 41000}
    return start_of(wanted, engine, PLACES, uid="0123456789abcdef", mark="m" * 16, ports=ports, address=address, **more)


NAMED = [
    "--name=dormouse-abcdefghijkl-01234567",
    "--label=dormouse.server=abcdefghijkl",
    "--label=dormouse.pod=0123456789abcdef",
    "--label=dormouse.folder=mmmmmmmmmmmmmmmm",
]
ENDS = ["--stop-signal=SIGTERM", "--stop-timeout=10"]
LOCKED = ["--cap-drop=ALL", "--security-opt=no-new-privileges"]
MEMORY = ["--memory=64m", "--memory-swap=64m"]
CPU = ["--cpus=0.2", "--cpu-shares=102"]
OWN = ["--ulimit=nofile=20000:20000", "--ulimit=nproc=32768:32768"]
PORTS = ["--publish=192.0.2.7:25500:8400/udp", "--publish=127.0.0.1:41000:8401/tcp"]
REST = ["--volume=/srv/data:/world:Z", "--env=MODE=-v $(id) {secret.console}", "docker.io/some/pond"]
BY_PODMAN = ["/usr/bin/podman", "run", "--pull=never", "--log-driver=none", "--http-proxy=false"]
BY_DOCKER = ["/usr/bin/docker", "run", "--pull=never", "--log-driver=none"]


@pytest.mark.parametrize(
    ("engine", "line", "owner"),
    [
        (
            PODMAN,
            [*BY_PODMAN, *NAMED, *ENDS, "--user=1000:1001", *LOCKED, *MEMORY, *CPU, *OWN, *PORTS, *REST],
            (1000, 1001),
        ),
        (
            ROOTLESS,
            [
                *BY_PODMAN,
                *NAMED,
                *ENDS,
                "--userns=keep-id:uid=1000,gid=1001",
                "--user=1000:1001",
                *LOCKED,
                *MEMORY,
                *CPU,
                *OWN,
                *PORTS,
                *REST,
            ],
            None,
        ),
        (
            DOCKER,
            [*BY_DOCKER, *NAMED, *ENDS, "--user=1000:1001", *LOCKED, *MEMORY, *CPU, "--pids-limit=4096", *PORTS, *REST],
            (1000, 1001),
        ),
        (
            DOCKER_GROUP,
            [*BY_DOCKER, *NAMED, *ENDS, "--user=2345:2346", *LOCKED, *MEMORY, *CPU, "--pids-limit=4096", *PORTS, *REST],
            None,
        ),
    ],
    ids=["podman as root", "podman as a user", "docker as root", "docker as a user"],
)
def test_the_whole_line(engine: Engine, line: list[str], owner: tuple[int, int] | None) -> None:
    made = start(engine, spec())
    assert made.command == line
    assert made.owner == owner
    assert made.secret == {}


BOTH = [PODMAN, DOCKER]


@pytest.mark.parametrize("engine", BOTH, ids=lambda each: each.kind)
def test_a_console_on_stdin_is_held_open_and_a_command_takes_the_place_of_the_images(engine: Engine) -> None:
    command = ["./pond", "--port", "{port.game}", "--name={name}"]
    line = start(engine, spec({"command": command}, console={"kind": "stdin"})).command
    assert "--interactive" in line
    assert line[-5:] == ["--entrypoint=./pond", "docker.io/some/pond", "--port", "8400", "--name=Pond"]
    assert ("--detach-keys=" in line) is (engine is PODMAN)


def test_what_is_run_before_a_stop_is_filled_as_a_command_is() -> None:
    made = start(PODMAN, spec(stop={"command": ["save", "--port", "{port.game}"]}))
    assert made.stop_command == ["save", "--port", "8400"]


@pytest.mark.parametrize("engine", BOTH, ids=lambda each: each.kind)
def test_a_secret_is_on_no_command_line(engine: Engine) -> None:
    made = start(engine, spec(env={"MODE": "{setting.mode}", "RCON_PASSWORD": "{secret.console}"}))
    assert "--env=RCON_PASSWORD" in made.command
    assert made.secret == {"RCON_PASSWORD": "hush"}
    assert not any("hush" in word for word in made.command)


@pytest.mark.parametrize("engine", BOTH, ids=lambda each: each.kind)
def test_rights_and_folders_and_files_are_the_images(engine: Engine) -> None:
    mounts = [{"path": "/mods", "name": "mods"}, {"path": "/var/cache", "name": "cache", "keep": False}]
    files = [{"path": "config/server.json", "content": '{"name": "{name}"}'}]
    image = {"mounts": mounts, "files": files, "read_only": True, "capabilities": ["NET_BIND_SERVICE"]}
    made = start(engine, spec(image))
    assert {"--cap-add=NET_BIND_SERVICE", "--read-only", "--tmpfs=/tmp"} <= set(made.command)
    assert [each for each in made.command if each.startswith("--volume")] == [
        "--volume=/srv/data:/world:Z",
        "--volume=/srv/mods:/mods:Z",
        "--volume=/srv/extra/cache:/var/cache:Z",
    ]
    assert made.files == {"config/server.json": '{"name": "Pond"}'}


@pytest.mark.parametrize("engine", BOTH, ids=lambda each: each.kind)
def test_an_image_is_pinned_by_its_digest(engine: Engine) -> None:
    digest = "sha256:" + "a" * 64
    assert start(engine, spec({"digest": digest})).command[-1] == f"docker.io/some/pond@{digest}"
    assert start(engine, spec({"ref": "dormouse"}), own="localhost/dormouse:1").command[-1] == "localhost/dormouse:1"


@pytest.mark.parametrize("engine", BOTH, ids=lambda each: each.kind)
def test_an_ipv6_address_is_published_in_brackets(engine: Engine) -> None:
    line = start(engine, spec(), address="2001:db8::7").command
    assert "--publish=[2001:db8::7]:25500:8400/udp" in line


@pytest.mark.parametrize(
    ("engine", "user", "words", "owner"),
    [
        (PODMAN, "", [], None),
        (PODMAN, "0", ["--user=0:0"], None),
        (PODMAN, "99", ["--user=99:99"], (99, 99)),
        (PODMAN, "steam", [], None),
        (ROOTLESS, "", [], None),
        (ROOTLESS, "0:0", [], None),
        (ROOTLESS, "99:98", ["--userns=keep-id:uid=99,gid=98", "--user=99:98"], None),
        (DOCKER_GROUP, "99", ["--user=2345:2346"], None),
    ],
)
def test_an_image_that_nothing_is_known_of_starts_as_it_says_itself(
    engine: Engine, user: str, words: list[str], owner: tuple[int, int] | None
) -> None:
    made = start(engine, spec({"uid": None, "gid": None}), user=user)
    assert [each for each in made.command if each.startswith("--user")] == words
    assert made.owner == owner


def test_docker_does_not_start_as_root_what_its_user_could_not_read() -> None:
    with pytest.raises(ClusterError, match="podman"):
        start(DOCKER_GROUP, spec({"uid": None, "gid": None}))


def test_limits_that_this_user_may_not_set_are_left_out() -> None:
    facts = {"host": {"cgroupControllers": ["memory", "pids"]}}
    assert engine_of("podman", facts).limits_memory
    assert not engine_of("podman", facts).limits_cpu
    assert not engine_of("podman", {"host": {"cgroupControllers": []}}).limits_memory
    line = start(replace(ROOTLESS, limits_memory=False, limits_cpu=False), spec()).command
    assert not [each for each in line if each.startswith(("--memory", "--cpu"))]
    assert engine_of("docker", {"MemoryLimit": True, "CpuCfsQuota": False}).limits_memory
    assert engine_of("docker", {}).uid == os.geteuid()


@pytest.mark.parametrize(
    ("name", "pulled"),
    [
        ("some/pond:1", "docker.io/some/pond:1"),
        ("pond", "docker.io/library/pond"),
        ("ghcr.io/some/pond", "ghcr.io/some/pond"),
        ("localhost/pond:1", "localhost/pond:1"),
        ("registry:5000/pond", "registry:5000/pond"),
        ("mine:1", "mine:1"),
    ],
)
def test_an_image_without_a_registry_is_dockers_for_podman_too(name: str, pulled: str) -> None:
    assert whole(name, own="mine:1") == pulled


def test_a_folder_with_a_colon_cannot_be_shown_to_a_container() -> None:
    with pytest.raises(ClusterError, match="colon"):
        start_of(
            spec(),
            PODMAN,
            replace(PLACES, data=Path("/srv/a:b")),
            uid="0",
            mark="m",
            ports={"game": 1, "rcon": 2},
            address="127.0.0.1",
        )


def test_a_containers_name_tells_whose_it_is() -> None:
    assert who_of(container_name("abcdefghijkl", "0123456789")) == ("abcdefghijkl", "01234567")
    assert who_of("somebody-elses") == ("elses", "")
