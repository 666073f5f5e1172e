"""The first container of a pod, as a process: its volume is made, brought from a snapshot, or refused."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from b2server import B2Server, Fault
from sampling import sample
from worldgen import minecraft

from core.worlds.failures import TABLE, Failure
from tests.agent.pod_process import Pod, die
from tests.worlds.around import OTHER

pytestmark = pytest.mark.process
BUCKET = "worlds"


@pytest.fixture
def first(tmp_path: Path) -> Pod:
    """A server's first pod, whose world is on the store and at rest."""
    pod = Pod(tmp_path / "first")
    assert pod.run("volume").returncode == 0
    (pod.data / "castle").write_text("tall")
    (pod.data / "castle").chmod(0o600)
    assert pod.seal()[0] == 0
    return pod


@pytest.fixture
def second(tmp_path: Path, first: Pod) -> Pod:
    """A pod of the same server, with a new volume."""
    pod = Pod(tmp_path / "second")
    pod.env |= {"DORMOUSE_STORE": first.env["DORMOUSE_STORE"], "DORMOUSE_VOLUME": "2", "DORMOUSE_SOURCE": "newest"}
    return pod


@pytest.fixture
def b2(first: Pod, second: Pod) -> Iterator[B2Server]:
    """Where both pods have their store."""
    with B2Server() as server:
        server.account.add_bucket(BUCKET)
        key = server.account.add_key()
        for pod in (first, second):
            pod.env |= {
                "DORMOUSE_STORE": f"b2:{BUCKET}/pond",
                "DORMOUSE_B2_KEY_ID": key.id,
                "DORMOUSE_B2_KEY": key.secret,
                "DORMOUSE_B2_REALM": server.url,
            }
        assert first.seal()[0] == 0
        yield server


def test_a_world_is_brought_and_its_snapshot_named(first: Pod, second: Pod) -> None:
    name = first.snapshots()[0].name
    assert second.run("volume", DORMOUSE_SOURCE=name).returncode == 0
    assert (second.data / "castle").read_text() == "tall"
    said = json.loads(second.last_words())
    assert said["restored"] == name
    assert said["saved_at"] == first.snapshots()[0].at.isoformat()
    assert second.marker() == {"volume": 2} | said
    assert {each.name for each in second.volume.iterdir()} == {"data", "volume.json"}


def test_the_snapshot_is_named_again_at_every_later_start(second: Pod) -> None:
    second.run("volume")
    said = second.last_words()
    (second.data / "castle").write_text("fallen")
    assert second.run("volume", DORMOUSE_SOURCE="", DORMOUSE_MADE="1").returncode == 0
    assert second.last_words() == said
    assert (second.data / "castle").read_text() == "fallen"


def test_a_new_world_says_nothing(first: Pod) -> None:
    assert first.run("volume").returncode == 0
    assert first.last_words() == ""


def test_the_games_group_may_write_to_all_of_it(second: Pod) -> None:
    second.run("volume")
    assert stat.S_IMODE(second.data.stat().st_mode) == 0o2770
    assert stat.S_IMODE((second.data / "castle").stat().st_mode) == 0o660


def test_progress_is_lines_on_stdout(first: Pod, second: Pod) -> None:
    minecraft(first.data / "world", 3_000_000)
    first.seal()
    lines = [json.loads(line) for line in second.run("volume").stdout.splitlines()]
    assert lines
    assert all(line["event"] == "progress" and 0 <= line["done"] <= line["total"] for line in lines)


def test_a_clone_is_brought_with_the_key_to_its_origin(second: Pod, b2: B2Server) -> None:
    name = second.env["DORMOUSE_SERVER"]
    own = b2.account.add_key(bucket=BUCKET, prefix=f"pond/worlds/{OTHER}/")
    other = b2.account.add_key(bucket=BUCKET, prefix=f"pond/worlds/{name}/")
    clone = {"DORMOUSE_SERVER": OTHER, "DORMOUSE_SOURCE": f"{name}/newest"}
    clone |= {"DORMOUSE_B2_KEY_ID": own.id, "DORMOUSE_B2_KEY": own.secret}
    assert second.run("volume", **clone).returncode == TABLE[Failure.REFUSED].container
    clone |= {"DORMOUSE_SOURCE_KEY_ID": other.id, "DORMOUSE_SOURCE_KEY": other.secret}
    assert second.run("volume", **clone).returncode == 0
    assert (second.data / "castle").read_text() == "tall"


def test_killed_while_it_restores_it_begins_anew(second: Pod, b2: B2Server) -> None:
    dying: list[subprocess.Popen[bytes]] = []
    b2.faults.add(Fault("b2_download_file*", skip=1, do=lambda: die(dying[0].pid), cut=True))
    with b2.lock, second.start("volume") as process:  # no answer before the fault knows whom to kill
        dying.append(process)
        b2.lock.release()
        assert process.wait(30) == -signal.SIGKILL
        b2.lock.acquire()
    assert (second.volume / "restoring").is_dir()
    assert second.marker() is None
    (second.volume / "restoring" / "half").touch()
    (second.volume / "restoring").chmod(0o500)  # as a world's own folder may be
    assert second.run("volume").returncode == 0
    assert sorted(each.name for each in second.data.iterdir()) == ["castle"]


DYING = """
import itertools, os, signal, sys

def dies(real):
    def call(*arguments, **more):
        mine = next(counter)
        if mine == death and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return real(*arguments, **more)
        finally:
            if mine == death and when == "after":
                os.kill(os.getpid(), signal.SIGKILL)
    return call

when, death, counter = sys.argv[1], int(sys.argv[2]), itertools.count()
for name in ("mkdir", "rename", "replace", "unlink", "fsync"):
    setattr(os, name, dies(getattr(os, name)))
from core.agent.pod.prepare import prepare
code = prepare(os.environ)
print("points:", next(counter))
sys.exit(code)
"""
NEVER, DEATHS = -1, 2


@pytest.mark.parametrize("source", ["", "newest"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_line_it_can_be_begun_anew(second: Pod, when: str, source: str) -> None:
    """At a few of its points, drawn anew for each commit; `make soak` tries them all."""
    environment = second.env | {"DORMOUSE_SOURCE": source}

    def dying(at: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", DYING, when, str(at)]
        return subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=30)

    whole = dying(NEVER)
    assert whole.returncode == 0
    points = int(whole.stdout.rpartition("points: ")[2])
    assert points > 4
    for death in sample(range(points), DEATHS, f"{when} {source}"):
        subprocess.run(["rm", "-r", *second.volume.iterdir()], check=True)
        assert dying(death).returncode == -signal.SIGKILL
        assert second.run("volume", DORMOUSE_SOURCE=source).returncode == 0
        assert [each.name for each in second.data.iterdir()] == (["castle"] if source else [])


def test_told_to_stop_it_ends_and_the_next_try_begins_anew(second: Pod, b2: B2Server) -> None:
    told: list[subprocess.Popen[bytes]] = []
    b2.faults.add(Fault("b2_download_file*", skip=1, do=lambda: told[0].terminate(), cut=True))
    with b2.lock, second.start("volume") as process:
        told.append(process)
        b2.lock.release()
        assert process.wait(30) == 143
        b2.lock.acquire()
    assert second.marker() is None
    assert second.run("volume").returncode == 0


def test_what_was_finished_once_and_is_gone_is_never_made_empty(tmp_path: Path) -> None:
    pod = Pod(tmp_path)
    assert pod.run("volume", DORMOUSE_MADE="1").returncode == TABLE[Failure.LOST].container
    assert not pod.data.exists()
    assert pod.last_words()


def test_a_marker_without_its_world_is_a_loss_too(first: Pod) -> None:
    subprocess.run(["rm", "-r", first.data], check=True)
    assert first.run("volume").returncode == TABLE[Failure.LOST].container
    assert not first.data.exists()


def test_a_marker_of_another_volume_or_of_nobody_is_foreign(first: Pod) -> None:
    assert first.run("volume", DORMOUSE_VOLUME="7").returncode == TABLE[Failure.FOREIGN].container
    (first.volume / "volume.json").write_text("?")
    assert first.run("volume").returncode == TABLE[Failure.FOREIGN].container


def test_a_world_that_nobody_saved_is_not_there(tmp_path: Path) -> None:
    pod = Pod(tmp_path)
    assert pod.run("volume", DORMOUSE_SOURCE="newest").returncode == TABLE[Failure.MISSING].container
    assert (
        pod.run("volume", DORMOUSE_SOURCE="000001-000001-000001-" + "0" * 32).returncode
        == TABLE[Failure.MISSING].container
    )
    assert list(pod.volume.iterdir()) == []


def test_a_damaged_world_is_said_so_and_not_begun(first: Pod, second: Pod) -> None:
    for pack in first.store_folder.rglob("packs/**/*.data"):
        pack.write_bytes(bytes(pack.stat().st_size))
    assert second.run("volume").returncode == TABLE[Failure.DAMAGED].container
    assert list(second.volume.iterdir()) == []


def test_a_store_that_is_away_is_said_so(second: Pod, b2: B2Server) -> None:
    b2.faults.add(Fault("b2_*", status=503, code="service_unavailable", retry_after="3600", times=100))
    assert second.run("volume").returncode == TABLE[Failure.AWAY].container


def test_a_store_that_refuses_is_said_so(second: Pod, b2: B2Server) -> None:
    assert second.run("volume", DORMOUSE_B2_KEY="wrong").returncode == TABLE[Failure.KEY].container


def test_without_a_store_nothing_is_brought(second: Pod) -> None:
    assert second.run("volume", DORMOUSE_STORE="").returncode == TABLE[Failure.REFUSED].container
