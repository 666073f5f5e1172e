"""What a member brings becomes a snapshot of volume 0: a whole world, or plugins beside the world that is there."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from core.worlds.bring import bring, main
from core.worlds.errors import Hostile
from core.worlds.listing import listing
from core.worlds.restore import restore
from core.worlds.snapshot import snapshot
from core.worlds.store.folder import FolderStore

POND, MOST = "abcdefghijkl", 1 << 20


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
    made = bring(store, POND, given, work, base="", into="world", root="level", most=MOST, note="~import")
    assert made.name.startswith("000000-")
    assert brought(store, tmp_path) == {"world/level": "deep"}


def test_without_a_root_lone_folders_are_passed_through(store: FolderStore, work: Path, tmp_path: Path) -> None:
    given = archive(tmp_path, outer__inner__a="1", outer__inner__b="2")
    bring(store, POND, given, work, base="", into="", root="", most=MOST, note="")
    assert brought(store, tmp_path) == {"a": "1", "b": "2"}


def test_plugins_take_the_place_of_those_before_and_leave_the_world(
    store: FolderStore, work: Path, tmp_path: Path
) -> None:
    before = tmp_path / "before"
    (before / "plugins").mkdir(parents=True)
    (before / "plugins" / "old").write_text("old")
    (before / "castle").write_text("tall")
    base = snapshot(store, POND, before, volume=0, run=0).name
    bring(store, POND, archive(tmp_path, new="new"), work, base=base, into="plugins", root="", most=MOST, note="")
    assert brought(store, tmp_path) == {"castle": "tall", "plugins/new": "new"}


def test_a_link_where_the_plugins_go_is_not_followed(store: FolderStore, work: Path, tmp_path: Path) -> None:
    before, secret = tmp_path / "before", tmp_path / "secret"
    before.mkdir()
    secret.mkdir()
    (before / "plugins").symlink_to(secret)
    base = snapshot(store, POND, before, volume=0, run=0).name
    bring(store, POND, archive(tmp_path, new="new"), work, base=base, into="plugins", root="", most=MOST, note="")
    assert brought(store, tmp_path) == {"plugins/new": "new"}
    assert list(secret.iterdir()) == []


def test_too_much_is_refused_and_nothing_is_kept(store: FolderStore, work: Path, tmp_path: Path) -> None:
    given = archive(tmp_path, big="x" * 1000)
    with pytest.raises(Hostile) as refused:
        bring(store, POND, given, work, base="", into="", root="", most=100, note="")
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
