"""The bench on which the bot puts things together: nothing stays on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.worlds.shelf import Shelf
from core.worlds.store.place import StorePlace

NOBODY = 65534


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    """A folder of somebody who is not root, and the test is they: root may delete anything."""
    folder = tmp_path / "work"
    folder.mkdir()
    if os.geteuid() != 0:
        yield folder
        return
    os.chown(folder, NOBODY, NOBODY)
    above = [each for each in tmp_path.parents if each.stat().st_mode & 0o001 == 0] + [tmp_path]
    modes = {each: each.stat().st_mode for each in above}
    for each in above:
        each.chmod(0o711)
    os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        os.seteuid(0)
        for each, mode in modes.items():
            each.chmod(mode)


def locked(folder: Path) -> None:
    """A world may have folders that nobody may write to."""
    (folder / "world" / "inner").mkdir(parents=True)
    (folder / "world" / "inner" / "file").write_text("1")
    (folder / "world" / "inner").chmod(0o500)
    (folder / "world").chmod(0)


async def test_what_nobody_may_write_to_is_thrown_away_too(work: Path) -> None:
    async with Shelf(StorePlace("folder:x"), work).scratch(1) as folder:
        locked(folder)
    assert os.listdir(work) == []


def test_what_a_crash_left_is_thrown_away_too(work: Path) -> None:
    locked(work / "left")
    Shelf(StorePlace("folder:x"), work).sweep()
    assert os.listdir(work) == []
