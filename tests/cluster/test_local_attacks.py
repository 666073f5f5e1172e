"""A game of the local cluster attacks its agent and the bot through the server's folder, where it can write."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from instead import stand

from core.agent.files import read_record
from core.agent.wire import RunningAgent
from core.cluster.local.cluster import LOG_MOST, LocalCluster
from core.errors import ClusterError
from core.words import Problem
from tests.cluster.place import Place, until_true
from tests.contracts.cluster import no_pod, ready, until

pytestmark = pytest.mark.process


@pytest.fixture
async def cluster(place: Place) -> LocalCluster:
    """With its server running."""
    cluster = await place.open()
    await cluster.ensure(place.spec())
    await ready(cluster, place.server)
    return cluster


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    file = tmp_path / "outside"
    file.write_text("somebody's")
    return file


def holds(file: Path, text: str) -> bool:
    return file.read_text() == text


async def paused_and_resumed(place: Place, cluster: LocalCluster) -> None:
    await cluster.ensure(place.spec(replicas=0))
    await no_pod(cluster, place.server)
    await cluster.ensure(place.spec(run=2))
    await until(cluster, place.server, lambda seen: seen.run == 2 and seen.ready_since is not None)


@pytest.mark.parametrize("what", ["link", "hard link", "pipe", "folder"])
async def test_what_the_agent_and_the_bot_write_goes_nowhere_else(
    place: Place, cluster: LocalCluster, outside: Path, what: str
) -> None:
    """In the place of each of our files, and of each that becomes one."""
    files, marker = place.files, (place.root(1) / "volume.json").read_text()
    for spot in (files.log, files.previous_log, files.state_file, files.agent_file, files.agent_log, files.saved):
        for path in (spot.path, spot.path.with_name(f"{spot.name}.new")):
            stand(path, what, outside)
    stand(place.root(1) / "volume.json.new", what, outside)
    stand(files.made.path.with_name("made.json.new"), what, outside)
    if what == "link":
        (place.data() / "loot").symlink_to(outside)
    await until_true(lambda: read_record(RunningAgent, files.agent_file) is not None)  # the agent shows itself again
    assert "heard hello" in await cluster.console(place.server, "hello")
    assert "heard hello" in await cluster.logs(place.server)
    (place.data() / "castle").write_text("tall")
    assert (await cluster.snapshot(place.server)).checked
    await paused_and_resumed(place, cluster)
    assert holds(outside, "somebody's")
    assert (place.root(1) / "volume.json").read_text() == marker
    assert (place.data() / "castle").read_text() == "tall"
    assert [stat.S_ISREG(spot.stat().st_mode) for spot in (files.log, files.state_file, files.saved)] == [True] * 3
    assert stat.S_IMODE(files.state_file.stat().st_mode) == 0o600


@pytest.mark.parametrize("what", ["link", "pipe", "folder", "socket"])
async def test_a_pod_whose_file_was_exchanged_is_forgotten_and_another_comes(
    place: Place, cluster: LocalCluster, what: str
) -> None:
    stand(place.files.pod_file.path, what, Path("/dev/zero"))
    await until_true(lambda: place.files.pod_file.path.is_file() and not place.files.pod_file.path.is_symlink())
    await ready(cluster, place.server)


@pytest.mark.parametrize("what", ["link", "pipe", "folder"])
async def test_a_spec_that_was_exchanged_is_written_anew(place: Place, cluster: LocalCluster, what: str) -> None:
    for spot in (place.files.spec, place.files.store, place.files.made):
        stand(spot.path, what, Path("/dev/zero"))
    await cluster.ensure(place.spec())
    await ready(cluster, place.server)
    assert place.files.spec.kind() == "file"
    assert (await cluster.snapshot(place.server)).checked


async def test_the_pods_folder_exchanged_for_a_link_is_made_anew(
    place: Place, cluster: LocalCluster, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    await cluster.ensure(place.spec(replicas=0))
    await no_pod(cluster, place.server)
    stand(place.files.pod.path, "link", tmp_path / "elsewhere")
    await cluster.ensure(place.spec(run=2))
    await ready(cluster, place.server)
    assert os.listdir(tmp_path / "elsewhere") == []


async def test_a_volume_exchanged_for_a_link_is_neither_saved_nor_written(
    place: Place, cluster: LocalCluster, tmp_path: Path
) -> None:
    await cluster.ensure(place.spec(replicas=0))
    await no_pod(cluster, place.server)
    place.root(1).rename(tmp_path / "elsewhere")
    place.root(1).symlink_to(tmp_path / "elsewhere")
    for wish in (cluster.seal(place.server, 1), cluster.snapshot(place.server)):
        with pytest.raises(ClusterError, match="is a link, where a folder is expected"):
            await wish
    await cluster.ensure(place.spec(run=2))
    seen = await until(cluster, place.server, lambda seen: seen.problem is not None)
    assert seen.problem == Problem.VOLUME_FOREIGN
    await cluster.release_volume(place.server, 1)
    assert (tmp_path / "elsewhere" / "data" / "saved").exists()


async def test_a_marker_that_is_no_file_is_somebody_elses(place: Place, cluster: LocalCluster) -> None:
    await cluster.ensure(place.spec(replicas=0))
    await no_pod(cluster, place.server)
    for number, what in enumerate(("link", "pipe", "folder"), start=2):
        stand(place.root(1) / "volume.json", what, Path("/dev/zero"))
        await cluster.ensure(place.spec(run=number))
        seen = await until(cluster, place.server, lambda seen: seen.problem is not None)
        assert seen.problem == Problem.VOLUME_FOREIGN
        await cluster.ensure(place.spec(run=number, replicas=0))
        await until(cluster, place.server, lambda seen: seen.problem is None)


async def test_a_log_without_end_is_read_at_its_end_only(place: Place, cluster: LocalCluster) -> None:
    with place.files.log.path.open("r+b") as file:
        file.truncate(1 << 40)
        file.seek(0, os.SEEK_END)
        file.write(b"\nthe end\n")
    parts = cluster.follow(place.server)
    first = await parts.__anext__()
    assert first.lines[-1] == "the end"
    assert not first.whole
    assert len(await cluster.logs(place.server)) <= LOG_MOST
    assert "heard hello" in await cluster.console(place.server, "hello")  # and the agent cuts it
    await until_true(lambda: place.files.log.stat().st_size < 1 << 30)


async def test_folders_with_names_that_are_no_numbers_are_no_volumes(place: Place, cluster: LocalCluster) -> None:
    for name in ("²", "٣", "0", "9" * 200, "-1"):
        (place.files.volumes.path / name).mkdir()
    (place.files.volumes.path / "7").mkdir()
    await cluster.ensure(replace(place.spec(), replicas=0))
    assert (await no_pod(cluster, place.server)).volumes == (1, 7)


async def test_a_server_goes_whatever_its_game_left_there(place: Place, cluster: LocalCluster, outside: Path) -> None:
    closed = place.data() / "closed" / "below"
    closed.mkdir(parents=True)
    closed.parent.chmod(0o000)
    (place.data() / "loot").symlink_to(outside.parent)
    os.mkfifo(place.data() / "pipe")
    await cluster.remove(place.server)
    assert not place.files.root.exists()
    assert holds(outside, "somebody's")
