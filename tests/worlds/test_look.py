"""A snapshot is looked into as it would be brought back, and damage is never shown as content."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.worlds.errors import Damaged, NoSnapshot
from core.worlds.look import Look
from core.worlds.manifest import Kind
from core.worlds.source import NEWEST
from tests.worlds.around import SERVER, Around, packs
from tests.worlds.conftest import Take
from tests.worlds.test_damage import rot

CONTENT = bytes(range(256)) * 5000 + bytes(2_000_000) + b"the end"


@pytest.fixture
def name(world: Path, take: Take) -> str:
    (world / "region/empty").mkdir(parents=True)
    (world / "region/r.mca").write_bytes(CONTENT)
    (world / "hard").hardlink_to(world / "region/r.mca")
    return take().name


def test_folders_and_any_part_of_a_file_are_as_they_were(store: Around, name: str) -> None:
    look = Look(store, SERVER, NEWEST)
    assert look.name == name
    assert [(path, entry.kind) for path, entry in look.folder(b"")] == [
        (b"hard", Kind.FILE),
        (b"region", Kind.DIRECTORY),
    ]
    assert [path for path, _ in look.folder(b"region")] == [b"empty", b"r.mca"]
    for path in (b"region/r.mca", b"hard"):
        _, file = look.entry(path)
        for start, length in ((0, len(CONTENT)), (1_279_990, 30), (len(CONTENT) - 7, 99), (len(CONTENT), 5), (3, 0)):
            assert look.read(store, file, start, length) == CONTENT[start : start + length]


def test_what_is_not_in_it_is_not_there(store: Around, name: str) -> None:
    with pytest.raises(KeyError):
        Look(store, SERVER, name).entry(b"region/../hard")
    with pytest.raises(NoSnapshot):
        Look(store, "bcdefghijklm", NEWEST)


def test_a_bit_that_flipped_is_not_shown(store: Around, tmp_path: Path, name: str) -> None:
    rot(tmp_path, packs(store)[0])
    look = Look(store, SERVER, name)
    with pytest.raises(Damaged):
        look.read(store, look.entry(b"hard")[1], 0, len(CONTENT))
