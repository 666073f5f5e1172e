"""What is downloaded can be brought in again and the world is the same: what a snapshot takes, an export carries."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import tempfile
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from worldgen import oddities, picture

from core.worlds.archives.export_format import Extra, Mark, portable
from core.worlds.archives.forms import Forms
from core.worlds.archives.names import folded
from core.worlds.bring import bring
from core.worlds.errors import Hostile
from core.worlds.export import export
from core.worlds.manifest import MAX_DEPTH
from core.worlds.restore import restore
from core.worlds.snapshot import Receipt, snapshot
from core.worlds.store.folder import FolderStore
from tests.worlds.around import OTHER, SERVER
from tests.worlds.packing import UNIX, Put, zip_of

MOST, KEY = 1 << 30, b"the host's own"

nasty = st.sampled_from(
    [
        *(b"World", b"world", b"WORLD", "é".encode(), "e\u0301".encode(), "ß".encode(), b"ss", b"K", b"k"),
        *(b"__MACOSX", b".DS_Store", b"._world", b"desktop.ini", b"Thumbs.db", b"Icon\r"),
        *(
            b"a\\b",
            b"..\\x",
            b"C:",
            b"C:\\x",
            b"con",
            b"NUL.txt",
            b"end.",
            b"end ",
            b"...",
            b"-rf",
            b"~1",
            b"a~2",
            b"%FF",
        ),
        *(b"\xff", b"\xff\xfe.dat", b"\x83\x5c", b"\n", b"\x1b[2J", "\u202e".encode(), b"x" * 255, b"\xfe" * 255, b" "),
    ]
)
name = st.one_of(
    nasty,
    st.binary(min_size=1, max_size=12).map(lambda each: re.sub(rb"[/\0]", b"_", each)),
    st.text(min_size=1, max_size=6).map(lambda each: re.sub(r"[/\0]", "_", each).encode("utf-8", "surrogatepass")),
).filter(lambda each: each not in (b".", b".."))
mtime = st.integers(-(2**31) * 10**9, 2**33 * 10**9)
leaf = st.one_of(
    st.tuples(st.just("file"), st.binary(max_size=300), st.integers(0, 0o777), mtime),
    st.tuples(st.just("zeros"), st.integers(0, 300_000), st.just(0o644), mtime),
    st.tuples(
        st.just("link"),
        st.one_of(st.sampled_from([b"..", b"../../out", b"/proc/self/environ", b"World", b".", b"a\\..\\b"]), name),
        st.just(0),
        mtime,
    ),
    st.tuples(st.just("hard"), st.integers(0, 99), st.just(0), mtime),
)
tree = st.recursive(leaf, lambda inside: st.dictionaries(name, inside, max_size=5), max_leaves=12)
worlds = st.dictionaries(name, tree, max_size=6)


def build(folder: bytes, held: dict[bytes, object], files: list[bytes]) -> None:
    os.mkdir(folder)
    for name, what in held.items():
        path = folder + b"/" + name
        match what:
            case dict():
                build(path, what, files)
            case ("file", content, mode, at):
                with open(path, "wb") as file:
                    file.write(content)
                os.chmod(path, mode)
                os.utime(path, ns=(at, at))
                files.append(path)
            case ("zeros", size, _, at):
                with open(path, "wb") as file:
                    file.truncate(size)
                os.utime(path, ns=(at, at))
            case ("link", target, _, at):
                os.symlink(target, path)
                os.utime(path, ns=(at, at), follow_symlinks=False)
            case ("hard", number, _, _) if files:
                os.link(files[number % len(files)], path)
    os.utime(folder, ns=(123_456_789, -987_654_321))


def take_in(store: FolderStore, server: str, work: Path, **given: Any) -> Receipt:
    """Bring the archive in `work/export` into `server`'s world."""
    options = (
        {"base": "", "most": MOST, "note": "", "key": KEY} | ({} if "into" in given else {"forms": Forms()}) | given
    )
    return bring(store, server, work / "export" / "archive.zip", work / "bring", **options).receipt


def there_and_back(work: Path, world: Path) -> tuple[dict[bytes, object], dict[bytes, object]]:
    """What a restore of the snapshot is like, and what a restore of the imported export is like."""
    store, pictures = FolderStore(work / "store"), []
    name = snapshot(store, SERVER, world, volume=1, run=1).name
    for folder in ("restored", "export", "bring", "back"):
        (work / folder).mkdir()
    export(store, SERVER, name, "Pond", work / "export", KEY)
    receipt = take_in(store, SERVER, work)
    assert receipt.skipped == {}
    for folder, which in (("restored", name), ("back", receipt.name)):
        restore(store, SERVER, which, work / folder)
        pictures.append(picture(work / folder))
    return pictures[0], pictures[1]


@settings(max_examples=60, deadline=None)
@given(worlds)
@example({})
@example({b"only": {b"folder": {}}})
@example({b"a": ("file", b"1", 0o644, 0), b"A": {b"a": ("link", b"../../..", 0, 0)}})
def test_any_world_that_a_snapshot_takes_comes_back_from_its_export(held: dict[bytes, object]) -> None:
    with tempfile.TemporaryDirectory() as work:
        build(os.fsencode(work) + b"/world", held, [])
        before, after = there_and_back(Path(work), Path(work, "world"))
        assert after == before
        check_names(Path(work, "export", "archive.zip"))


def check_names(archive: Path) -> None:
    """Every system can write them and keep them apart, and none leads out."""
    names = [info.filename.rstrip("/") for info in zipfile.ZipFile(archive).infolist()]
    assert len({folded(name.encode()) for name in names}) == len(names)
    for part in (part for name in names for part in name.split("/")):
        assert part not in ("", ".", "..")
        assert not re.search(r'[<>:"|?*\\]|[. ]$', part)
        assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", part)
        assert len(part.encode()) <= 255
        assert not any(unicodedata.category(each) == "Cc" for each in part)


def test_a_world_of_oddities_comes_back(tmp_path: Path, world: Path) -> None:
    oddities(world)
    before, after = there_and_back(tmp_path, world)
    assert after == before


def test_the_deepest_world_comes_back(tmp_path: Path, world: Path) -> None:
    at = world
    for _ in range(MAX_DEPTH - 1):
        at /= "n" * 20
        at.mkdir()
    (at / "leaf").write_bytes(b"1")
    before, after = there_and_back(tmp_path, world)
    assert after == before
    assert len(before) == MAX_DEPTH + 1


def test_holes_stay_holes(tmp_path: Path, world: Path) -> None:
    with (world / "sparse").open("wb") as file:
        file.truncate(100_000_000)
        file.seek(50_000_000)
        file.write(b"in the middle")
    there_and_back(tmp_path, world)
    assert (tmp_path / "bring" / "world" / "sparse").stat().st_blocks * 512 < 2_000_000


@pytest.fixture
def given_world(world: Path, tmp_path: Path) -> tuple[FolderStore, str]:
    """A snapshot of a whole data folder."""
    for path in ("world/level.dat", "world_nether/level.dat", "plugins/Map.jar", "server.properties"):
        (world / path).parent.mkdir(exist_ok=True)
        (world / path).write_text("old")
    store = FolderStore(tmp_path / "store")
    return store, snapshot(store, SERVER, world, volume=1, run=1).name


def brought(
    store: FolderStore,
    tmp_path: Path,
    name: str,
    *,
    to: str = SERVER,
    base: str = "",
    whole: bool = True,
    into: str = "world",
) -> dict[str, str]:
    """The files of server `to` after it took in an export of SERVER's snapshot `name`."""
    for folder in ("export", "bring", "back"):
        (tmp_path / folder).mkdir()
    export(store, SERVER, name, "Pond", tmp_path / "export", KEY)
    what = {"forms": Forms(place="world", root="level.dat")} if into == "world" else {"into": into}
    made = take_in(store, to, tmp_path, base=base, whole=whole, **what)
    restore(store, to, made.name, tmp_path / "back")
    back = tmp_path / "back"
    return {str(each.relative_to(back)): each.read_text() for each in sorted(back.rglob("*")) if each.is_file()}


def test_an_export_brings_back_all_of_its_server(
    given_world: tuple[FolderStore, str], world: Path, tmp_path: Path
) -> None:
    """As going back to the snapshot would: also what does not lie where a stranger's world goes."""
    store, name = given_world
    shutil.rmtree(world / "world_nether")
    (world / "plugins" / "New.jar").write_text("new")
    base = snapshot(store, SERVER, world, volume=1, run=1).name
    assert brought(store, tmp_path, name, base=base) == dict.fromkeys(
        ("plugins/Map.jar", "server.properties", "world/level.dat", "world_nether/level.dat"), "old"
    )


def test_of_another_servers_export_only_the_world_is_taken(
    given_world: tuple[FolderStore, str], tmp_path: Path
) -> None:
    store, name = given_world
    assert brought(store, tmp_path, name, to=OTHER) == {"world/level.dat": "old"}


def test_where_not_all_may_be_replaced_only_the_world_is_taken(
    given_world: tuple[FolderStore, str], tmp_path: Path
) -> None:
    store, name = given_world
    assert brought(store, tmp_path, name, whole=False) == {"world/level.dat": "old"}


def test_plugins_are_taken_from_where_an_export_has_them(given_world: tuple[FolderStore, str], tmp_path: Path) -> None:
    store, name = given_world
    assert brought(store, tmp_path, name, whole=False, into="plugins") == {"plugins/Map.jar": "old"}


@pytest.mark.parametrize(("server", "key"), [(OTHER, KEY), (SERVER, b"another host's"), (SERVER, b"")])
def test_a_link_that_leads_out_is_taken_only_where_it_was_before(
    tmp_path: Path, world: Path, server: str, key: bytes
) -> None:
    """Else a stranger could let a game read or write what lies outside of its world."""
    (world / "secrets").symlink_to("/proc/self/environ")
    store = FolderStore(tmp_path / "store")
    name = snapshot(store, SERVER, world, volume=1, run=1).name
    (tmp_path / "export").mkdir()
    (tmp_path / "bring").mkdir()
    export(store, SERVER, name, "Pond", tmp_path / "export", KEY)
    with pytest.raises(Hostile) as refused:
        take_in(store, server, tmp_path, key=key)
    assert (refused.value.why, refused.value.member) == ("link", "secrets")


def test_an_export_opens_with_what_people_have(tmp_path: Path, world: Path) -> None:
    """Python's own reader stands for them: names, links, modes, times."""
    (world / "näme").write_bytes(b"snow")
    (world / "näme").chmod(0o600)
    (world / "to").symlink_to("näme")
    os.utime(world / "näme", (1_000_000_001, 1_000_000_001))
    store = FolderStore(tmp_path / "store")
    name = snapshot(store, SERVER, world, volume=1, run=1).name
    (tmp_path / "export").mkdir()
    export(store, SERVER, name, "Pond", tmp_path / "export")
    archive = zipfile.ZipFile(tmp_path / "export" / "archive.zip")
    assert archive.testzip() is None
    info = archive.getinfo("näme")
    assert (archive.read(info), info.external_attr >> 16) == (b"snow", stat.S_IFREG | 0o600)
    assert info.date_time == (2001, 9, 9, 1, 46, 40)
    assert stat.S_ISLNK(archive.getinfo("to").external_attr >> 16)
    assert archive.read("to").decode() == "näme"
    assert archive.comment.startswith(b"A world of a game server. /world import takes it back as it was.")


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_info_zip_takes_an_export_apart(tmp_path: Path, world: Path) -> None:
    (world / "Case").write_text("1")
    (world / "case").write_text("2")
    store = FolderStore(tmp_path / "store")
    name = snapshot(store, SERVER, world, volume=1, run=1).name
    (tmp_path / "export").mkdir()
    export(store, SERVER, name, "Pond", tmp_path / "export")
    subprocess.run(["unzip", "-q", "export/archive.zip", "-d", "apart"], cwd=tmp_path, check=True)
    assert sorted(each.name for each in (tmp_path / "apart").iterdir()) == ["Case", "case~2"]


@given(st.lists(name, unique=True, max_size=8))
def test_names_for_people_are_distinct_and_well_ones_are_kept(names: list[bytes]) -> None:
    found = portable(names)
    assert found.keys() == set(names)
    assert len({folded(each.encode()) for each in found.values()}) == len(names)
    assert portable([b"level.dat", b"Level.dat"]) == {b"Level.dat": "Level.dat", b"level.dat": "level~2.dat"}


@given(st.binary(max_size=200))
def test_a_strangers_mark_or_field_is_never_an_error(data: bytes) -> None:
    Extra.of(data)
    Mark.of(data)


@given(
    st.integers(-(2**63), 2**63 - 1), st.binary(max_size=9), st.binary(max_size=9), st.sampled_from([b"", b"s" * 16])
)
def test_the_field_says_what_it_was_given(mtime: int, path: bytes, target: bytes, seal: bytes) -> None:
    made = Extra(mtime, path, target, seal)
    assert Extra.of(made.to_bytes()[4:]) == made


def test_an_archive_that_only_pretends_to_be_an_export_gains_nothing(tmp_path: Path) -> None:
    """Its names are judged all the same."""
    field = Extra(0, path=b"../../evil").to_bytes()
    mark = Mark(SERVER, 0o755, 0).to_comment()
    for folder in ("export", "bring"):
        (tmp_path / folder).mkdir()
    made = zip_of(Put(b"good", b"1", host=UNIX, extra=field), comment=mark)
    (tmp_path / "export" / "archive.zip").write_bytes(made)
    with pytest.raises(Hostile) as refused:
        take_in(FolderStore(tmp_path / "store"), SERVER, tmp_path)
    assert (refused.value.why, refused.value.member) == ("path", "../../evil")
