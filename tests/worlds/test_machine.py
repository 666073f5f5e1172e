"""Any order of writes, snapshots, deaths, thefts, collections and months gone by, against pictures of the world."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sampling import ALL
from worldgen import picture

from core.worlds import builder, pack
from core.worlds.collect import collect
from core.worlds.listing import listing
from core.worlds.restore import restore
from core.worlds.snapshot import snapshot
from core.worlds.store.folder import FolderStore
from core.worlds.verify import verify
from tests.worlds.around import SERVER, Around, MemoryLedger, packs

SIZES = st.sampled_from([0, 1, 5, 65_535, 65_536, 65_537, 130_000, 250_000])
NAMES = st.sampled_from(["a", "b", "c", "sub/d", "sub/e", "sub/deeper/f"])
PICKS = st.lists(st.integers(0, 20), max_size=4)


class Killed(BaseException):
    pass


class Worlds(RuleBasedStateMachine):
    """`kept`: what must be restorable, by name: all that was committed and not dropped by a collection."""

    def __init__(self) -> None:
        super().__init__()
        self.base = Path(tempfile.mkdtemp())
        self.world = self.base / "world"
        self.world.mkdir()
        self.ahead = timedelta()
        self.store = Around(FolderStore(self.base / "store", clock=self.clock))
        self.ledger = MemoryLedger()
        self.kept: dict[str, dict[bytes, tuple[object, ...]]] = {}
        self.run = 1
        self.rival = 1
        self.stolen: set[str] = set()

    def teardown(self) -> None:
        for name in self.kept:
            self.comes_back(name)
        shutil.rmtree(self.base)

    def clock(self) -> int:
        return time.time_ns() + int(self.ahead.total_seconds()) * 10**9

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @rule(name=NAMES, size=SIZES, seed=st.integers(0, 3), zeros=st.booleans())
    def write(self, name: str, size: int, seed: int, zeros: bool) -> None:
        path = self.world / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(bytes(size) if zeros else Random(seed).randbytes(size))

    @rule(name=NAMES, offset=SIZES, seed=st.integers(0, 3))
    def change(self, name: str, offset: int, seed: int) -> None:
        path = self.world / name
        if path.exists():
            self.tick()
            with path.open("r+b") as file:
                file.seek(offset)
                file.write(Random(seed).randbytes(9))

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        (self.world / name).unlink(missing_ok=True)

    @rule(name=NAMES, other=NAMES)
    def link(self, name: str, other: str) -> None:
        if (self.world / name).exists() and name != other and (self.world / other).parent.exists():
            (self.world / other).unlink(missing_ok=True)
            os.link(self.world / name, self.world / other)

    @rule(full=st.booleans())
    def take(self, full: bool) -> None:
        receipt = snapshot(
            self.store, SERVER, self.world, volume=1, run=self.run, full=full, now=lambda: time.time_ns() + 10**10
        )
        self.kept[receipt.name] = picture(self.world)
        self.tick()

    @rule(death=st.integers(0, 12), after=st.booleans())
    def take_and_die(self, death: int, after: bool) -> None:
        calls = iter(range(1000))

        def kill(operation: str, key: str, when: str) -> None:
            if when == ("after" if after else "before") and next(calls) == death:
                raise Killed

        before = {each.name for each in listing(self.store.inner, SERVER)}
        self.store.hook = kill
        try:
            self.take(full=False)
        except Killed:
            for each in listing(self.store.inner, SERVER):  # it may have died just after its commit
                if each.name not in before:
                    self.kept[each.name] = picture(self.world)
        finally:
            self.store.hook = lambda operation, key, when: None

    @rule(at=st.integers(0, 12), hours=st.integers(2, 23), picks=PICKS)
    def take_while_all_else_happens(self, at: int, hours: int, picks: list[int]) -> None:
        """In the middle of it another writer commits an emptier world, time goes by, and its parent is dropped.

        At two hours the parent can be dropped, and a snapshot still commits at 23.
        """
        keep = {self.pick(at) for at in picks if self.kept}
        calls = iter(range(1000))

        def meanwhile(operation: str, key: str, when: str) -> None:
            if when == "before" and next(calls) == at:
                self.store.hook = lambda operation, key, when: None
                empty = self.base / "empty"
                empty.mkdir(exist_ok=True)
                other = snapshot(self.store.inner, SERVER, empty, volume=1, run=self.run + self.rival, note="rival")
                self.rival = 1 - self.rival
                self.kept[other.name] = picture(empty)
                for part in (hours // 2, hours - hours // 2):
                    self.ahead += timedelta(hours=part)
                    self.collect(keep)

        self.store.hook = meanwhile
        try:
            self.take(full=False)
        finally:
            self.store.hook = lambda operation, key, when: None

    @rule()
    def resume(self) -> None:
        self.run += 1

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        self.ahead += timedelta(hours=hours)

    @precondition(lambda self: self.kept)
    @rule(picks=PICKS)
    def prune(self, picks: list[int]) -> None:
        self.collect({self.pick(at) for at in picks})

    def collect(self, keep: set[str]) -> None:
        collected = collect(self.store.inner, SERVER, keep, self.now(), self.ledger)
        assert not set(collected.snapshots) & keep
        for name in collected.snapshots:
            del self.kept[name]

    @precondition(lambda self: bool(packs(self.store.inner)))
    @rule(at=st.integers(0, 20), hide=st.booleans())
    def steal(self, at: int, hide: bool) -> None:
        all = sorted(self.store.inner.list(f"worlds/{SERVER}/packs/"), key=lambda version: version.at)
        key = all[at % len(all)].key
        if hide:
            self.store.inner.hide(key)
        else:
            self.store.inner.put(key, b"rubbish")
        self.stolen.add(key)

    @rule()
    def a_month_goes_by_after_the_alarm_was_answered(self) -> None:
        """Hidden and overwritten versions go for good; until then there was time to mend."""
        for name in self.kept:
            verify(self.store.inner, SERVER, name, mend=True)
        self.ahead += timedelta(days=31)
        self.store.inner.expire(self.now() - timedelta(days=30))

    @precondition(lambda self: self.kept)
    @rule(at=st.integers(0, 20))
    def restore_one(self, at: int) -> None:
        self.comes_back(self.pick(at))

    @invariant()
    def nothing_else_is_listed(self) -> None:
        assert {each.name for each in listing(self.store.inner, SERVER)} == set(self.kept)

    def pick(self, at: int) -> str:
        """By age and not by name: names hold checksums, which are others in every example."""
        return list(self.kept)[at % len(self.kept)]

    def comes_back(self, name: str) -> None:
        into = self.base / "into"
        into.mkdir()
        found = restore(self.store.inner, SERVER, name, into).found
        assert {finding.key for finding in found} <= self.stolen, "we hid it ourselves"
        assert picture(into) == self.kept[name]
        shutil.rmtree(into)

    def tick(self) -> None:
        """Until the file system's clock has moved: what is written from now on can be told from what was."""
        probe = self.base / "probe"
        probe.write_bytes(b"")
        first = probe.stat().st_ctime_ns
        while probe.stat().st_ctime_ns == first:
            probe.write_bytes(b"")


@pytest.fixture(autouse=True)
def small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "PACK_LIMIT", 200_000)
    monkeypatch.setattr(builder, "MANY_SMALL", 6)


class TestWorlds(Worlds.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(
        max_examples=1000 if ALL else 25,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
