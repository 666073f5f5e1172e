"""The files of a world, for people, in a folder where a game may have put anything, and may exchange it meanwhile."""

from __future__ import annotations

import base64
import os
import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.agent import file_wire, world_files
from core.agent.file_wire import PART, FileAnswer, FileDo, FileOrder, FileRefused, FileTrouble, names_of
from core.agent.volume import Volume
from core.agent.world_files import WorldFiles
from core.worlds import manifest

SECRET = b"the agent's own"


class World:
    def __init__(self, root: Path) -> None:
        self.volume = Volume(root, 1)
        self.volume.make_empty()
        self.data = root / "data"
        self.files = WorldFiles(self.volume)

    def do(self, do: FileDo, path: str = "", content: bytes = b"", **more: object) -> FileAnswer:
        order = FileOrder(do, path, data=base64.b64encode(content).decode(), **more)  # type: ignore[arg-type]
        return self.files.carry_out(order)

    def refused(self, do: FileDo, path: str = "", content: bytes = b"", **more: object) -> FileTrouble:
        with pytest.raises(FileRefused) as wrong:
            self.do(do, path, content, **more)
        return wrong.value.trouble

    def names(self, path: str = "") -> list[tuple[str, str]]:
        return [(each["name"], each["kind"]) for each in self.do(FileDo.LIST, path).entries]

    def read(self, path: str) -> bytes:
        return self.do(FileDo.READ, path, length=PART).content


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "secret").write_bytes(SECRET)
    return World(tmp_path / "volume")


def test_a_folder_is_listed_in_order_with_what_each_is(world: World) -> None:
    (world.data / "region").mkdir()
    (world.data / "b.txt").write_text("12345")
    (world.data / "a").symlink_to("b.txt")
    os.mkfifo(world.data / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(world.data / "sock"))
        assert world.names() == [
            ("a", "link"),
            ("b.txt", "file"),
            ("pipe", "other"),
            ("region", "folder"),
            ("sock", "other"),
        ]
    assert world.do(FileDo.LIST).entries[1]["size"] == 5


def test_names_that_are_no_text_come_in_pages_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_wire, "LISTED", 3)
    for number in range(7):
        os.close(os.open(os.fsencode(world.data) + b"/\xff%d" % number, os.O_CREAT))
    pages = [world.do(FileDo.LIST)]
    while pages[-1].next:
        pages.append(world.do(FileDo.LIST, cursor=pages[-1].next))
    assert [len(each.entries) for each in pages] == [3, 3, 1]


def test_a_large_folder_comes_in_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_wire, "LISTED", 3)
    monkeypatch.setattr(world_files, "MOST_NAMES", 7)
    for number in range(7):
        (world.data / f"{number}").touch()
    first = world.do(FileDo.LIST)
    assert ([each["name"] for each in first.entries], first.cut) == (["0", "1", "2"], False)
    second = world.do(FileDo.LIST, cursor=first.next)
    last = world.do(FileDo.LIST, cursor=second.next)
    assert ([each["name"] for each in last.entries], last.next) == (["6"], "")
    assert world.refused(FileDo.LIST, cursor="6x") is FileTrouble.PATH
    (world.data / "7").touch()
    assert world.do(FileDo.LIST).cut


def test_a_name_that_is_no_text_is_shown_and_cannot_be_asked_for(world: World) -> None:
    (world.data / os.fsdecode(b"caf\xe9")).touch()
    [entry] = world.do(FileDo.LIST).entries
    assert (entry["name"], entry["usable"]) == ("caf\ufffd", False)


def test_a_text_is_written_over_the_version_one_started_from_only(world: World) -> None:
    made = world.do(FileDo.WRITE, "motd", b"one", version="")
    assert world.do(FileDo.READ, "motd", length=PART).version == made.version
    second = world.do(FileDo.WRITE, "motd", b"two", version=made.version)
    assert world.refused(FileDo.WRITE, "motd", b"three", version=made.version) is FileTrouble.CHANGED
    assert world.refused(FileDo.WRITE, "motd", b"three", version="") is FileTrouble.EXISTS
    world.do(FileDo.WRITE, "motd", b"four", version=None)
    assert world.read("motd") == b"four"
    (world.data / "motd").unlink()
    assert world.refused(FileDo.WRITE, "motd", b"five", version=second.version) is FileTrouble.CHANGED
    assert [each.name for each in world.volume.root.iterdir() if each.name == "incoming" and any(each.iterdir())] == []


def test_a_game_that_writes_the_same_again_is_in_nobodys_way(world: World) -> None:
    made = world.do(FileDo.WRITE, "ops.json", b"[]", version="")
    (world.data / "ops.json").unlink()
    (world.data / "ops.json").write_bytes(b"[]")
    world.do(FileDo.WRITE, "ops.json", b"[1]", version=made.version)


def test_a_file_that_is_written_keeps_its_mode_and_a_new_one_is_as_its_folder(world: World) -> None:
    (world.data / "run.sh").write_text("x")
    (world.data / "run.sh").chmod(0o754)
    (world.data / "set").write_text("x")
    (world.data / "set").chmod(0o4711)
    world.data.chmod(0o2770)
    for name in ("run.sh", "set", "new"):
        world.do(FileDo.WRITE, name, b"y")
    world.do(FileDo.FOLDER, "plugins")
    modes = {each.name: each.stat().st_mode & 0o7777 for each in world.data.iterdir()}
    assert modes == {"run.sh": 0o754, "set": 0o711, "new": 0o660, "plugins": 0o2770}


def test_an_upload_comes_in_parts_and_takes_its_place_at_once(world: World) -> None:
    upload = "a" * 32
    (world.data / "map.bin").write_bytes(b"old")
    world.do(FileDo.PART, "map.bin", b"0123", upload=upload)
    assert world.refused(FileDo.PART, "map.bin", b"x", upload=upload, offset=3) is FileTrouble.UPLOAD
    world.do(FileDo.PART, "map.bin", b"4567", upload=upload, offset=4)
    assert world.read("map.bin") == b"old"
    assert world.names() == [("map.bin", "file")]
    assert world.refused(FileDo.FINISH, "map.bin", upload=upload, offset=9) is FileTrouble.UPLOAD
    assert world.do(FileDo.FINISH, "map.bin", upload=upload, offset=8).size == 8
    assert world.read("map.bin") == b"01234567"


def test_what_a_crash_left_of_an_upload_is_thrown_away_by_a_later_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.do(FileDo.PART, "map", b"0123", upload="a" * 32)
    now = time.time() + 4000
    monkeypatch.setattr(world_files.time, "time", lambda: now)
    world.do(FileDo.PART, "map", b"0123", upload="b" * 32)
    assert [each.name for each in (world.volume.root / "incoming").iterdir()] == ["b" * 32]
    world.do(FileDo.ABANDON, upload="b" * 32)
    assert list((world.volume.root / "incoming").iterdir()) == []
    for odd in ("../data/map", "", "A" * 32):
        assert world.refused(FileDo.PART, "map", b"x", upload=odd) is FileTrouble.UPLOAD


def test_what_people_bring_is_counted_with_what_the_world_has_and_what_is_on_its_way(world: World) -> None:
    (world.data / "region").mkdir()
    (world.data / "region" / "r").write_bytes(b"x" * 60)
    one, two = "a" * 32, "b" * 32
    first = world.do(FileDo.PART, "one", b"x" * 30, upload=one, most=100)
    assert first.used == 60
    assert world.refused(FileDo.PART, "two", b"x" * 20, upload=two, most=100) is FileTrouble.QUOTA
    assert world.refused(FileDo.WRITE, "two", b"x" * 20, most=100) is FileTrouble.QUOTA
    assert world.refused(FileDo.PART, "one", b"x" * 11, upload=one, offset=30, most=100, used=60) is FileTrouble.QUOTA
    world.do(FileDo.PART, "one", b"x" * 10, upload=one, offset=30, most=100, used=60)
    (world.data / "grown").write_bytes(b"x")  # by the game, meanwhile
    assert world.refused(FileDo.FINISH, "one", upload=one, offset=40, most=100) is FileTrouble.QUOTA
    assert list((world.volume.root / "incoming").iterdir()) == []
    assert not (world.data / "one").exists()


def test_what_is_replaced_makes_room(world: World) -> None:
    (world.data / "map").write_bytes(b"x" * 90)
    world.do(FileDo.PART, "map", b"y" * 95, upload="a" * 32, most=100)
    assert world.do(FileDo.FINISH, "map", upload="a" * 32, offset=95, most=100).size == 95


@pytest.mark.parametrize("do", [FileDo.WRITE, FileDo.PART])
def test_nobody_fills_the_disk(world: World, do: FileDo, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SimpleNamespace(f_blocks=1000, f_frsize=2**30, f_bavail=1)
    monkeypatch.setattr(world_files.os, "fstatvfs", lambda handle: disk)
    assert world.refused(do, "map", b"x", upload="a" * 32) is FileTrouble.FULL
    disk.f_bavail = 2
    world.do(do, "map", b"x", upload="a" * 32)
    disk.f_blocks, disk.f_frsize, disk.f_bavail = 1000, 4096, 51  # a small disk: a part of it is enough
    world.do(do, "map", b"x", upload="b" * 32)


def test_a_large_file_is_read_in_parts_of_one_version(world: World) -> None:
    (world.data / "big").write_bytes(os.urandom(PART + 10))
    first = world.do(FileDo.READ, "big", length=PART * 2)
    assert (len(first.content), first.size) == (PART, PART + 10)
    assert len(world.do(FileDo.READ, "big", offset=PART, length=PART, version=first.version).content) == 10
    with (world.data / "big").open("ab") as file:
        file.write(b"more")
    assert world.refused(FileDo.READ, "big", offset=PART, length=PART, version=first.version) is FileTrouble.CHANGED


def test_a_folder_is_deleted_where_it_is_empty_or_with_all_that_is_in_it(world: World) -> None:
    (world.data / "a/b/c").mkdir(parents=True)
    (world.data / "a/b/c/file").touch()
    (world.data / "a/out").symlink_to("/")
    assert world.refused(FileDo.DELETE, "a") is FileTrouble.NOT_EMPTY
    world.do(FileDo.DELETE, "a", recursive=True)
    assert world.names() == []
    assert Path("/etc").is_dir()


def test_things_are_renamed_and_nothing_is_replaced(world: World) -> None:
    (world.data / "old").mkdir()
    (world.data / "old/level").write_text("x")
    (world.data / "new").mkdir()
    world.do(FileDo.RENAME, "old/level", to="new/level.dat")
    assert world.read("new/level.dat") == b"x"
    (world.data / "old/level.dat").touch()
    assert world.refused(FileDo.RENAME, "old/level.dat", to="new/level.dat") is FileTrouble.EXISTS
    assert world.refused(FileDo.RENAME, "new", to="new/in") is FileTrouble.PATH
    assert world.refused(FileDo.RENAME, "gone", to="here") is FileTrouble.MISSING


def test_links_are_removed_and_renamed_themselves_and_never_followed(world: World, tmp_path: Path) -> None:
    (world.data / "out").symlink_to(tmp_path / "secret")
    (world.data / "up").symlink_to(tmp_path)
    (world.data / "self").symlink_to("self")
    for path in ("out", "up/secret", "self", "up/volume/volume.json"):
        assert world.refused(FileDo.READ, path, length=9) is FileTrouble.KIND
        assert world.refused(FileDo.WRITE, path, b"mine") is FileTrouble.KIND
    assert world.refused(FileDo.LIST, "up") is FileTrouble.KIND
    assert world.refused(FileDo.FOLDER, "up/folder") is FileTrouble.KIND
    assert world.refused(FileDo.DELETE, "up/secret") is FileTrouble.KIND
    assert world.refused(FileDo.RENAME, "up/secret", to="mine") is FileTrouble.KIND
    world.do(FileDo.RENAME, "out", to="elsewhere")
    world.do(FileDo.DELETE, "elsewhere")
    world.do(FileDo.DELETE, "up", recursive=True)
    assert (tmp_path / "secret").read_bytes() == SECRET


@pytest.mark.parametrize("do", [FileDo.READ, FileDo.WRITE])
def test_what_is_no_file_is_neither_read_nor_written_nor_waited_for(world: World, do: FileDo) -> None:
    os.mkfifo(world.data / "pipe")
    (world.data / "folder").mkdir()
    assert world.refused(do, "pipe", length=9) is FileTrouble.KIND
    assert world.refused(do, "folder", length=9) is FileTrouble.KIND


def test_a_place_for_what_comes_in_that_a_game_made_a_link_leads_nowhere(world: World, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (world.volume.root / "incoming").symlink_to(tmp_path / "elsewhere")
    world.do(FileDo.WRITE, "motd", b"one")
    assert world.read("motd") == b"one"
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    "path",
    [
        *("..", "../secret", "a/../../secret", "/etc/passwd", "/", "a//b", "a/", ".", "./a", "a\0b"),
        *("x" * 256, "/".join(["a"] * 65), "/".join(["a" * 200] * 11), "\ud800"),
    ],
)
@pytest.mark.parametrize("do", [FileDo.LIST, FileDo.READ, FileDo.WRITE, FileDo.FOLDER, FileDo.DELETE])
def test_what_is_no_path_in_the_world_is_refused(world: World, do: FileDo, path: str) -> None:
    assert world.refused(do, path, length=9) is FileTrouble.PATH
    assert world.refused(FileDo.RENAME, "a", to=path) in (FileTrouble.PATH, FileTrouble.MISSING)


@pytest.mark.parametrize("do", [FileDo.READ, FileDo.WRITE, FileDo.FOLDER, FileDo.DELETE, FileDo.RENAME])
def test_the_worlds_folder_itself_stays(world: World, do: FileDo) -> None:
    assert world.refused(do, "") is FileTrouble.PATH


def test_a_volume_that_is_not_ours_is_not_looked_into(world: World) -> None:
    (world.volume.root / "volume.json").write_text('{"volume": 2}')
    assert world.refused(FileDo.LIST) is FileTrouble.NO_WORLD


async def test_what_is_no_order_is_refused_and_a_newer_one_is_named(world: World) -> None:
    for said in (
        {},
        {"do": "dance"},
        {"do": "read", "path": 7},
        {"do": "read", "path": ["x"]},
        {"do": "write", "path": "a", "data": "!"},
    ):
        assert (await world.files.answer(said))["refused"]
    assert world.names() == []


_NAMES = st.one_of(
    st.sampled_from(["", ".", "..", "a", "link", "up", "folder", "secret", "\0", "x" * 300, "\ud800", " ", "\n", "é"]),
    st.text(max_size=8),
)
_PATHS = st.one_of(st.lists(_NAMES, max_size=6).map("/".join), st.text(max_size=40))


@given(_PATHS)
def test_a_path_has_names_that_lead_down_only_or_is_none(path: str) -> None:
    try:
        names = names_of(path)
    except FileRefused:
        return
    assert "/".join(names) == path
    whole = os.path.normpath(os.path.join("/world", path))
    assert whole == "/world" if path == "" else whole.startswith("/world/")


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(list(FileDo)), _PATHS, _PATHS), max_size=8))
def test_nothing_beyond_the_world_is_read_or_changed_whatever_is_asked(
    tmp_path_factory: pytest.TempPathFactory, orders: list[tuple[FileDo, str, str]]
) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / "secret").write_bytes(SECRET)
    world = World(home / "volume")
    (world.data / "folder").mkdir()
    (world.data / "a").write_bytes(b"content")
    (world.data / "link").symlink_to(home / "secret")
    (world.data / "up").symlink_to("../..")
    marker = (home / "volume/volume.json").read_bytes()
    for do, path, to in orders:
        order = FileOrder(do, path, to, data="eA==", length=99, upload="a" * 32, recursive=True)
        try:
            assert SECRET not in world.files.carry_out(order).content
        except FileRefused:
            continue
    assert (home / "secret").read_bytes() == SECRET
    assert (home / "volume/volume.json").read_bytes() == marker
    assert sorted(each.name for each in home.iterdir()) == ["secret", "volume"]
    assert {each.name for each in (home / "volume").iterdir()} <= {"data", "volume.json", "incoming"}


def test_a_folder_that_is_swapped_for_a_link_all_the_time_leads_nowhere(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(SECRET)
    (world.data / "real").mkdir()
    (world.data / "real/file").write_bytes(b"game")
    os.symlink(outside, world.data / "fake")
    done = threading.Event()

    def swap() -> None:
        spots = [world.data / name for name in ("real", "fake", "spare")]
        while not done.is_set():
            for one, other in ((0, 2), (1, 0), (0, 1), (2, 0)):
                os.rename(spots[one], spots[other])

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        for number in range(100):
            for do in (FileDo.READ, FileDo.WRITE, FileDo.LIST, FileDo.DELETE):
                path = "real" if do is FileDo.LIST else "real/new" if do is FileDo.DELETE else "real/file"
                try:
                    got = world.do(do, path, b"game", length=99, cursor=f"{number:02x}")
                except FileRefused:
                    continue
                assert got.content in (b"", b"game")
    finally:
        done.set()
        swapping.join()
    assert [each.name for each in outside.iterdir()] == ["file"]
    assert (outside / "file").read_bytes() == SECRET


def test_paths_are_as_long_and_as_deep_as_a_snapshot_keeps_them() -> None:
    assert (file_wire.DEEPEST, file_wire.LONGEST_PATH) == (manifest.MAX_DEPTH, manifest.MAX_PATH)
