"""The job that saves a volume at rest, as a process: what it says last, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import unprivileged

from core.worlds.failures import TABLE, Failure
from core.worlds.receipt import Receipt
from tests.agent.pod_process import Pod

pytestmark = pytest.mark.process


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    """With a world at rest."""
    pod = Pod(tmp_path)
    assert pod.run("volume").returncode == 0
    (pod.data / "castle").write_text("tall")
    return pod


def test_a_world_is_saved_and_read_back(pod: Pod) -> None:
    code, said = pod.seal(DORMOUSE_VERIFY="1", DORMOUSE_NOTE="at rest")
    saved = Receipt.of(said["saved"])
    assert (code, saved.checked) == (0, True)
    assert [(each.name, each.note) for each in pod.snapshots()] == [(saved.name, "at rest")]


def test_it_may_be_repeated(pod: Pod) -> None:
    assert [pod.seal()[0] for _ in range(2)] == [0, 0]
    assert len(pod.snapshots()) == 2


def test_the_games_own_rules_say_what_counts(pod: Pod) -> None:
    (pod.data / "logs").mkdir()
    (pod.data / "logs" / "a").write_bytes(bytes(1000))
    code, said = pod.seal(DORMOUSE_SAVE=json.dumps({"include": [], "exclude": ["logs"]}))
    assert (code, said["saved"]["size"]) == (0, len("tall"))


@pytest.mark.parametrize("left", ["data", "restoring", "lost+found"])
def test_a_volume_that_was_never_finished_holds_nothing(tmp_path: Path, left: str) -> None:
    pod = Pod(tmp_path)
    (pod.volume / left).mkdir()
    assert pod.seal() == (0, {"nothing": True})


def test_what_was_restored_and_never_played_is_on_the_store_already(tmp_path: Path) -> None:
    pod = Pod(tmp_path)
    pod.data.mkdir()
    (pod.data / "castle").touch()
    (pod.volume / "restored.json").write_text('{"volume": 1}')
    assert pod.seal() == (0, {"nothing": True})


def test_what_is_not_this_volume_is_not_saved(pod: Pod) -> None:
    code, said = pod.seal(DORMOUSE_VOLUME="2")
    assert (code, said["kind"]) == (TABLE[Failure.FOREIGN].container, "not_empty")
    (pod.volume / "volume.json").unlink()
    code, said = pod.seal()
    assert (code, said["kind"]) == (TABLE[Failure.FOREIGN].container, "not_empty")
    assert pod.snapshots() == []


def test_a_marker_that_cannot_be_read_is_not_passed_off_as_nothing(pod: Pod) -> None:
    (pod.volume / "volume.json").write_text("?")
    assert pod.seal()[0] == TABLE[Failure.FOREIGN].container


def test_what_cannot_be_read_back_is_no_seal(pod: Pod) -> None:
    assert pod.seal()[0] == 0
    for pack in pod.store_folder.rglob("packs/**/*.data"):
        data = bytearray(pack.read_bytes())
        data[0] ^= 1
        pack.write_bytes(data)
    code, said = pod.seal(DORMOUSE_VERIFY="1")
    assert (code, said["kind"]) == (TABLE[Failure.DAMAGED].container, "damaged")


def test_what_cannot_be_read_is_no_seal_and_is_named(pod: Pod, tmp_path: Path) -> None:
    pod.python = unprivileged.python(tmp_path)
    for closed in (pod.data / "treasure", pod.data / "cellar"):
        closed.mkdir()
        closed.chmod(0o000)
    code, said = pod.seal(DORMOUSE_VERIFY="1")
    assert (code, said["kind"]) == (TABLE[Failure.INCOMPLETE].container, "incomplete")
    assert "treasure" in said["error"]
    assert "cellar" in said["error"]
    assert pod.seal()[0] == 0, "it is no seal, and a snapshot all the same"
    rules = json.dumps({"exclude": ["treasure", "cellar"]})
    assert pod.seal(DORMOUSE_VERIFY="1", DORMOUSE_SAVE=rules)[0] == 0


def test_a_store_that_refuses_is_said_in_few_words(pod: Pod) -> None:
    code, said = pod.seal(DORMOUSE_STORE="b2:" + "é" * 3000)
    assert (code, said["kind"]) == (TABLE[Failure.REFUSED].container, "refused")
    assert len(pod.say.read_bytes()) <= 4096
