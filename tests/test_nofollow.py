"""Whatever a game puts in the place of a file, a folder or a pipe: nothing outside is read, written, opened up or
removed, and nothing waits."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from instead import KINDS, stand

from core import nofollow
from core.nofollow import Spot, WrongKind

APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT
pytestmark = pytest.mark.timeout(60)  # who waits for a pipe waits for ever


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "file").write_text("somebody's")
    (folder / "file").chmod(0o640)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "a").mkdir(parents=True)
    return folder


def untouched(outside: Path) -> bool:
    """Also its mode, and that nothing came beside it."""
    file = outside / "file"
    same = (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("somebody's", 0o640)
    return same and os.listdir(outside) == ["file"]


def after_a_look(monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[], object]) -> None:
    """Something changes between our first look at `name` and our opening it."""
    real, done = os.stat, []

    def raced(path: object, *more: object, **most: object) -> os.stat_result:
        seen = real(path, *more, **most)  # type: ignore[arg-type]
        if path == name and not done:
            done.append(change())
        return seen

    monkeypatch.setattr(os, "stat", raced)


@pytest.mark.parametrize("what", KINDS)
def test_what_is_no_file_of_its_own_is_not_opened(root: Path, outside: Path, what: str) -> None:
    stand(root / "file", what, outside / "file")
    for flags in (APPEND, os.O_RDWR, *([] if what == "hard link" else [os.O_RDONLY])):
        with pytest.raises(WrongKind, match="file"):
            Spot(root, ("file",)).open(flags)
    assert untouched(outside)


@pytest.mark.parametrize("what", KINDS)
def test_what_is_ours_alone_is_made_anew(root: Path, outside: Path, what: str) -> None:
    spot = Spot(root, ("file",))
    stand(root / "file", what, outside / "file")
    with open(spot.open_ours(APPEND), "ab") as file:
        file.write(b"ours")
    assert spot.read() == b"ours"
    assert untouched(outside)


@pytest.mark.parametrize("what", KINDS)
@pytest.mark.parametrize("where", ["file", "file.new"])
def test_a_file_is_written_beside_its_place_and_renamed(root: Path, outside: Path, what: str, where: str) -> None:
    stand(root / where, what, outside / "file")
    Spot(root, ("file",)).write(b"ours")
    assert (root / "file").read_bytes() == b"ours"
    assert stat.S_ISREG((root / "file").lstat().st_mode)
    assert untouched(outside)


def test_a_folder_in_the_place_of_what_is_not_ours_alone_stays(root: Path) -> None:
    stand(root / "file", "folder")
    with pytest.raises(WrongKind, match="is a folder, where a file is expected"):
        Spot(root, ("file",)).write(b"ours", ours=False)
    assert (root / "file" / "inside").exists()


def test_no_folder_on_the_way_is_a_link(root: Path, outside: Path) -> None:
    stand(root / "a", "link", outside)
    spot = Spot(root, ("a", "file"))
    for call in (
        spot.read,
        spot.remove,
        spot.stat,
        lambda: spot.tail(10),
        lambda: spot.write(b"ours"),
        lambda: spot.open_ours(APPEND),
        lambda: spot.rename("else"),
        lambda: spot.make_pipe(0o660),
        lambda: (spot / "below").make_folder(),
        lambda: Spot(root, ("a", "new")).make_folder(),
    ):
        with pytest.raises(WrongKind, match="a is a link, where a folder is expected"):
            call()
    assert Spot(root, ("a",)).names() == []
    assert spot.kind() is None
    assert untouched(outside)


def test_the_root_itself_may_be_the_operators_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(root)
    Spot(tmp_path / "linked", ("a", "file")).write(b"ours")
    assert (root / "a" / "file").read_bytes() == b"ours"


@pytest.mark.parametrize("what", ["link", "pipe"])
@pytest.mark.parametrize("flags", [os.O_RDONLY, APPEND])
def test_what_is_exchanged_between_look_and_opening_is_seen(
    root: Path, outside: Path, monkeypatch: pytest.MonkeyPatch, what: str, flags: int
) -> None:
    (root / "file").write_text("harmless")
    after_a_look(monkeypatch, "file", lambda: stand(root / "file", what, outside / "file"))
    with pytest.raises(OSError):  # noqa: PT011 - a pipe that nobody reads is ENXIO
        Spot(root, ("file",)).open(flags)
    assert untouched(outside)


def test_a_folder_exchanged_between_look_and_opening_is_not_entered(
    root: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "a" / "file").write_text("harmless")
    after_a_look(monkeypatch, "a", lambda: stand(root / "a", "link", outside))
    with pytest.raises(WrongKind):
        Spot(root, ("a", "file")).write(b"ours")
    assert untouched(outside)


def test_a_file_without_end_is_not_read(root: Path) -> None:
    with (root / "file").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(WrongKind, match="larger"):
        Spot(root, ("file",)).read()
    assert Spot(root, ("file",)).tail(10) == bytes(10)


def test_not_all_of_countless_names_are_listed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nofollow, "_NAMES_MOST", 10)
    for number in range(20):
        (root / str(number)).touch()
    assert len(Spot(root).names()) == 10


class TestPipes:
    @pytest.mark.parametrize("what", ["link", "hard link", "socket", "folder"])
    def test_what_stands_in_the_place_of_a_pipe_is_thrown_away(self, root: Path, outside: Path, what: str) -> None:
        stand(root / "pipe", what, outside / "file")
        Spot(root, ("pipe",)).make_pipe(0o660)
        seen = (root / "pipe").lstat()
        assert stat.S_ISFIFO(seen.st_mode)
        assert stat.S_IMODE(seen.st_mode) == 0o660
        assert untouched(outside)

    def test_a_pipe_that_is_ours_is_kept_for_who_has_it_open(self, root: Path) -> None:
        os.mkfifo(root / "pipe", 0o600)
        before = (root / "pipe").stat().st_ino
        Spot(root, ("pipe",)).make_pipe(0o660)
        assert (root / "pipe").stat().st_ino == before

    def test_a_file_is_not_taken_for_a_pipe(self, root: Path, outside: Path) -> None:
        stand(root / "pipe", "link", outside / "file")
        with pytest.raises(WrongKind, match="is a link, where a pipe is expected"):
            Spot(root, ("pipe",)).open_pipe(os.O_WRONLY)
        assert untouched(outside)


class TestRemoving:
    @pytest.mark.parametrize("what", KINDS)
    def test_a_link_goes_and_what_it_leads_to_stays(self, root: Path, outside: Path, what: str) -> None:
        stand(root / "a" / "thing", what, outside / "file")
        stand(root / "a" / "way", "link", outside)
        Spot(root, ("a",)).remove()
        assert os.listdir(root) == []
        assert untouched(outside)

    def test_what_is_itself_a_link_goes_as_one(self, root: Path, outside: Path) -> None:
        stand(root / "a", "link", outside)
        Spot(root, ("a",)).remove()
        assert untouched(outside)

    def test_a_folder_that_becomes_a_link_meanwhile_is_not_entered(
        self, root: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (root / "a" / "below").mkdir()
        (root / "a" / "below" / "file").touch()
        after_a_look(monkeypatch, "below", lambda: stand(root / "a" / "below", "link", outside))
        with pytest.raises(OSError):  # noqa: PT011 - whatever it is called: the next try takes it as it is
            Spot(root, ("a",)).remove()
        Spot(root, ("a",)).remove()
        assert not (root / "a").exists()
        assert untouched(outside)

    def test_no_depth_is_too_great(self, root: Path) -> None:
        at = os.open(root, os.O_RDONLY)
        for _ in range(1200):  # deeper than calls and handles go
            os.mkdir("d", dir_fd=at)
            with open(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=at), "w") as file:
                file.write("x")
            below = os.open("d", os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = below
        os.close(at)
        Spot.of(root).remove()
        assert not root.exists()

    def test_folders_that_let_nobody_in_go_too(self, root: Path) -> None:
        for name in ("read", "write", "all"):
            folder = root / "a" / name / "below"
            folder.mkdir(parents=True)
            (folder / "file").touch()
            folder.chmod({"read": 0o300, "write": 0o500, "all": 0o000}[name])
            folder.parent.chmod({"read": 0o300, "write": 0o500, "all": 0o000}[name])
        Spot(root, ("a",)).remove()
        assert os.listdir(root) == []

    def test_what_is_not_there_is_removed_already(self, root: Path) -> None:
        Spot(root, ("none", "below")).remove()
