"""What a second snapshot reads, what it believes, and when it does not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from worldgen import picture

from core.worlds import builder, chunks, snapshot
from core.worlds.errors import Incomplete, TooLate
from core.worlds.listing import load, silent
from core.worlds.manifest import TORN
from core.worlds.store.port import StoreAway
from core.worlds.tree import Found
from tests.worlds.around import SERVER, Around, newest_manifest, packs
from tests.worlds.conftest import Bring, Take


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Paths of the files that were opened."""
    names: list[bytes] = []
    real = Found.open

    def open(found: Found) -> int | None:
        names.append(found.path)
        return real(found)

    monkeypatch.setattr(Found, "open", open)
    return names


def test_an_unchanged_file_is_not_read(world: Path, take: Take, opened: list[bytes]) -> None:
    for name in ("a", "b"):
        (world / name).write_bytes(os.urandom(10))
    take()
    opened.clear()
    (world / "b").write_bytes(os.urandom(10))
    take()
    assert opened == [b"b"]


def test_nothing_is_written_where_nothing_changed(world: Path, take: Take, store: Around) -> None:
    (world / "a").write_bytes(b"1")
    first = take()
    store.calls.clear()
    again = take()
    assert store.did("put") == ()
    assert (again.name, again.unchanged, again.new_bytes) == (first.name, True, 0)


@pytest.mark.parametrize("change", ["touch", "chmod", "rename", "remove", "mkdir", "symlink", "root mode"])
def test_a_change_of_anything_that_comes_back_is_a_change(world: Path, take: Take, bring: Bring, change: str) -> None:
    (world / "a").write_bytes(b"1")
    (world / "b").write_bytes(b"1")
    first = take()
    match change:
        case "touch":
            os.utime(world / "a", ns=(1, 1))
        case "chmod":
            (world / "a").chmod(0o400)
        case "rename":
            (world / "a").rename(world / "c")
        case "remove":
            (world / "a").unlink()
        case "mkdir":
            (world / "d").mkdir()
        case "symlink":
            (world / "l").symlink_to("a")
        case "root mode":
            world.chmod(0o700)
    second = take()
    assert second.name != first.name
    assert picture(bring(second)[0]) == picture(world)


def test_a_snapshot_with_a_note_is_always_written(world: Path, take: Take) -> None:
    (world / "a").write_bytes(b"1")
    assert take().name != take(note="before the dragon").name


def test_a_file_that_changed_just_now_is_read_again_next_time(
    world: Path, take: Take, opened: list[bytes], bring: Bring
) -> None:
    """Its next change might fall in the same tick of the file system's clock."""
    (world / "a").write_bytes(b"first")
    take(now=time.time_ns)
    opened.clear()
    take()
    assert opened == [b"a"]
    opened.clear()
    take()
    assert opened == []


def test_a_full_snapshot_finds_what_no_clock_tells(
    world: Path, take: Take, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a write through a memory map may be: the times are as before."""
    path = world / "mapped"
    path.write_bytes(b"before")
    take()
    real, before = os.stat, path.stat()
    path.write_bytes(b"after!")

    def as_before(name: object, **more: object) -> os.stat_result:
        return before if name == b"mapped" else real(name, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", as_before)
        assert (bring(take(note="believes the times"))[0] / "mapped").read_bytes() == b"before"
        assert (bring(take(full=True))[0] / "mapped").read_bytes() == b"after!"


def test_another_volume_is_read_whatever_its_times_say(world: Path, take: Take, opened: list[bytes]) -> None:
    (world / "a").write_bytes(b"1")
    take(volume=1)
    opened.clear()
    take(volume=2)
    assert opened == [b"a"]


def test_a_file_that_changes_while_it_is_read_is_read_again(
    world: Path, take: Take, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = world / "busy"
    path.write_bytes(b"old" * 1000)
    _while_reading(monkeypatch, [lambda: path.write_bytes(b"new" * 2000)])
    receipt = take()
    assert receipt.torn == 0
    assert (bring(receipt)[0] / "busy").read_bytes() == b"new" * 2000


def test_a_file_that_never_rests_is_taken_and_marked(
    world: Path, take: Take, store: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = world / "busy"
    path.write_bytes(b"0")
    _while_reading(monkeypatch, [lambda at=at: path.write_bytes(b"x" * at) for at in range(2, 20)])
    receipt = take()
    assert receipt.torn == 1
    entry = load(store, SERVER, receipt.name, silent).entries[1]
    assert (entry.flags, entry.ctime) == (TORN, 0)
    with pytest.raises(Incomplete, match="busy"):
        snapshot.refuse_what_is_no_seal(store, SERVER, receipt)


def test_a_file_that_is_cut_while_it_is_read_does_not_stop_a_snapshot(
    world: Path, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = world / "shrinking"
    path.write_bytes(os.urandom(500_000))
    _while_reading(monkeypatch, [lambda size=size: os.truncate(path, size) for size in (400_000, 200_000, 3, 0)])
    assert take().torn == 1


def _while_reading(monkeypatch: pytest.MonkeyPatch, changes: list[object]) -> None:
    """One change at each reading of a file, just before its bytes are taken."""
    todo = iter(changes)
    real = chunks.digest

    def disturbed(pieces: object, known: object) -> object:
        change = next(todo, None)
        if change is not None:
            time.sleep(0.01)  # so that the file system's clock ticks
            change()  # type: ignore[operator]
        return real(pieces, known)  # type: ignore[arg-type]

    monkeypatch.setattr(snapshot, "digest", disturbed)


def test_a_pack_that_is_gone_is_stored_again(world: Path, take: Take, store: Around, bring: Bring) -> None:
    (world / "a").write_bytes(os.urandom(100_000))
    first = take()
    store.hide(packs(store)[0])
    second = take()
    assert [finding.healed for finding in second.found] == [True]
    assert second.name != first.name
    assert bring(second)[1].found == ()


def test_a_world_that_is_mostly_garbage_is_compacted(world: Path, take: Take, store: Around, bring: Bring) -> None:
    """Files are rewritten until more than half of what their packs hold is dead; then the rest is stored anew."""
    for at in range(10):
        (world / f"{at}").write_bytes(os.urandom(100_000))
    take()
    for at in range(8):
        (world / f"{at}").write_bytes(os.urandom(10))
    take()
    receipt = take(note="compacts")
    manifest = load(store, SERVER, receipt.name, silent)
    assert sum(manifest.live()) * 2 >= sum(size for _, size in manifest.packs)
    assert picture(bring(receipt)[0]) == picture(world)


def test_many_small_packs_are_made_one(world: Path, take: Take, store: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "MANY_SMALL", 5)
    for at in range(8):
        (world / f"{at}").write_bytes(os.urandom(5000))
        take()
    manifest = newest_manifest(store)
    assert manifest is not None
    assert len(manifest.packs) <= 6


def test_a_pack_that_vanishes_meanwhile_stops_the_commit(world: Path, take: Take, store: Around) -> None:
    (world / "a").write_bytes(os.urandom(100_000))
    listings = iter(range(100))

    def thief(operation: str, key: str, when: str) -> None:
        if operation == "list" and key.endswith("/packs/") and when == "before" and next(listings) == 1:
            store.inner.hide(packs(store.inner)[0])

    store.hook = thief
    with pytest.raises(TooLate, match="vanished"):
        take()
    assert newest_manifest(store) is None
    assert take().checked


def test_a_snapshot_that_took_too_long_does_not_commit(world: Path, take: Take, store: Around) -> None:
    (world / "a").write_bytes(b"1")
    with pytest.raises(TooLate, match="longer than"):
        take(deadline=0.0)
    assert newest_manifest(store) is None


def test_a_store_that_is_away_leaves_the_last_snapshot(world: Path, take: Take, store: Around, bring: Bring) -> None:
    (world / "a").write_bytes(b"1")
    first = take()
    (world / "a").write_bytes(b"2")

    def away(operation: str, key: str, when: str) -> None:
        if operation == "put":
            raise StoreAway("a storm")

    store.hook = away
    with pytest.raises(StoreAway):
        take()
    store.hook = lambda operation, key, when: None
    assert (bring(first)[0] / "a").read_bytes() == b"1"
    assert (bring(take())[0] / "a").read_bytes() == b"2"
