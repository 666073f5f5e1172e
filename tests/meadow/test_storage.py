"""The world file and when it is written."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from bot.demo.meadow.storage import WORLD_FILE, Keeper, load
from bot.demo.meadow.world import Cell, DamagedWorldError, Kind, World


def test_an_empty_folder_gets_an_empty_world(tmp_path: Path) -> None:
    world, saved = load(tmp_path / "new" / "folder")
    data = (tmp_path / "new" / "folder" / WORLD_FILE).read_bytes()
    assert world == World()
    assert saved.digest == hashlib.sha256(data).hexdigest()


async def test_a_saved_world_is_loaded_as_it_was(tmp_path: Path) -> None:
    world, saved = load(tmp_path)
    world.plant([Cell(7, 8, Kind.POPPY)])
    after = await Keeper(tmp_path, world, saved).save()
    again, loaded = load(tmp_path)
    assert again == world
    assert loaded == after


async def test_what_is_saved_already_is_not_written_again(tmp_path: Path) -> None:
    world, saved = load(tmp_path)
    before = (tmp_path / WORLD_FILE).stat()
    assert await Keeper(tmp_path, world, saved).save() == saved
    assert (tmp_path / WORLD_FILE).stat().st_ino == before.st_ino


async def test_while_held_only_an_explicit_save_writes(tmp_path: Path) -> None:
    world, saved = load(tmp_path)
    keeper = Keeper(tmp_path, world, saved)
    await keeper.hold()
    world.plant([Cell(1, 1, Kind.STONE)])
    await keeper.save_if_due()
    assert keeper.saved.revision == 0
    await keeper.save()
    assert keeper.saved.revision == 1
    world.plant([Cell(1, 1, Kind.BUSH)])
    keeper.release()
    await keeper.save_if_due()
    assert keeper.saved.revision == 2


async def test_a_save_that_fails_leaves_the_former_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, saved = load(tmp_path)
    before = (tmp_path / WORLD_FILE).read_bytes()
    world.plant([Cell(1, 1, Kind.STONE)])
    keeper = Keeper(tmp_path, world, saved)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await keeper.save()
    assert os.listdir(tmp_path) == [WORLD_FILE]
    assert (tmp_path / WORLD_FILE).read_bytes() == before
    assert not keeper.up_to_date


def test_a_damaged_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / WORLD_FILE).write_bytes(b"{}")
    with pytest.raises(DamagedWorldError):
        load(tmp_path)
    assert (tmp_path / WORLD_FILE).read_bytes() == b"{}"
