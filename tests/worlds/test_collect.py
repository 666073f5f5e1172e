"""Garbage is hidden, live chunks never are, and hides by others are noticed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from worldgen import picture

from core.worlds.collect import CollectResult, collect, purge, unhide
from core.worlds.listing import listing, snapshot_key
from core.worlds.snapshot import snapshot
from core.worlds.store.folder import FolderStore
from core.worlds.verify import verify
from tests.worlds.around import SERVER, Around, MemoryLedger, flip, later, packs
from tests.worlds.conftest import Bring, Take


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def rewritten(world: Path, take: Take) -> list[str]:
    """Three snapshots of a file that was another each time: they share no pack."""
    names = []
    for _ in range(3):
        (world / "a").write_bytes(os.urandom(100_000))
        names.append(take().name)
    return names


def test_a_dropped_snapshot_and_then_its_packs_are_hidden(
    store: Around, ledger: MemoryLedger, rewritten: list[str], bring: Bring
) -> None:
    first = collect(store, SERVER, rewritten[1:], later(hours=2), ledger)
    assert (first.snapshots, first.packs) == ((rewritten[0],), 0)
    assert [each.name for each in listing(store, SERVER)] == rewritten[:0:-1]
    second = collect(store, SERVER, rewritten[1:], later(hours=49), ledger)
    assert (second.snapshots, second.packs, second.alarms) == ((), 1, ())
    assert len(packs(store)) == 2
    for name in rewritten[1:]:
        assert verify(store, SERVER, name).ok


def test_packs_of_a_snapshot_that_was_never_finished_are_hidden_after_two_days(
    store: Around, ledger: MemoryLedger, world: Path, take: Take, rewritten: list[str]
) -> None:
    def die(operation: str, key: str, when: str) -> None:
        if operation == "put" and "/snapshots/" in key:
            raise KeyboardInterrupt

    (world / "a").write_bytes(os.urandom(100_000))
    store.hook = die
    with pytest.raises(KeyboardInterrupt):
        take()
    store.hook = lambda operation, key, when: None
    assert len(packs(store)) == 4
    assert collect(store, SERVER, rewritten, later(hours=47), ledger).packs == 0
    assert collect(store, SERVER, rewritten, later(hours=49), ledger).packs == 1
    assert len(packs(store)) == 3


def test_the_newest_stays_whatever_is_asked(store: Around, ledger: MemoryLedger, rewritten: list[str]) -> None:
    assert collect(store, SERVER, (), later(days=9), ledger).snapshots == tuple(rewritten[:2])
    assert collect(store, SERVER, (), later(days=99), ledger).snapshots == ()
    assert verify(store, SERVER, rewritten[2]).ok


def test_the_newest_right_one_stays_where_a_newer_is_damaged(
    store: Around, ledger: MemoryLedger, rewritten: list[str], tmp_path: Path
) -> None:
    (path,) = (tmp_path / "store" / snapshot_key(SERVER, rewritten[2])).glob(".*.data")
    path.write_bytes(b"rotten")
    collected = collect(store, SERVER, rewritten[2:], later(days=9), ledger)
    assert rewritten[1] not in collected.snapshots
    assert collected.packs == 0
    assert "no version of the manifest is right" in collected.held
    assert verify(store, SERVER, rewritten[1]).ok


def test_a_snapshot_that_came_after_the_decision_is_not_dropped(
    store: Around, ledger: MemoryLedger, rewritten: list[str]
) -> None:
    assert collect(store, SERVER, rewritten[2:], later(minutes=1), ledger).snapshots == ()


def test_a_snapshot_under_way_keeps_its_parents_packs(
    ledger: MemoryLedger, world: Path, take: Take, bring: Bring, tmp_path: Path
) -> None:
    """While it stands still just before its commit, another writer makes its parent, and all packs of that, garbage."""
    ahead = timedelta()
    store = Around(
        FolderStore(tmp_path / "clocked", clock=lambda: int(later(seconds=ahead.total_seconds()).timestamp() * 1e9))
    )
    (world / "big").write_bytes(os.urandom(300_000))
    parent = take(into=store)
    ahead = timedelta(days=9)
    (world / "small").write_bytes(b"2")
    (tmp_path / "empty").mkdir()
    collected: list[CollectResult] = []

    def meanwhile(operation: str, key: str, when: str) -> None:
        if operation == "put" and "/snapshots/" in key and when == "before":
            store.hook = lambda operation, key, when: None
            snapshot(store, SERVER, tmp_path / "empty", volume=1, run=2)
            collected.extend(collect(store, SERVER, (), later(days=9, hours=hours), ledger) for hours in (2, 23))

    store.hook = meanwhile
    receipt = take(into=store)
    assert collected[0].snapshots == (parent.name,)
    assert [each.packs for each in collected] == [0, 0]
    collect(store, SERVER, [receipt.name], later(days=9, hours=24), ledger)
    collect(store, SERVER, [receipt.name], later(days=90), ledger)
    assert verify(store, SERVER, receipt.name).found == ()
    assert picture(bring(receipt, store)[0]) == picture(world)


def test_nothing_is_ever_deleted(store: Around, ledger: MemoryLedger, rewritten: list[str], bring: Bring) -> None:
    collect(store, SERVER, (), later(hours=2), ledger)
    collect(store, SERVER, (), later(days=9), ledger)
    assert len(packs(store)) == 1
    assert unhide(store, SERVER, ledger) == 4
    assert len(packs(store)) == 3
    assert not ledger
    assert len(listing(store, SERVER)) == 3
    bring(rewritten[0])


@pytest.mark.parametrize("what", ["pack", "snapshot"])
def test_a_hide_by_somebody_else_is_an_alarm(
    store: Around, ledger: MemoryLedger, rewritten: list[str], what: str
) -> None:
    key = packs(store)[0] if what == "pack" else snapshot_key(SERVER, rewritten[1])
    store.hide(key)
    collected = collect(store, SERVER, rewritten, later(days=9), ledger)
    assert [(alarm.key, alarm.what) for alarm in collected.alarms] == [(key, "hidden, but not by us")]


def test_our_own_hides_are_no_alarm(store: Around, ledger: MemoryLedger, rewritten: list[str]) -> None:
    for days in (1, 9, 10):
        assert collect(store, SERVER, rewritten[2:], later(days=days), ledger).alarms == ()


def test_a_snapshot_that_somebody_hid_still_keeps_its_packs(
    store: Around, ledger: MemoryLedger, rewritten: list[str]
) -> None:
    store.hide(snapshot_key(SERVER, rewritten[1]))
    assert collect(store, SERVER, rewritten, later(days=9), ledger).packs == 0
    assert verify(store, SERVER, rewritten[1]).ok


def test_an_overwritten_pack_is_an_alarm(store: Around, ledger: MemoryLedger, rewritten: list[str]) -> None:
    key = packs(store)[0]
    flip(store, key)
    collected = collect(store, SERVER, rewritten, later(hours=1), ledger)
    assert [(alarm.key, alarm.what) for alarm in collected.alarms] == [(key, "overwritten with something else")]


def test_a_put_that_was_repeated_is_no_alarm(store: Around, ledger: MemoryLedger, rewritten: list[str]) -> None:
    for key in [*packs(store), *(snapshot_key(SERVER, name) for name in rewritten)]:
        store.put(key, store.get(key))
    assert collect(store, SERVER, rewritten, later(hours=1), ledger).alarms == ()


def test_a_death_between_ledger_and_hide_is_made_good_by_the_next_run(
    store: Around, ledger: MemoryLedger, rewritten: list[str]
) -> None:
    deaths: Iterator[None] = iter([None])

    def die(operation: str, key: str, when: str) -> None:
        if operation == "hide" and when == "before" and next(deaths, 1) is None:
            raise KeyboardInterrupt

    store.hook = die
    with pytest.raises(KeyboardInterrupt):
        collect(store, SERVER, rewritten[2:], later(hours=2), ledger)
    collected = collect(store, SERVER, rewritten[2:], later(hours=2), ledger)
    assert collected.snapshots == tuple(rewritten[:2])
    assert collected.alarms == ()


def test_a_decision_that_was_taken_back_leaves_the_ledger(
    store: Around, ledger: MemoryLedger, rewritten: list[str]
) -> None:
    """Else a thief could hide just that one without an alarm."""
    ledger.add([snapshot_key(SERVER, rewritten[0])])
    collect(store, SERVER, rewritten, later(hours=2), ledger)
    assert not ledger


def test_purging_hides_all_of_one_server(store: Around, ledger: MemoryLedger, rewritten: list[str]) -> None:
    store.put("worlds/bcdefghijklm/packs/" + "0" * 64, b"of another")
    assert purge(store, SERVER, ledger) == 6
    assert [version.key for version in store.list()] == ["worlds/bcdefghijklm/packs/" + "0" * 64]
    assert unhide(store, SERVER, ledger) == 6
    assert verify(store, SERVER, rewritten[0]).ok
