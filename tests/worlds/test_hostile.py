"""A plugin is members' code: whatever it does to the folder, nothing outside is read, and nothing hangs."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from core.nofollow import Spot, WrongKind
from core.worlds.manifest import MAX_DEPTH
from core.worlds.restore import restore
from core.worlds.snapshot import snapshot
from core.worlds.store.port import Store
from core.worlds.tree import Rules, Skipped, walk
from tests.worlds.around import SERVER, Around
from tests.worlds.conftest import Bring, Take

SECRET = b"the agent's own key"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "key").write_bytes(SECRET)
    return folder


def holds(store: Store, words: bytes) -> bool:
    return any(words in store.get(version.key) for version in store.list())


def after_stat(monkeypatch: pytest.MonkeyPatch, name: bytes, change: Callable[[], object]) -> None:
    """Something changes between our look at `name` and our opening it."""
    real = os.stat
    done: list[None] = []

    def raced(path: object, **more: object) -> os.stat_result:
        seen = real(path, **more)  # type: ignore[arg-type]
        if path == name and not done:
            done.append(None)
            change()
        return seen

    monkeypatch.setattr(os, "stat", raced)


def test_links_are_kept_as_links_and_never_followed(
    world: Path, outside: Path, take: Take, bring: Bring, store: Around
) -> None:
    (world / "file").symlink_to(outside / "key")
    (world / "folder").symlink_to(outside)
    (world / "environ").symlink_to("/proc/self/environ")
    into, _ = bring(take())
    assert not holds(store, SECRET)
    assert os.readlink(into / "environ") == "/proc/self/environ"
    assert (into / "folder").is_symlink()


def test_a_file_exchanged_for_a_link_is_not_read(
    world: Path, outside: Path, take: Take, store: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world / "a").write_bytes(b"harmless")

    def exchange() -> None:
        (world / "a").unlink()
        (world / "a").symlink_to(outside / "key")

    after_stat(monkeypatch, b"a", exchange)
    assert take().files == 0
    assert not holds(store, SECRET)


def test_a_folder_exchanged_for_a_link_is_not_entered(
    world: Path, outside: Path, take: Take, store: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world / "a").mkdir()

    def exchange() -> None:
        (world / "a").rmdir()
        (world / "a").symlink_to(outside)

    after_stat(monkeypatch, b"a", exchange)
    assert take().files == 0
    assert not holds(store, SECRET)


def test_a_folder_moved_away_while_it_is_read_leads_nowhere(
    world: Path, outside: Path, take: Take, store: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name now is a link to outside, with a file of the same name in it; the handle still is the old folder's."""
    (world / "a").mkdir()
    (world / "a" / "key").write_bytes(b"harmless")

    def exchange() -> None:
        (world / "a").rename(world / "b")
        (world / "a").symlink_to(outside)

    after_stat(monkeypatch, b"key", exchange)
    take()
    assert holds(store, b"harmless")
    assert not holds(store, SECRET)


def test_a_file_exchanged_for_a_fifo_does_not_hang(world: Path, take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    (world / "a").write_bytes(b"harmless")

    def exchange() -> None:
        (world / "a").unlink()
        os.mkfifo(world / "a")

    after_stat(monkeypatch, b"a", exchange)
    assert take().files == 0


@pytest.mark.parametrize("kept", ["below/a", "below/deep/a"])
def test_a_folder_exchanged_while_a_world_is_brought_leads_nowhere(
    world: Path, outside: Path, take: Take, store: Around, tmp_path: Path, kept: str
) -> None:
    """Its name now is a link to outside, where the same names are."""
    (world / kept).parent.mkdir(parents=True)
    (world / kept).write_bytes(b"the world's")
    (outside / "deep").mkdir()
    for each in ("a", "deep/a"):
        (outside / each).write_bytes(b"not the world's")
    taken, into = take(), tmp_path / "into"
    into.mkdir()

    def exchange(operation: str, key: str, when: str) -> None:
        if (operation, when) == ("get", "before") and "/packs/" in key and (into / "below").is_dir():
            (into / "below").rename(into / "away")
            (into / "below").symlink_to(outside)

    store.hook = exchange
    with pytest.raises(OSError):  # noqa: PT011 - ELOOP or ENOTDIR, as the kernel likes
        restore(store, SERVER, taken.name, into)
    assert {(outside / each).read_bytes() for each in ("a", "deep/a")} == {b"not the world's"}
    assert stat.S_IMODE(outside.stat().st_mode) == 0o755


def test_a_folder_of_a_spot_is_never_a_link(world: Path, outside: Path, store: Around, take: Take) -> None:
    """As the local cluster has it: a game can write where its volume lies."""
    (world / "a").write_bytes(b"harmless")
    taken, linked = take(), world.parent / "linked"
    linked.symlink_to(outside)
    (outside / "data").mkdir()
    for spot in (Spot.of(linked), Spot(world.parent, ("linked", "data"))):
        with pytest.raises(WrongKind):
            snapshot(store, SERVER, spot, volume=1, run=1)
        with pytest.raises(WrongKind):
            restore(store, SERVER, taken.name, spot)
    assert os.listdir(outside / "data") == []


@pytest.mark.parametrize("name", ["a", "folder"])
def test_what_vanishes_meanwhile_is_just_not_there(
    world: Path, take: Take, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (world / "a").write_bytes(b"")
    (world / "folder").mkdir()
    after_stat(monkeypatch, name.encode(), lambda: (world / name).unlink() if name == "a" else (world / name).rmdir())
    receipt = take()
    assert receipt.files == (name != "a")


def test_devices_fifos_and_sockets_are_counted(world: Path, take: Take) -> None:
    os.mkfifo(world / "fifo")
    wanted = {"fifo": 1}
    if os.geteuid() == 0:
        try:
            os.mknod(world / "null", stat.S_IFCHR | 0o600, os.makedev(1, 3))
            wanted["device"] = 1
        except PermissionError:
            pass
    assert take().skipped == wanted


def test_what_cannot_be_read_is_counted(world: Path, take: Take, bring: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also as root, who may read all: so the refusal is played."""
    (world / "a").write_bytes(b"")
    (world / "closed").mkdir()
    (world / "mine").write_bytes(b"")
    real = os.open

    def closed(path: object, *more: object, **most: object) -> int:
        if path in (b"a", b"closed"):
            raise PermissionError(13, "Permission denied")
        return real(path, *more, **most)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", closed)
        receipt = take()
    assert receipt.skipped == {"unreadable": 2}
    assert os.listdir(bring(receipt)[0]) == ["mine"]


def test_a_folder_without_end_ends(world: Path, take: Take, bring: Bring) -> None:
    here = os.getcwd()
    os.chdir(world)
    try:
        for _ in range(3000):
            os.mkdir("d" * 100)
            os.chdir("d" * 100)
    finally:
        os.chdir(here)
    receipt = take()
    assert receipt.skipped == {"deep": 1}
    bring(receipt)
    subprocess.run(["rm", "-rf", world], check=True)  # pytest's own way ends at the recursion limit


def test_depth_is_counted_in_folders(world: Path, take: Take) -> None:
    path = world
    for _ in range(MAX_DEPTH - 1):
        path /= "d"
    path.mkdir(parents=True)
    (path / "leaf").write_bytes(b"")
    assert (take().files, take().skipped) == (1, {})


def test_hard_links_do_not_multiply(world: Path, take: Take, bring: Bring) -> None:
    (world / "a").write_bytes(os.urandom(100_000))
    for at in range(200):
        os.link(world / "a", world / f"link{at}")
    receipt = take()
    assert (receipt.files, receipt.size) == (1, 100_000)
    into, _ = bring(receipt)
    assert (into / "a").stat().st_nlink == 201


def test_set_uid_is_not_brought_back(world: Path, take: Take, bring: Bring) -> None:
    (world / "a").write_bytes(b"")
    (world / "a").chmod(0o6755)
    assert stat.S_IMODE((bring(take())[0] / "a").stat().st_mode) == 0o755


def test_names_of_any_bytes_and_any_case_come_back(world: Path, take: Take, bring: Bring) -> None:
    names = [bytes([at]) + b"x" for at in range(1, 256) if at != 0x2F] + [b"CASE", b"case", b"Case", b"x" * 255]
    for name in names:
        (world / os.fsdecode(name)).write_bytes(name)
    into, _ = bring(take())
    assert {os.fsencode(path.name): path.read_bytes() for path in into.iterdir()} == {name: name for name in names}


def test_another_file_system_is_not_entered(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (world / "mounted").mkdir()
    (world / "mounted" / "a").write_bytes(b"")
    real = os.stat

    def elsewhere(path: object, **more: object) -> os.stat_result:
        seen = real(path, **more)  # type: ignore[arg-type]
        if path != b"mounted":
            return seen
        fields = list(seen)
        fields[2] += 1  # st_dev
        return os.stat_result(fields)

    monkeypatch.setattr(os, "stat", elsewhere)
    skipped = Skipped()
    root = os.open(world, os.O_RDONLY)
    try:
        assert [found.path for found in walk(root, Rules(), skipped)] == [b""]
    finally:
        os.close(root)
    assert skipped == {"mount": 1}


def test_no_handle_is_left_open(world: Path, take: Take, store: Around) -> None:
    for at in range(300):
        (world / f"{at % 20}").mkdir(exist_ok=True)
        (world / f"{at % 20}" / f"{at}").write_bytes(os.urandom(100))

    def fail(operation: str, key: str, when: str) -> None:
        if operation == "put":
            raise OSError(5, "Input/output error")

    take()
    store.hook = fail
    (world / "new").write_bytes(b"1")
    with pytest.raises(OSError, match="Input/output"):
        take()
    assert held_below(world.parent) == []


def test_a_walk_that_is_given_up_closes_its_folders(world: Path) -> None:
    (world / "a" / "b").mkdir(parents=True)
    (world / "a" / "b" / "c").write_bytes(b"")
    root = os.open(world, os.O_RDONLY)
    going = walk(root, Rules(), Skipped())
    while next(going).path != b"a/b/c":
        pass
    going.close()  # type: ignore[attr-defined]
    os.close(root)
    assert held_below(world) == []


def held_below(folder: Path) -> list[str]:
    """What this process has open there. Others come and go: whatever is collected as garbage closes its own."""
    held: list[str] = []
    for handle in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            held.append(os.readlink(f"/proc/self/fd/{handle}"))
    return [each for each in held if each.startswith(str(folder))]
