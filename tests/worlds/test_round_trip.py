"""What comes back is what was there: bytes, names, modes, times, links, holes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from worldgen import minecraft, oddities, picture, play

from core.worlds.errors import NoSnapshot, NotEmpty
from core.worlds.listing import listing
from core.worlds.restore import restore
from core.worlds.snapshot import snapshot
from core.worlds.tree import Rules
from tests.worlds.around import OTHER, SERVER, Around, packs
from tests.worlds.conftest import Bring, Take


def test_a_world_of_oddities_comes_back(world: Path, take: Take, bring: Bring) -> None:
    oddities(world)
    before = picture(world)
    receipt = take()
    into, restored = bring(receipt)
    assert picture(into) == before
    assert receipt.skipped == {"fifo": 1, "socket": 1}
    assert not {"fifo", "socket"} & set(os.listdir(into))
    assert (restored.size, restored.files, restored.found) == (receipt.size, receipt.files, ())


def test_an_empty_world_comes_back(world: Path, take: Take, bring: Bring) -> None:
    world.chmod(0o711)
    into, _ = bring(take())
    assert picture(into) == picture(world)


def test_a_played_world_comes_back_at_every_snapshot(world: Path, take: Take, bring: Bring) -> None:
    minecraft(world / "world", 12_000_000)
    pictures = []
    for at in range(4):
        pictures.append((take(), picture(world)))
        play(world / "world", 200_000, seed=at)
    for receipt, before in pictures:
        assert picture(bring(receipt)[0]) == before


def test_only_what_changed_is_stored_again(world: Path, take: Take) -> None:
    minecraft(world / "world", 12_000_000)
    first = take()
    with (world / "world" / "region" / "r.0.0.mca").open("r+b") as file:
        file.seek(100_000)
        file.write(os.urandom(100))
    second = take()
    assert first.new_bytes > 8_000_000
    assert second.new_bytes < 70_000
    assert second.size == first.size


def test_equal_chunks_are_stored_once(world: Path, take: Take) -> None:
    same = os.urandom(300_000)
    for name in "abcdef":
        (world / name).write_bytes(same)
    assert take().new_bytes < 305_000


def test_zeros_cost_nothing_and_come_back_as_holes(
    world: Path, take: Take, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    preadv = os.preadv
    monkeypatch.setattr(os, "preadv", lambda *given: read.append(preadv(*given)) or read[-1])
    with (world / "sparse").open("wb") as file:
        file.truncate(10 << 30)
        file.seek(5 << 30)
        file.write(b"in the middle")
    (world / "zeros").write_bytes(bytes(3_000_000))
    receipt = take()
    assert receipt.new_bytes < 1000
    assert 3_000_000 < sum(read) < 20_000_000, "no hole is read"
    into, _ = bring(receipt)
    seen = (into / "sparse").stat()
    assert (seen.st_size, seen.st_blocks * 512 < 1_000_000) == (10 << 30, True)
    assert (into / "zeros").stat().st_blocks * 512 < 100_000
    assert (into / "zeros").read_bytes() == bytes(3_000_000)
    with (into / "sparse").open("rb") as file:
        file.seek(5 << 30)
        assert file.read(13) == b"in the middle"


def test_a_world_of_holes_makes_a_small_manifest(world: Path, take: Take, store: Around) -> None:
    with (world / "bomb").open("wb") as file:
        file.truncate(1 << 40)
    take()
    assert sum(version.size for version in store.list()) < 2000


@pytest.mark.deep
def test_a_hundred_thousand_small_files_come_back(world: Path, take: Take, bring: Bring) -> None:
    for at in range(100_000):
        folder = world / f"{at % 500}"
        folder.mkdir(exist_ok=True)
        (folder / f"{at}").write_bytes(b"%d" % at)
    into, _ = bring(take())
    assert picture(into) == picture(world)


def test_rules_say_what_belongs_to_the_world(world: Path, take: Take, bring: Bring) -> None:
    for name in ("world/level.dat", "world/session.lock", "logs/latest.log", "plugins/a/data.db", "server.jar"):
        (world / name).parent.mkdir(parents=True, exist_ok=True)
        (world / name).write_bytes(b"x")
    rules = Rules(include=("world", "plugins/**/*.db"), exclude=("**/session.lock", "logs"))
    into, _ = bring(take(rules=rules))
    files = sorted(str(path.relative_to(into)) for path in into.rglob("*") if path.is_file())
    assert files == ["plugins/a/data.db", "world/level.dat"]
    assert not (into / "logs").exists()


def test_worlds_share_nothing(world: Path, store: Around) -> None:
    (world / "same").write_bytes(os.urandom(100_000))
    for server in (SERVER, OTHER):
        snapshot(store, server, world, volume=1, run=1)
    assert packs(store, SERVER)[0].split("/")[-1] != packs(store, OTHER)[0].split("/")[-1]


def test_the_list_shows_the_newest_first(world: Path, take: Take, store: Around) -> None:
    (world / "a").write_bytes(b"1")
    first = take(run=1, note="before the dragon")
    (world / "a").write_bytes(b"22")
    second = take(run=2)
    shown = listing(store, SERVER)
    assert [each.name for each in shown] == [second.name, first.name]
    assert [(each.size, each.files, each.note) for each in shown] == [(2, 1, ""), (1, 1, "before the dragon")]
    assert shown[0].at == second.at


def test_run_decides_what_is_newest_and_not_the_clock(world: Path, take: Take, store: Around) -> None:
    """A writer of an older run that comes late is behind, also when its snapshot is the younger one."""
    (world / "a").write_bytes(b"of run 7")
    of_now = take(run=7)
    (world / "a").write_bytes(b"of run 6, late")
    late = take(run=6)
    assert late.at > of_now.at
    assert listing(store, SERVER)[0].name == of_now.name


def test_nothing_is_restored_over_something(world: Path, take: Take, store: Around, tmp_path: Path) -> None:
    (world / "a").write_bytes(b"1")
    receipt = take()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_bytes(b"")
    with pytest.raises(NotEmpty):
        restore(store, SERVER, receipt.name, tmp_path / "full")
    assert os.listdir(tmp_path / "full") == ["precious"]


@pytest.mark.parametrize(
    "name", ["000001-000001-000009-" + "0" * 32, "000001-000001-000009", "nonsense", "../../x", ""]
)
def test_a_snapshot_that_never_was_is_said_so(store: Around, tmp_path: Path, name: str) -> None:
    (tmp_path / "into").mkdir()
    with pytest.raises(NoSnapshot):
        restore(store, SERVER, name, tmp_path / "into")


def test_progress_ends_where_it_said(world: Path, take: Take, store: Around, tmp_path: Path) -> None:
    minecraft(world / "world", 8_000_000)
    receipt = take()
    (tmp_path / "into").mkdir()
    seen: list[tuple[int, int]] = []
    restore(store, SERVER, receipt.name, tmp_path / "into", lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] > 0
    assert seen == sorted(seen)
