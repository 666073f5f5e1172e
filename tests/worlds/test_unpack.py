"""Archives that strangers made: what is taken, and what is refused with nothing written outside."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.worlds import unpack as module
from core.worlds.errors import Hostile
from core.worlds.unpack import unpack

MOST = 1_000_000
Unpack = Callable[..., Path]


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "outer" / "into"
    folder.mkdir(parents=True)
    return folder


def zipped(folder: Path, files: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        for name, target in (links or {}).items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
    return path


def tarred(folder: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    path = folder / "a.tar"
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def refusal(archive: Path, into: Path, most: int = MOST) -> str:
    with pytest.raises(Hostile) as refused:
        unpack(archive, into, most)
    assert [each for each in into.parent.iterdir() if each != into] == []
    return refused.value.why


def test_files_folders_and_links_that_stay_inside_are_taken(tmp_path: Path, into: Path) -> None:
    archive = zipped(tmp_path, {"w/level.dat": b"1", "w/region/": b"", "w/region/r": b"22"}, {"w/l": "region/r"})
    assert unpack(archive, into, MOST) == 3
    assert (into / "w/l").read_bytes() == b"22"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_every_kind_of_tar_is_taken(tmp_path: Path, into: Path, mode: str) -> None:
    unpack(tarred(tmp_path, (member("./w/level.dat"), b"1"), mode=mode), into, MOST)
    assert (into / "w/level.dat").read_bytes() == b"1"


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a/./x", "a//x", "a\\..\\x", "C:/x"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, into: Path, name: str) -> None:
    assert refusal(tarred(tmp_path, (member(name), b"1")), into) == "path"


@pytest.mark.parametrize("target", ["/etc/passwd", "../x", "a/../../x", "/proc/self/environ", ""])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, into: Path, target: str) -> None:
    assert refusal(zipped(tmp_path, {"f": b""}, {"l": target}), into) == "link"


def test_a_link_that_leads_out_by_way_of_another_is_refused(tmp_path: Path, into: Path) -> None:
    assert refusal(zipped(tmp_path, {"x/y/f": b""}, {"x/y/d": "../..", "l": "x/y/d/../e"}), into) == "link"


def test_a_file_below_a_link_is_refused(tmp_path: Path, into: Path) -> None:
    assert refusal(zipped(tmp_path, {"l/f": b"", "d/g": b""}, {"l": "d"}), into) == "path"


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_device_is_refused(tmp_path: Path, into: Path, kind: bytes) -> None:
    assert refusal(tarred(tmp_path, (member("d", kind), b"")), into) == "device"


def test_a_hard_link_is_refused(tmp_path: Path, into: Path) -> None:
    assert refusal(tarred(tmp_path, (member("f"), b""), (member("h", tarfile.LNKTYPE, "f"), b"")), into) == "link"


@pytest.mark.parametrize("names", [("World", "world"), ("a/x", "A/y"), ("caf\u00e9", "cafe\u0301"), ("f", "f")])
def test_names_that_some_system_cannot_keep_apart_are_refused(tmp_path: Path, into: Path, names: list[str]) -> None:
    assert refusal(tarred(tmp_path, *((member(name), b"1") for name in names)), into) == "twice"


def test_more_than_a_world_may_be_is_refused_before_anything_is_written(tmp_path: Path, into: Path) -> None:
    assert refusal(zipped(tmp_path, {"a": b"1", "bomb": bytes(10_000_000)}), into) == "large"
    assert list(into.iterdir()) == []


def test_a_bomb_that_lies_about_its_size_is_cut_off(tmp_path: Path, into: Path) -> None:
    archive = zipped(tmp_path, {"bomb": bytes(500_000)})
    lying = archive.read_bytes().replace((500_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    archive.write_bytes(lying)
    assert refusal(archive, into) in ("bomb", "kind")
    assert sum(each.stat().st_size for each in into.rglob("*")) <= 100


def test_too_many_files_are_refused(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 3)
    assert refusal(zipped(tmp_path, {str(n): b"" for n in range(4)}), into) == "many"


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04 and no more", b"\x1f\x8b\x08 broken"])
def test_what_is_no_archive_is_refused(tmp_path: Path, into: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    assert refusal(tmp_path / "a", into) in ("kind", "empty")


def test_an_empty_archive_is_refused(tmp_path: Path, into: Path) -> None:
    assert refusal(zipped(tmp_path, {}), into) == "empty"
