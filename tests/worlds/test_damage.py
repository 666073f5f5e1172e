"""Bits flip, and thieves with a write key hide and overwrite: found, named, healed; never restored silently."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from worldgen import minecraft, picture

from core.worlds import manifest as format
from core.worlds import pack
from core.worlds.errors import Damaged, WorldError
from core.worlds.listing import listing, load, silent, snapshot_key
from core.worlds.manifest import MAX_SEQ, Name
from core.worlds.restore import restore
from core.worlds.snapshot import snapshot
from core.worlds.store.folder import FolderStore
from core.worlds.verify import verify
from tests.worlds.around import OTHER, SERVER, Around, MemoryLedger, flip, packs
from tests.worlds.conftest import Bring, Take


@pytest.fixture
def name(world: Path, take: Take, monkeypatch: pytest.MonkeyPatch) -> str:
    """A snapshot of two packs."""
    monkeypatch.setattr(pack, "PACK_LIMIT", 3_000_000)
    minecraft(world / "world", 8_000_000)
    return take().name


def rot(tmp_path: Path, key: str, at: int = 100) -> None:
    """One bit on the disk turns over, below all versions."""
    (path,) = (tmp_path / "store" / key).glob(".*.data")
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_what_is_right_is_said_to_be(store: Around, name: str) -> None:
    verified = verify(store, SERVER, name)
    assert (verified.ok, verified.found, verified.files) == (True, (), ())
    assert (verified.packs, verified.bytes) == (
        2,
        sum(version.size for version in store.list(f"worlds/{SERVER}/packs/")),
    )


@pytest.mark.parametrize("at", [0, 100, -1, -40, -29])
def test_a_bit_that_flipped_is_found_and_named(store: Around, tmp_path: Path, name: str, at: int) -> None:
    key = packs(store)[0]
    rot(tmp_path, key, at)
    verified = verify(store, SERVER, name)
    assert not verified.ok
    assert [(finding.key, finding.healed) for finding in verified.found] == [(key, False)]
    assert verified.files


def test_what_is_damaged_is_not_restored_but_its_files_are_named(store: Around, tmp_path: Path, name: str) -> None:
    keys = packs(store)
    for key in keys:
        rot(tmp_path, key)
    (tmp_path / "into").mkdir()
    with pytest.raises(Damaged) as raised:
        restore(store, SERVER, name, tmp_path / "into")
    assert raised.value.keys == tuple(sorted(keys))
    assert "world/level.dat" in raised.value.files


def test_a_pack_that_was_overwritten_is_healed_from_below(store: Around, world: Path, bring: Bring, name: str) -> None:
    key = packs(store)[0]
    flip(store, key)
    into, restored = bring(name)
    assert picture(into) == picture(world)
    assert [(finding.key, finding.healed) for finding in restored.found] == [(key, True)]


def test_a_pack_that_was_hidden_is_read_all_the_same(store: Around, world: Path, bring: Bring, name: str) -> None:
    key = packs(store)[0]
    store.hide(key)
    into, restored = bring(name)
    assert picture(into) == picture(world)
    assert [(finding.key, finding.what) for finding in restored.found] == [(key, "hidden or gone")]


def test_a_thief_who_does_both_many_times_gains_nothing(store: Around, world: Path, bring: Bring, name: str) -> None:
    for key in packs(store):
        flip(store, key)
        store.put(key, b"")
        store.hide(key)
        store.put(key, os.urandom(1000))
    assert picture(bring(name)[0]) == picture(world)


def test_mending_makes_the_right_versions_visible(store: Around, name: str) -> None:
    first, second = packs(store)
    flip(store, first)
    store.hide(second)
    store.put(snapshot_key(SERVER, name), b"nonsense")
    store.hide(snapshot_key(SERVER, name))
    assert verify(store, SERVER, name, mend=True).ok
    again = verify(store, SERVER, name)
    assert (again.ok, again.found) == (True, ())


def test_a_part_of_a_pack_is_healed_too(store: Around, world: Path, take: Take, bring: Bring, name: str) -> None:
    """Where little of a pack is needed only that little is fetched, and checked by its ids."""
    for path in sorted((world / "world" / "region").iterdir())[1:]:
        path.unlink()
    receipt = take()
    key = packs(store)[0]
    before = picture(world)
    for each in packs(store):
        store.put(each, bytes(len(store.get(each))))
    into, restored = bring(receipt)
    assert picture(into) == before
    assert key in {finding.key for finding in restored.found}


def test_a_manifest_that_was_overwritten_is_read_from_below(
    store: Around, world: Path, take: Take, bring: Bring, tmp_path: Path
) -> None:
    """The forgery is a sound manifest; but a name stands for one content."""
    (world / "a").write_bytes(b"mine")
    receipt = take()
    forger = FolderStore(tmp_path / "forger")
    (world / "a").write_bytes(b"forged")
    forged = snapshot(forger, SERVER, world, volume=1, run=1)
    store.put(snapshot_key(SERVER, receipt.name), forger.get(snapshot_key(SERVER, forged.name)))
    into, restored = bring(receipt)
    assert (into / "a").read_bytes() == b"mine"
    assert [finding.what for finding in restored.found] == ["the newest version is not what its name says"]


def test_a_manifest_under_nonsense_is_still_read(store: Around, world: Path, bring: Bring, name: str) -> None:
    store.put(snapshot_key(SERVER, name), b"nonsense")
    into, restored = bring(name)
    assert picture(into) == picture(world)
    assert restored.found[0].healed
    assert [each.name for each in listing(store, SERVER)] == [name]


@pytest.mark.parametrize("change", [{"run": 9}, {"seq": 9}, {"sum": "0" * 32}])
def test_a_manifest_under_another_name_is_refused(store: Around, name: str, change: dict[str, Any]) -> None:
    moved = replace(Name.parse(name), **change)
    store.put(snapshot_key(SERVER, moved), store.get(snapshot_key(SERVER, name)))
    with pytest.raises(Damaged):
        load(store, SERVER, moved, silent)
    assert [each.name for each in listing(store, SERVER)] == [name]


def test_a_manifest_of_another_world_is_refused(store: Around, name: str) -> None:
    store.put(snapshot_key(OTHER, name), store.get(snapshot_key(SERVER, name)))
    with pytest.raises(Damaged):
        load(store, OTHER, name, silent)
    assert listing(store, OTHER) == []


def test_a_manifest_of_a_later_format_is_not_guessed_at(store: Around, world: Path, take: Take, name: str) -> None:
    later = replace(Name.parse(name), run=9)
    store.put(snapshot_key(SERVER, later), b"DMSNAP2\n" + bytes.fromhex(later.sum) + bytes(100))
    with pytest.raises(Damaged, match="000009"):
        load(store, SERVER, later, silent)
    assert take(run=10, note="after that").new_bytes == 0


def test_a_snapshot_that_somebody_hid_is_listed_and_restored(
    store: Around, world: Path, bring: Bring, name: str
) -> None:
    store.hide(snapshot_key(SERVER, name))
    assert listing(store, SERVER) == []
    (shown,) = listing(store, SERVER, MemoryLedger())
    assert (shown.name, shown.hidden) == (name, True)
    assert listing(store, SERVER, MemoryLedger([snapshot_key(SERVER, name)])) == []
    assert picture(bring(name)[0]) == picture(world)


def test_two_writers_at_once_get_two_names(store: Around, world: Path, take: Take, bring: Bring) -> None:
    """By force: the same volume, run and seq, one between the other's look at the list and its commit."""
    (world / "a").write_bytes(b"of the first")
    inner: list[str] = []

    def meanwhile(operation: str, key: str, when: str) -> None:
        if operation == "put" and "/snapshots/" in key and when == "before" and not inner:
            inner.append("")
            (world / "a").write_bytes(b"of the second")
            inner[0] = take(into=store.inner).name

    store.hook = meanwhile
    first = take()
    assert Name.parse(first.name).seq == Name.parse(inner[0]).seq
    assert (bring(first)[0] / "a").read_bytes() == b"of the first"
    assert (bring(inner[0])[0] / "a").read_bytes() == b"of the second"
    assert {each.name for each in listing(store, SERVER)} == {first.name, inner[0]}


def test_names_that_somebody_used_up_are_said_so(store: Around, world: Path, take: Take) -> None:
    store.put(snapshot_key(SERVER, Name(1, 1, MAX_SEQ, "0" * 32)), b"nonsense")
    with pytest.raises(WorldError, match="restart the server"):
        take()
    assert take(run=2).checked


def test_a_chunk_that_claims_to_be_huge_is_not_unpacked(store: Around, world: Path, take: Take) -> None:
    """A forged pack of the right name, whose frame says another size than the manifest."""
    import zstandard

    from core.worlds.pack import chunk_id, unpack_chunk

    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 24))
    with pytest.raises(ValueError, match="another size"):
        unpack_chunk(bomb, 65536, chunk_id(bytes(65536)), zstandard.ZstdDecompressor())


def test_a_forged_place_of_a_chunk_is_found(store: Around, world: Path, take: Take) -> None:
    (world / "a").write_bytes(os.urandom(1000))
    receipt = take()
    manifest = load(store, SERVER, receipt.name, silent)
    manifest.chunks.offset[0] += 1
    data = format.encode(manifest)
    name = manifest.header.name(data)
    store.put(snapshot_key(SERVER, name), data)
    verified = verify(store, SERVER, str(name))
    assert (verified.ok, verified.files) == (False, ("a",))
