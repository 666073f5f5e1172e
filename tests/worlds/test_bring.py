"""What a member brings becomes a snapshot of volume 0: a whole world, or plugins beside the world that is there."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from core.worlds.archives.forms import Forms
from core.worlds.bring import bring, main
from core.worlds.errors import Hostile
from core.worlds.listing import listing
from core.worlds.restore import restore
from core.worlds.snapshot import snapshot
from core.worlds.store.folder import FolderStore
from tests.worlds.packing import Put, any_of, link, plain_zip, zip_of

POND, LAKE, MOST = "abcdefghijkl", "lakelakelake", 1 << 20


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def archive(folder: Path, **files: str) -> Path:
    with zipfile.ZipFile(folder / "brought.zip", "w") as made:
        for name, text in files.items():
            made.writestr(name.replace("__", "/"), text)
    return folder / "brought.zip"


def brought(store: FolderStore, folder: Path) -> dict[str, str]:
    into = folder / "back"
    into.mkdir()
    restore(store, POND, listing(store, POND)[0].name, into)
    return {str(each.relative_to(into)): each.read_text() for each in into.rglob("*") if each.is_file()}


def test_a_world_in_a_folder_of_its_own_is_found_by_its_root(store: FolderStore, work: Path, tmp_path: Path) -> None:
    given = archive(tmp_path, my_world__level="deep", readme="words")
    made = bring(store, POND, given, work, base="", forms=Forms(place="world", root="level"), most=MOST, note="~import")
    assert made.receipt.name.startswith("000000-")
    assert brought(store, tmp_path) == {"world/level": "deep"}


def test_without_a_root_lone_folders_are_passed_through(store: FolderStore, work: Path, tmp_path: Path) -> None:
    given = archive(tmp_path, outer__inner__a="1", outer__inner__b="2")
    bring(store, POND, given, work, base="", forms=Forms(), most=MOST, note="")
    assert brought(store, tmp_path) == {"a": "1", "b": "2"}


def test_a_lone_file_that_its_game_compressed_is_no_archive_and_stays_as_it_is(
    store: FolderStore, work: Path, tmp_path: Path
) -> None:
    given, sent = tmp_path / "sent", gzip.compress(b"x" * 2000)
    given.write_bytes(sent)
    forms = Forms(place="worlds", files=("{name}.world.gzip",), called="0")
    bring(store, POND, given, work, base="", forms=forms, most=MOST, note="", sent="3.world.gzip")
    (tmp_path / "back").mkdir()
    restore(store, POND, listing(store, POND)[0].name, tmp_path / "back")
    assert (tmp_path / "back/worlds/0.world.gzip").read_bytes() == sent


def test_plugins_take_the_place_of_those_before_and_leave_the_world(
    store: FolderStore, work: Path, tmp_path: Path
) -> None:
    before = tmp_path / "before"
    (before / "plugins").mkdir(parents=True)
    (before / "plugins" / "old").write_text("old")
    (before / "castle").write_text("tall")
    base = snapshot(store, POND, before, volume=0, run=0).name
    bring(store, POND, archive(tmp_path, new="new"), work, base=base, into="plugins", most=MOST, note="")
    assert brought(store, tmp_path) == {"castle": "tall", "plugins/new": "new"}


@pytest.mark.parametrize("base", ["newest", f"{LAKE}/newest", f"{LAKE}/NAME"])
def test_plugins_come_into_a_world_that_was_not_made_yet(
    store: FolderStore, work: Path, tmp_path: Path, base: str
) -> None:
    """Its row says what it will be made of: of another server's snapshot, where it is a clone."""
    before = tmp_path / "before"
    before.mkdir()
    (before / "castle").write_text("tall")
    owner = LAKE if LAKE in base else POND
    name = snapshot(store, owner, before, volume=0, run=0).name
    given = archive(tmp_path, new="new")
    base = base.replace("NAME", name)
    bring(store, POND, given, work, base=base, into="plugins", most=MOST, note="")
    assert brought(store, tmp_path) == {"castle": "tall", "plugins/new": "new"}


def test_a_link_where_the_plugins_go_is_not_followed(store: FolderStore, work: Path, tmp_path: Path) -> None:
    before, secret = tmp_path / "before", tmp_path / "secret"
    before.mkdir()
    secret.mkdir()
    (before / "plugins").symlink_to(secret)
    base = snapshot(store, POND, before, volume=0, run=0).name
    bring(store, POND, archive(tmp_path, new="new"), work, base=base, into="plugins", most=MOST, note="")
    assert brought(store, tmp_path) == {"plugins/new": "new"}
    assert list(secret.iterdir()) == []


MAC = {
    "__MACOSX/._My World": b"\0\5\x16\7",
    "My World/.DS_Store": b"x",
    "__MACOSX/My World/._level": b"\0\5\x16\7",
    ".DS_Store": b"x",
}
"""What Finder's *Compress* puts beside the folder `My World`, and into it."""

BSDTAR = {"._.": b"x", "./._My World": b"x", "./My World/._level": b"x"}
WINDOWS = {"desktop.ini": b"x", "Thumbs.db": b"x", "My World/Desktop.ini": b"x", "$RECYCLE.BIN/a": b"x"}


@pytest.mark.parametrize("added", [MAC, BSDTAR, WINDOWS, MAC | WINDOWS], ids=["mac", "bsdtar", "windows", "both"])
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize("root", ["", "level"])
def test_what_an_operating_system_adds_is_not_the_world(
    store: FolderStore, work: Path, tmp_path: Path, added: dict[str, bytes], kind: str, root: str
) -> None:
    world = {"My World/level": b"deep", "My World/region/r": b"1", "My World/._lone": b"no twin: somebody's own"}
    (tmp_path / "a").write_bytes(any_of(kind, added | world))
    bring(store, POND, tmp_path / "a", work, base="", forms=Forms(place="", root=root), most=MOST, note="")
    assert brought(store, tmp_path) == {"level": "deep", "region/r": "1", "._lone": "no twin: somebody's own"}


def test_plugins_without_a_folder_lose_what_a_mac_added(store: FolderStore, work: Path, tmp_path: Path) -> None:
    """Several files selected, then *Compress*: a plugin would be looked for in `._Map.jar`."""
    files = {"Map.jar": b"1", "__MACOSX/._Map.jar": b"x", "._Map.jar": b"x", "Shop.jar": b"2"}
    (tmp_path / "a").write_bytes(plain_zip(files))
    bring(store, POND, tmp_path / "a", work, base="", into="plugins", most=MOST, note="")
    assert brought(store, tmp_path) == {"plugins/Map.jar": "1", "plugins/Shop.jar": "2"}


def test_nothing_but_what_a_system_added_is_nothing(store: FolderStore, work: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(plain_zip({".DS_Store": b"x", "w/Thumbs.db": b"x"}))
    assert refused(store, work, tmp_path / "a").why == "empty"


def test_where_no_world_is_nothing_is_brought(store: FolderStore, work: Path, tmp_path: Path) -> None:
    """A tar around the ZIP that they meant, for one."""
    (tmp_path / "a").write_bytes(any_of("tar", {"world.zip": plain_zip({"level": b"1"})}))
    refusal = refused(store, work, tmp_path / "a", root="level")
    assert (refusal.why, refusal.member) == ("root", "level")


def test_a_link_that_leads_out_once_its_folder_is_unwrapped_is_refused(
    store: FolderStore, work: Path, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(zip_of(Put(b"top", b"1"), Put(b"a/b/level", b"1"), link(b"a/b/l", b"../../top")))
    refusal = refused(store, work, tmp_path / "a", root="level", into="world")
    assert (refusal.why, refusal.member) == ("link", "l")


@pytest.mark.parametrize("into", ["", "world"])
def test_what_a_snapshot_would_leave_out_is_refused_before(
    store: FolderStore, work: Path, tmp_path: Path, into: str
) -> None:
    deepest = b"/".join([b"d"] * 64)
    (tmp_path / "a").write_bytes(zip_of(Put(b"x/" + deepest, b"1"), Put(b"x/f", b"1")))
    if into:
        assert refused(store, work, tmp_path / "a", into=into).why == "long"
    else:
        bring(store, POND, tmp_path / "a", work, base="", forms=Forms(), most=MOST, note="")
        assert brought(store, tmp_path) == {"f": "1", deepest.decode(): "1"}


def refused(store: FolderStore, work: Path, given: Path, root: str = "", into: str = "") -> Hostile:
    with pytest.raises(Hostile) as found:
        bring(store, POND, given, work, base="", forms=Forms(place=into, root=root), most=MOST, note="")
    assert listing(store, POND) == []
    return found.value


def test_too_much_is_refused_and_nothing_is_kept(store: FolderStore, work: Path, tmp_path: Path) -> None:
    given = archive(tmp_path, big="x" * 1000)
    with pytest.raises(Hostile) as refused:
        bring(store, POND, given, work, base="", forms=Forms(), most=100, note="")
    assert refused.value.why in ("large", "bomb")
    assert listing(store, POND) == []


def test_as_a_process_it_says_why_it_refuses(
    store: FolderStore, work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.worlds.process.be_modest", lambda: None)
    monkeypatch.setattr("resource.setrlimit", lambda *_: None)
    (tmp_path / "no-archive").write_text("words")
    place = f"--store=folder:{tmp_path / 'store'}"
    assert main([place, f"--server={POND}", str(work), f"--archive={tmp_path / 'no-archive'}", "--most=100"]) == 65
    assert '"kind": "hostile"' in capsys.readouterr().out
