"""By force: two writers on one world, and a thief with the key that one server's pod holds, on a B2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from b2server import B2Server, Fault
from worldgen import picture

from core.worlds.collect import collect, unhide
from core.worlds.errors import Damaged
from core.worlds.ledger import FileLedger, StoreLedger
from core.worlds.listing import listing, snapshot_key
from core.worlds.manifest import Name
from core.worlds.restore import newest_name, restore
from core.worlds.snapshot import Taken, snapshot
from core.worlds.store.b2 import B2Store
from core.worlds.store.b2_keys import make_server_key
from core.worlds.store.b2_place import B2Place
from core.worlds.store.port import StoreRefused
from core.worlds.verify import verify
from tests.worlds.around import OTHER, SERVER, MemoryLedger, later, packs

ROOT = Path(__file__).parents[2]
BUCKET, PREFIX = "dormouse-worlds", "den/"


@pytest.fixture
def b2() -> Iterator[B2Server]:
    with B2Server() as running:
        running.account.add_bucket(BUCKET)
        yield running


@pytest.fixture
def bot(b2: B2Server) -> Iterator[B2Store]:
    """The bot's own view; its key makes keys."""
    key = b2.account.add_key()
    store = B2Store(B2Place(BUCKET, PREFIX, key.id, key.secret, b2.url))
    yield store
    store.close()


@pytest.fixture
def thief(b2: B2Server, bot: B2Store) -> Iterator[B2Store]:
    """Who has what the pod of this one server holds."""
    key = make_server_key(bot, SERVER)
    store = B2Store(B2Place(BUCKET, PREFIX, key.key_id, key.key, b2.url))
    yield store
    store.close()


def make_world(folder: Path, of: str) -> Path:
    """Two files that belong together, and one that all worlds have."""
    folder.mkdir()
    for name in ("left", "right"):
        (folder / name).write_text(f"{of} " * 20_000)
    (folder / "same").write_bytes(b"same" * 50_000)
    return folder


class TestTwoWriters:
    """Real processes, each on a copy of the world, held up until both are at the same point."""

    pytestmark = pytest.mark.process

    def both(self, b2: B2Server, bot: B2Store, tmp_path: Path, *sides: dict[str, int]) -> list[dict[str, Any]]:
        """What the two of them said in the end. Each put of one waits for the other's."""
        meet = threading.Barrier(2, timeout=60)
        b2.faults.add(Fault("b2_upload_file", do=lambda: (meet.wait(), None)[1], times=4))
        environ = {"DORMOUSE_STORE": f"b2:{BUCKET}/{PREFIX}", "DORMOUSE_B2_KEY_ID": bot.place.key_id}
        environ |= {"DORMOUSE_B2_KEY": bot.place.key, "DORMOUSE_B2_REALM": b2.url}
        writers = [
            subprocess.Popen(
                [sys.executable, "-m", "core.worlds.snapshot", "--server", SERVER]
                + [str(make_world(tmp_path / f"copy-{number}", f"of {number}")), "--full"]
                + [f"--{key}={value}" for key, value in side.items()],
                cwd=ROOT,
                env=os.environ | environ,
                stdout=subprocess.PIPE,
            )
            for number, side in enumerate(sides)
        ]
        said = [json.loads(writer.communicate(timeout=90)[0].splitlines()[-1]) for writer in writers]
        assert [each["event"] for each in said] == ["done", "done"]
        return [each["result"] for each in said]

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({"volume": 1, "run": 1}, {"volume": 1, "run": 1}),
            ({"volume": 1, "run": 2}, {"volume": 1, "run": 1}),
            ({"volume": 2, "run": 1}, {"volume": 1, "run": 9}),
        ],
        ids=["the same numbers", "another run", "another volume"],
    )
    def test_each_has_a_snapshot_of_its_own_and_nothing_is_mixed(
        self, b2: B2Server, bot: B2Store, tmp_path: Path, first: dict[str, int], second: dict[str, int]
    ) -> None:
        done = self.both(b2, bot, tmp_path, first, second)
        names = [each["name"] for each in done]
        assert len(set(names)) == 2
        assert sorted(each.name for each in listing(bot, SERVER)) == sorted(names)
        for number, name in enumerate(names):
            assert verify(bot, SERVER, name).ok
            into = tmp_path / f"back-{number}"
            into.mkdir()
            restore(bot, SERVER, name, into)
            assert picture(into) == picture(tmp_path / f"copy-{number}")
        if first != second:
            assert newest_name(bot, SERVER, lambda finding: None) == names[0]
        assert newest_name(bot, SERVER, lambda finding: None) == max(names, key=Name.parse)

    def test_a_late_writer_stays_behind_whenever_it_commits(self, bot: B2Store, tmp_path: Path) -> None:
        new = snapshot(bot, SERVER, make_world(tmp_path / "new", "new"), volume=1, run=7)
        for _ in range(2):
            snapshot(bot, SERVER, make_world(tmp_path / os.urandom(4).hex(), "late"), volume=1, run=6, full=True)
        assert newest_name(bot, SERVER, lambda finding: None) == new.name


@pytest.fixture
def world(tmp_path: Path) -> Path:
    return make_world(tmp_path / "world", "mine")


@pytest.fixture
def receipt(bot: B2Store, world: Path) -> Taken:
    return snapshot(bot, SERVER, world, volume=1, run=1)


def overwrite_packs(thief: B2Store, _: Taken) -> list[str]:
    keys = packs(thief)
    for key in keys:
        thief.put(key, bytes(len(thief.get(key))))
    return keys


def hide_packs(thief: B2Store, _: Taken) -> list[str]:
    keys = packs(thief)
    for key in keys:
        thief.hide(key)
    return keys


def hide_the_manifest(thief: B2Store, receipt: Taken) -> list[str]:
    thief.hide(snapshot_key(SERVER, receipt.name))
    return [snapshot_key(SERVER, receipt.name)]


def overwrite_the_manifest(thief: B2Store, receipt: Taken) -> list[str]:
    thief.put(snapshot_key(SERVER, receipt.name), b"ransom")
    return [snapshot_key(SERVER, receipt.name)]


def all_of_it(thief: B2Store, receipt: Taken) -> list[str]:
    done = [overwrite_packs(thief, receipt), overwrite_the_manifest(thief, receipt)]
    return [key for keys in (*done, hide_packs(thief, receipt), hide_the_manifest(thief, receipt)) for key in keys]


Attack = Callable[[B2Store, Taken], list[str]]
attacks = pytest.mark.parametrize(
    "attack", [overwrite_packs, hide_packs, hide_the_manifest, overwrite_the_manifest, all_of_it]
)


class TestAThiefWithTheServersKey:
    @attacks
    def test_the_newest_comes_back_as_it_was_and_what_was_done_is_named(
        self, bot: B2Store, thief: B2Store, world: Path, receipt: Taken, tmp_path: Path, attack: Attack
    ) -> None:
        keys = attack(thief, receipt)
        found: list[str] = []
        (tmp_path / "into").mkdir()
        name = newest_name(bot, SERVER, lambda finding: found.append(finding.key))
        restored = restore(bot, SERVER, name, tmp_path / "into")
        assert picture(tmp_path / "into") == picture(world)
        assert name == receipt.name
        assert {*found, *(finding.key for finding in restored.found)} == set(keys)

    @attacks
    def test_it_is_an_alarm_and_mending_makes_it_right(
        self, bot: B2Store, thief: B2Store, receipt: Taken, attack: Attack
    ) -> None:
        keys, ledger = attack(thief, receipt), MemoryLedger()
        if attack is not overwrite_the_manifest:  # that one is named by check and by every reader
            assert {alarm.key for alarm in collect(bot, SERVER, [], later(), ledger).alarms} == set(keys)
        unhide(bot, SERVER, ledger)
        assert verify(bot, SERVER, receipt.name, mend=True).ok
        again = verify(bot, SERVER, receipt.name)
        assert (again.ok, again.found) == (True, ())
        assert [each.name for each in listing(bot, SERVER)] == [receipt.name]

    @attacks
    def test_the_next_snapshot_is_whole_whatever_was_done(
        self, bot: B2Store, thief: B2Store, world: Path, receipt: Taken, tmp_path: Path, attack: Attack
    ) -> None:
        attack(thief, receipt)
        (world / "left").write_text("new")
        following = snapshot(bot, SERVER, world, volume=1, run=1, full=True)
        (tmp_path / "into").mkdir()
        restore(bot, SERVER, following.name, tmp_path / "into")
        assert picture(tmp_path / "into") == picture(world)

    def test_a_forged_snapshot_takes_no_others_place(
        self, bot: B2Store, thief: B2Store, world: Path, receipt: Taken, tmp_path: Path
    ) -> None:
        """Whoever writes here can add one of a larger run (FORMAT.md); what the bot has noted still means the same."""
        forged = snapshot(thief, SERVER, make_world(tmp_path / "forged", "forged"), volume=1, run=99)
        assert [each.name for each in listing(bot, SERVER)] == [forged.name, receipt.name]
        (tmp_path / "into").mkdir()
        restore(bot, SERVER, receipt.name, tmp_path / "into")
        assert picture(tmp_path / "into") == picture(world)

    def test_no_other_world_can_be_reached(self, bot: B2Store, thief: B2Store, world: Path) -> None:
        theirs = snapshot(bot, OTHER, world, volume=1, run=1)
        for call in (
            lambda: thief.get(snapshot_key(OTHER, theirs.name)),
            lambda: thief.put(snapshot_key(OTHER, theirs.name), b"ransom"),
            lambda: thief.hide(snapshot_key(OTHER, theirs.name)),
            lambda: snapshot(thief, OTHER, world, volume=1, run=9),
            lambda: thief.put(f"about/{SERVER}", b"{}"),
            lambda: thief.put("backups/20990101-000000.db.gz", b""),
        ):
            with pytest.raises(StoreRefused):
                call()
        assert verify(bot, OTHER, theirs.name).found == ()


class TestRot:
    """A bit turns over below all versions: there is nothing to heal from."""

    def rot(self, b2: B2Server, key: str) -> None:
        (version,) = b2.account.bucket(BUCKET).files[PREFIX + key]
        data = bytearray(version.data)
        data[len(data) // 3] ^= 1
        version.data = bytes(data)

    def test_it_is_found_named_and_not_restored(
        self, b2: B2Server, bot: B2Store, receipt: Taken, tmp_path: Path
    ) -> None:
        (key,) = packs(bot)
        self.rot(b2, key)
        verified = verify(bot, SERVER, receipt.name, mend=True)
        assert [(finding.key, finding.healed) for finding in verified.found] == [(key, False)]
        (tmp_path / "into").mkdir()
        with pytest.raises(Damaged) as raised:
            restore(bot, SERVER, receipt.name, tmp_path / "into")
        assert raised.value.keys == (key,)
        assert set(raised.value.files) <= set(verified.files)
        assert raised.value.files

    def test_a_manifest_that_rots_is_never_taken_for_the_newest(
        self, b2: B2Server, bot: B2Store, world: Path, receipt: Taken
    ) -> None:
        (world / "left").write_text("new")
        rotten = snapshot(bot, SERVER, world, volume=1, run=1, full=True)
        self.rot(b2, snapshot_key(SERVER, rotten.name))
        found: list[str] = []
        assert newest_name(bot, SERVER, lambda finding: found.append(finding.key)) == receipt.name
        assert found == [snapshot_key(SERVER, rotten.name)]


def test_no_link_leads_to_the_secrets_of_whoever_saves(b2: B2Server, bot: B2Store, world: Path, tmp_path: Path) -> None:
    """Links to what the saving process itself holds are kept as links, in the store and in a download."""
    (tmp_path / "store.json").write_text("the key itself")
    targets = {"env": "/proc/self/environ", "up": "../store.json", "whole": str(tmp_path), "fd": "/proc/self/fd"}
    for name, target in targets.items():
        (world / name).symlink_to(target)
    environ = os.environ | {"DORMOUSE_B2_KEY_ID": bot.place.key_id, "DORMOUSE_B2_KEY": bot.place.key}
    environ |= {"DORMOUSE_B2_REALM": b2.url, "DORMOUSE_STORE": f"b2:{BUCKET}/{PREFIX}"}

    def run(module: str, *arguments: str) -> dict[str, Any]:
        command = [sys.executable, "-m", f"core.worlds.{module}", "--server", SERVER, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, timeout=60, check=True)
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["result"]
        return result

    name = run("snapshot", str(world), "--volume=1", "--run=1")["name"]
    for folder in ("into", "work"):
        (tmp_path / folder).mkdir()
    run("restore", name, str(tmp_path / "into"))
    assert {each: os.readlink(tmp_path / "into" / each) for each in targets} == targets
    made = run("export", "--title=world", name, str(tmp_path / "work"))
    (tmp_path / "world.zip").write_bytes(bot.get(made["key"]))
    with zipfile.ZipFile(tmp_path / "world.zip") as archive:
        held = {each.filename: archive.read(each) for each in archive.infolist()}
    assert {each: held[each].decode() for each in targets} == targets
    assert not any(secret in data for data in held.values() for secret in (bot.place.key.encode(), b"the key itself"))


class TestTheLedger:
    def test_what_we_hid_is_no_alarm_for_another_process_on_another_machine(
        self, bot: B2Store, world: Path, receipt: Taken
    ) -> None:
        (world / "left").write_text("new")
        newest = snapshot(bot, SERVER, world, volume=1, run=1, full=True)
        done = collect(bot, SERVER, [], later(hours=2), StoreLedger(bot, SERVER))
        assert done.snapshots == (receipt.name,)
        again = collect(bot, SERVER, [newest.name], later(hours=2), StoreLedger(bot, SERVER))
        assert (again.snapshots, again.alarms) == ((), ())

    def test_a_thief_with_the_servers_key_cannot_write_it(self, bot: B2Store, thief: B2Store, receipt: Taken) -> None:
        key = snapshot_key(SERVER, receipt.name)
        with pytest.raises(StoreRefused):
            thief.put(f"ledgers/{SERVER}", key.encode())
        thief.hide(key)
        (alarm,) = collect(bot, SERVER, [], later(), StoreLedger(bot, SERVER)).alarms
        assert alarm.key == key

    def test_a_file_that_was_the_ledger_once_still_counts(self, bot: B2Store, tmp_path: Path) -> None:
        FileLedger(tmp_path / "before").add(["one", "two"])
        StoreLedger(bot, SERVER, tmp_path / "before").remove(["one"])
        assert ("one" in (now := StoreLedger(bot, SERVER)), "two" in now) == (False, True)
