"""What `dormouse check` says of a machine's containers, with a program in the engine's place."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bot import from_settings
from bot.check import containers
from bot.check.report import Report
from bot.settings import load
from core.games.form.game import Game

PODMAN = {
    "host": {
        "cgroupControllers": ["cpu", "memory", "pids"],
        "idMappings": {"uidmap": [{"size": 1}, {"size": 65536}]},
        "security": {"rootless": True},
    },
    "version": {"Version": "4.3.1"},
    "store": {"graphRoot": "/"},
}
DOCKER = {"MemoryLimit": True, "CpuCfsQuota": True, "DockerRootDir": "/", "ServerErrors": None}
POND = {
    "id": "pond",
    "name": "Pond",
    "image": {"ref": "docker.io/some/pond", "uid": 1000},
    "ports": [{"name": "game", "container": 8400}],
    "query": {"kind": "none"},
    "sizes": [{"id": "small", "cpu": 100, "memory": 64}],
}


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, engine: str, facts: Any, *, images: bool = True, says: str = "") -> None:
        """`says`: what it complains of instead."""
        (self.folder / "facts").write_text(json.dumps(facts))
        program = self.folder / engine
        told = f"echo '{says}' >&2; exit 125" if says else f"cat {self.folder}/facts"
        program.write_text(f'#!/bin/sh\ncase "$1" in\ninfo) {told};;\nimage) exit {0 if images else 125};;\nesac\n')
        program.chmod(0o755)

    async def check(self, *games: dict[str, Any], **more: str) -> Report:
        report = Report()
        settings, _ = load({f"DORMOUSE_{name}": value for name, value in more.items()}, None)
        await containers.check(settings, tuple(Game.model_validate(game) for game in games or (POND,)), report)
        return report


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/sbin/none:/bin")
    monkeypatch.setattr(containers, "LOW", 0)
    monkeypatch.setattr(containers, "FULL", 0)
    return Machine(tmp_path)


def as_user(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)


async def test_without_the_setting_nothing_is_asked(machine: Machine) -> None:
    assert await machine.check() == Report()


async def test_on_kubernetes_it_does_nothing(machine: Machine) -> None:
    report = await machine.check(CONTAINERS="podman", CLUSTER="kubernetes")
    assert report == Report([], ["DORMOUSE_CONTAINERS does nothing on Kubernetes."])


@pytest.mark.parametrize(("engine", "facts"), [("podman", PODMAN), ("docker", DOCKER)])
@pytest.mark.parametrize("uid", [0, 2345])
async def test_where_all_is_well_nothing_is_said(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, engine: str, facts: Any, uid: int, tmp_path: Path
) -> None:
    monkeypatch.setattr(containers, "_TUN", tmp_path / "tun")
    as_user(monkeypatch, uid)
    machine.has(engine, facts)
    assert await machine.check(CONTAINERS=engine) == Report()


@pytest.mark.parametrize("engine", ["podman", "docker"])
async def test_an_engine_that_does_not_answer_is_a_mistake_with_its_words(machine: Machine, engine: str) -> None:
    machine.has(engine, {}, says="permission denied while trying to connect")
    (mistake,) = (await machine.check(CONTAINERS=engine)).mistakes
    assert mistake.startswith(
        f"DORMOUSE_CONTAINERS: {engine} does not answer: permission denied while trying to connect"
    )


async def test_an_engine_that_is_not_installed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (mistake,) = (await machine.check(CONTAINERS="docker")).mistakes
    assert mistake.startswith("DORMOUSE_CONTAINERS: docker is not installed: install and start it")


async def test_a_daemon_that_is_away_answers_and_has_errors(machine: Machine) -> None:
    machine.has("docker", DOCKER | {"ServerErrors": ["Cannot connect to the Docker daemon"]})
    (mistake,) = (await machine.check(CONTAINERS="docker")).mistakes
    assert "Cannot connect to the Docker daemon" in mistake


async def test_what_a_user_lacks_for_rootless_podman_is_said_at_once(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    as_user(monkeypatch, 2345)
    monkeypatch.setattr(containers, "_TUN", tmp_path / "tun")
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path / "tun" and allowed(path, mode))
    (tmp_path / "tun").touch()
    host = {"cgroupControllers": [], "idMappings": {"uidmap": [{"size": 1}]}}
    machine.has("podman", PODMAN | {"host": host, "version": {"Version": "4.2.0"}})
    report = await machine.check(CONTAINERS="podman")
    version, users, network = report.mistakes
    assert "podman 4.2.0 cannot make an image's user the one outside" in version
    assert "usermod --add-subuids" in users
    assert str(tmp_path / "tun") in network
    assert report.remarks == [
        "Games run without a limit of memory and CPU: it needs cgroups of version 2 and, for CPU, "
        "`Delegate=cpu memory pids` for user@.service; or root."
    ]


async def test_games_that_this_user_could_not_run_are_named(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 2345)
    machine.has("docker", DOCKER)
    rooted = POND | {"id": "rooted", "name": "Rooted", "image": {"ref": "docker.io/some/rooted"}}
    own = POND | {"id": "own", "name": "Own", "image": {"ref": "dormouse"}}
    first, second = (await machine.check(POND, rooted, own, CONTAINERS="docker")).mistakes
    assert first == "DORMOUSE_IMAGE is not set: Own cannot be started without it."
    assert second.startswith("DORMOUSE_CONTAINERS: Rooted may start as root")


async def test_images_that_are_still_to_be_fetched_are_named(machine: Machine) -> None:
    machine.has("docker", DOCKER, images=False)
    report = await machine.check(CONTAINERS="docker")
    assert report == Report([], ["Fetched at the first start, which takes longer then: Pond."])


async def test_a_disk_that_is_almost_full(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.has("docker", DOCKER)
    monkeypatch.setattr(containers, "LOW", 1 << 60)
    (remark,) = (await machine.check(CONTAINERS="docker")).remarks
    assert "GiB free for images" in remark
    monkeypatch.setattr(containers, "FULL", 1 << 60)
    (mistake,) = (await machine.check(CONTAINERS="docker")).mistakes
    assert mistake.endswith("make room.")


async def test_a_data_folder_that_no_container_can_see(machine: Machine, tmp_path: Path) -> None:
    machine.has("docker", DOCKER)
    (mistake,) = (await machine.check(CONTAINERS="docker", DATA_DIR=str(tmp_path / "a:b"))).mistakes
    assert "colon" in mistake


def test_with_containers_a_game_that_has_an_image_alone_is_on_offer() -> None:
    alone, _ = load({}, None)
    assert [game.id for game in from_settings.catalogue(alone) if game.local is None] == []
    settings, _ = load({"DORMOUSE_CONTAINERS": "podman"}, None)
    offered = {game.id for game in from_settings.catalogue(settings)}
    assert {"meadow", "factorio", "valheim"} <= offered
