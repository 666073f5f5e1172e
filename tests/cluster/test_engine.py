"""What the local cluster does around an engine that is slow, broken, or does not know how a game ended: a program in
podman's place, which is written here. What a real one does is tried in tests/containers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tiny import specs

from core.agent.local.container import end_left
from core.agent.local.folder import ServerFolder
from core.agent.wire import Container
from core.cluster.local.cluster import LocalCluster
from core.cluster.local.containers import Containers
from core.cluster.port import ServerSpec
from core.games.form.image import Image
from core.words import PodPhase, Problem, Step
from tests.cluster.place import kill_all, until_true
from tests.contracts.cluster import no_pod, until

ENGINE = """#!/bin/sh
cd {folder}
echo "$*" >>asked
fail() {{ echo "$1" >&2; exit 125; }}
case "$1" in
info)
  [ ! -e broken ] || fail "it is broken"
  echo '{{"host": {{"cgroupControllers": ["memory"]}}}}' ;;
image) [ -e image ] || exit 125; echo 7:7 ;;
pull)
  while [ ! -e go ]; do sleep 0.05; done
  [ ! -e refuse ] || fail "no such image"
  touch image ;;
run) env >env; touch running; cat ran 2>/dev/null; exit $(cat code) ;;
inspect) echo "false $(cat oom)" ;;
ps) [ ! -e running ] || echo deadbeef ;;
rm) rm -f running; [ ! -e stubborn ] || fail "somebody stops it just then" ;;
esac
"""


class Fake:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, engine: str) -> None:
        made = self.folder / "made"
        made.write_text(engine.format(folder=self.folder))
        made.chmod(0o755)
        made.rename(self.folder / "podman")  # at once: one may be at work

    def set(self, **values: str) -> None:
        for name, value in values.items():
            (self.folder / name).write_text(value)

    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()

    def has_asked(self, what: str) -> bool:
        return any(each.split()[0] == what for each in self.asked())


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    made = Fake(folder)
    made.install(ENGINE)
    made.set(oom="false", code="1")
    return made


@pytest.fixture
async def cluster(fake: Fake, tmp_path: Path) -> AsyncIterator[LocalCluster]:
    folder = tmp_path / "servers"
    cluster = LocalCluster(folder, containers=Containers("podman", folder))
    await cluster.start()
    yield cluster
    await cluster.close()
    for root in folder.iterdir():
        kill_all(ServerFolder(root))


def boxed() -> ServerSpec:
    spec = specs()()
    image = Image(ref="docker.io/some/pond", command=("pond",), uid=os.geteuid(), gid=os.getegid())
    return replace(spec, game=spec.game.model_copy(update={"image": image, "local": None}))


async def test_an_image_that_is_fetched_is_a_step_and_no_pod_yet(cluster: LocalCluster, fake: Fake) -> None:
    wanted = boxed()
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, lambda seen: seen.step is Step.IMAGE)
    assert (seen.pod, seen.uid, seen.run, seen.problem) == (PodPhase.PENDING, None, 1, None)
    fake.set(go="")
    await until(cluster, wanted.server, lambda seen: seen.restarts > 0)
    assert [each for each in fake.asked() if each.startswith("pull")] == ["pull --quiet docker.io/some/pond"]


async def test_a_pause_does_not_wait_for_an_image_and_a_resume_finds_it(cluster: LocalCluster, fake: Fake) -> None:
    wanted = boxed()
    await cluster.ensure(wanted)
    await until(cluster, wanted.server, lambda seen: seen.step is Step.IMAGE)
    await cluster.ensure(replace(wanted, replicas=0))
    await no_pod(cluster, wanted.server)
    fake.set(go="")
    await until_true((fake.folder / "image").exists)
    await cluster.ensure(wanted)
    await until(cluster, wanted.server, lambda seen: seen.restarts > 0)
    assert len([each for each in fake.asked() if each.startswith("pull")]) == 1


async def test_an_image_that_is_refused_is_told_with_the_engines_words(cluster: LocalCluster, fake: Fake) -> None:
    fake.set(go="", refuse="")
    wanted = boxed()
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, lambda seen: seen.problem is not None)
    assert (seen.problem, seen.pod) == (Problem.IMAGE, PodPhase.NONE)
    assert "no such image" in seen.detail


async def test_an_engine_that_is_broken_is_asked_again(cluster: LocalCluster, fake: Fake) -> None:
    fake.set(broken="", image="")
    wanted = boxed()
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, lambda seen: seen.problem is not None)
    assert seen.problem == Problem.CANNOT_APPLY
    assert "it is broken" in seen.detail
    (fake.folder / "broken").unlink()
    await until(cluster, wanted.server, lambda seen: seen.restarts > 0)


async def test_a_game_that_used_more_than_its_memory_is_told_as_such(cluster: LocalCluster, fake: Fake) -> None:
    fake.set(image="", oom="true", code="137")
    wanted = boxed()
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, lambda seen: seen.restarts > 0)
    assert seen.last_exit is not None
    assert (seen.last_exit.code, seen.last_exit.reason, seen.problem) == (137, "OOMKilled", Problem.OUT_OF_MEMORY)


async def test_what_an_engine_could_not_start_is_no_crash_of_the_game(cluster: LocalCluster, fake: Fake) -> None:
    fake.set(image="", code="125", ran="Error: no room\n")
    wanted = boxed()
    await cluster.ensure(wanted)
    seen = await until(cluster, wanted.server, lambda seen: seen.restarts > 0)
    assert seen.last_exit is not None
    assert seen.last_exit.reason == "CannotStart"
    assert await cluster.logs(wanted.server, previous=True) or await cluster.logs(wanted.server)


async def test_what_is_left_is_ended_before_a_start_and_taken_away_after_an_exit(
    cluster: LocalCluster, fake: Fake
) -> None:
    fake.set(image="", running="")
    wanted = boxed()
    await cluster.ensure(wanted)
    await until(cluster, wanted.server, lambda seen: seen.restarts > 0)
    asked = [each.split()[0] for each in fake.asked()]
    began = asked.index("run")
    assert asked[:began].count("stop") == 1
    assert asked[:began].count("rm") == 1
    assert "rm" in asked[began:]


async def test_files_are_opened_while_a_container_is_left_to_say_that_they_have_to_be(fake: Fake) -> None:
    fake.set(running="")
    left = Container(["podman"], "pond", {"PATH": os.environ["PATH"]}, opened=["/nowhere"])
    await end_left(left, "pond", 1.0)
    assert [each.split()[0] for each in fake.asked()] == ["ps", "stop", "unshare", "unshare", "rm"]


async def test_a_container_that_somebody_else_took_away_meanwhile_is_gone(cluster: LocalCluster, fake: Fake) -> None:
    fake.set(image="", running="", stubborn="")
    wanted = boxed()
    await cluster.ensure(wanted)
    await until(cluster, wanted.server, lambda seen: seen.restarts > 0)


async def test_a_container_that_cannot_be_ended_lets_no_other_start(cluster: LocalCluster, fake: Fake) -> None:
    fake.install(ENGINE.replace("rm -f running;", ""))
    fake.set(image="", running="", stubborn="")
    wanted = boxed()
    await cluster.ensure(wanted)
    await until(cluster, wanted.server, lambda seen: "cannot be removed" in seen.detail)
    assert not fake.has_asked("run")
    fake.install(ENGINE)
    await until(cluster, wanted.server, lambda seen: seen.restarts > 0)


async def test_the_client_gets_what_it_needs_and_nothing_of_the_bot(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DORMOUSE_DISCORD_TOKEN", "hush")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    fake.set(image="")
    folder = tmp_path / "servers"
    cluster = LocalCluster(folder, containers=Containers("podman", folder))
    await cluster.start()
    wanted = boxed()
    await cluster.ensure(wanted)
    await until(cluster, wanted.server, lambda seen: seen.restarts > 0)
    await cluster.remove(wanted.server)
    await cluster.close()
    env = (fake.folder / "env").read_text()
    assert "XDG_RUNTIME_DIR=/run/user/7" in env
    assert "hush" not in env


async def test_without_containers_a_game_with_an_image_alone_is_refused(tmp_path: Path) -> None:
    cluster = LocalCluster(tmp_path / "servers")
    await cluster.start()
    with pytest.raises(Exception, match="cannot run on this machine"):
        await cluster.ensure(boxed())
    await cluster.close()
