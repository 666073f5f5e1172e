"""The state machine of a volume, by itself. The clusters drive it in test_pod_volume.py and test_local_worlds.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.agent.volume import Volume, VolumeRefused
from core.children import ChildFailed
from core.nofollow import Spot
from core.worlds.failures import Failure

NAME = "000001-000001-000001-" + "0" * 32
RESULT = {"name": NAME, "saved_at": "2026-11-24T11:00:00+00:00"}


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume(tmp_path / "volume", 2, beside=["lock"])


def refused(work: Any) -> Failure:
    with pytest.raises(VolumeRefused) as wrong:
        work()
    return wrong.value.failure


async def restored(into: Spot) -> dict[str, Any]:
    (into / "castle").path.write_text("tall")
    return RESULT


def test_what_was_never_made_is_to_be_made(volume: Volume) -> None:
    assert volume.take_up(made=False) is None
    assert volume.has_world() is False
    assert volume.make_empty() == {"volume": 2}
    assert volume.take_up(made=True) == {"volume": 2}
    assert volume.has_world() is True
    assert volume.why_not_ours() == ""


async def test_what_is_brought_says_where_from(volume: Volume) -> None:
    facts = await volume.bring(restored)
    assert facts == {"volume": 2, "restored": NAME, "saved_at": RESULT["saved_at"]} == volume.facts()
    assert sorted(each.name for each in volume.root.iterdir()) == ["data", "volume.json"]


async def test_what_cannot_be_brought_leaves_nothing(volume: Volume) -> None:
    async def full(into: Spot) -> dict[str, Any]:
        (into / "half").path.touch()
        raise ChildFailed("failed", "[Errno 28] No space left on device")

    with pytest.raises(VolumeRefused) as wrong:
        await volume.bring(full)
    assert wrong.value.failure is Failure.FULL
    assert list(volume.root.iterdir()) == []


@pytest.mark.parametrize(("name", "failure"), [("castle", Failure.FOREIGN), ("lock", None), ("restoring", None)])
def test_what_is_not_known_is_somebody_elses(volume: Volume, name: str, failure: Failure | None) -> None:
    volume.root.mkdir()
    (volume.root / name).touch()
    if failure is None:
        assert volume.take_up(made=False) is None
    else:
        assert refused(lambda: volume.take_up(made=False)) is failure


def test_a_link_in_the_place_of_the_data_is_not_followed(volume: Volume, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    volume.make_empty()
    volume.data.rmdir()
    volume.data.symlink_to(tmp_path / "elsewhere")
    assert not volume.is_there()
    assert volume.why_not_ours()
    assert refused(lambda: volume.take_up(made=True)) is Failure.LOST
    assert refused(volume.has_world) is Failure.LOST
    (volume.root / "volume.json").unlink()
    assert refused(lambda: volume.take_up(made=False)) is Failure.FOREIGN


@pytest.mark.parametrize("file", ["volume.json", "restored.json"])
@pytest.mark.parametrize("said", ["?", "[]", '{"volume": 1}'])
def test_a_marker_of_another_volume_or_of_nobody_is_foreign(volume: Volume, file: str, said: str) -> None:
    volume.data.mkdir(parents=True)
    (volume.root / file).write_text(said)
    assert refused(lambda: volume.take_up(made=False)) is Failure.FOREIGN
    assert refused(volume.has_world) is Failure.FOREIGN


def test_what_was_restored_and_never_played_is_on_the_store_already(volume: Volume) -> None:
    volume.data.mkdir(parents=True)
    (volume.data / "castle").touch()
    assert refused(volume.has_world) is Failure.FOREIGN
    (volume.root / "restored.json").write_text(json.dumps({"volume": 2}))
    assert volume.has_world() is False
    assert volume.take_up(made=False) == {"volume": 2}, "only the marker was missing"
