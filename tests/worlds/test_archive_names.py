"""Names as tools of all systems write them: taken as they were meant, or refused with the name in words."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.worlds.archives.names import code_page, shown
from core.worlds.errors import Hostile
from core.worlds.unpack import unpack
from tests.worlds.packing import FAT, MAC, NTFS, UNIX, UTF8, Put, folder, held, link, unicode_path, zip_of

JAPANESE = ("ワールド/レベル.dat", "ワールド/地域/ソース.mca", "ソ.txt", "表紙.png")
"""Four of these have a backslash as the second byte of a letter in Shift-JIS."""


@pytest.fixture
def into(tmp_path: Path) -> Path:
    (tmp_path / "into").mkdir()
    return tmp_path / "into"


def names_of(into: Path, data: bytes) -> list[str]:
    (into.parent / "archive").write_bytes(data)
    unpack(into.parent / "archive", into, 1_000_000)
    return list(held(into))


def refused(into: Path, data: bytes) -> Hostile:
    with pytest.raises(Hostile) as found:
        names_of(into, data)
    return found.value


@pytest.mark.parametrize("host", [FAT, NTFS, UNIX])
def test_backslashes_of_windows_separate(into: Path, host: int) -> None:
    """As .NET before 4.6.1 makes them, and programs of Go on Windows."""
    data = zip_of(Put(b"world\\", host=host), Put(b"world\\region\\r.0.0.mca", b"1", host=host), Put(b"world\\empty\\"))
    assert names_of(into, data) == ["world/region/r.0.0.mca"]
    assert (into / "world" / "empty").is_dir()


def test_backslashes_in_a_tar_of_windows_separate(into: Path) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("world\\level.dat"), io.BytesIO())
    assert names_of(into, made.getvalue()) == ["world/level.dat"]


@pytest.mark.parametrize(
    "name", [b"..\\x", b"a\\..\\..\\x", b"C:\\x", b"c:x", b"\\\\server\\share\\x", b"\\x", b"//server/x", b"/x"]
)
def test_drives_shares_and_the_way_out_are_refused_by_name(into: Path, name: bytes) -> None:
    refusal = refused(into, zip_of(Put(b"good", b"1"), Put(name, b"1")))
    assert (refusal.why, refusal.member) == ("path", name.decode().replace("\\", "/"))
    assert not list(into.iterdir())


def test_what_only_windows_minds_is_taken(into: Path) -> None:
    found = [b"CON", b"aux.txt", b"dots...", b"space ", b"LPT1.dat", b"a?b", b"x|y"]
    assert names_of(into, zip_of(*(Put(name, b"1") for name in found))) == sorted(name.decode() for name in found)


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("cp437", ("Häuser/Küche.dat", "Häuser/Straße.dat", "señor")),
        ("cp850", ("Ação/São.dat", "Übung.txt")),
        ("cp1252", ("Häuser/Größe.dat", "été/forêt.dat", "mañana.txt")),
        ("cp866", ("мир/уровень.dat", "мир/Регион.mca")),
        ("cp932", JAPANESE),
        ("gbk", ("世界/区域.dat", "测试.txt")),
    ],
)
def test_names_in_a_code_page_are_read_in_it(into: Path, page: str, found: tuple[str, ...]) -> None:
    data = zip_of(*(Put(name.encode(page), b"1") for name in found), Put(b"level.dat", b"1"))
    assert names_of(into, data) == sorted([*found, "level.dat"])


def test_half_of_a_japanese_letter_is_no_separator(into: Path) -> None:
    assert b"\\" in "ソース".encode("cp932")
    data = zip_of(Put("ワールド\\ソース.dat".encode("cp932"), b"1"))
    assert names_of(into, data) == ["ワールド/ソース.dat"]


@pytest.mark.parametrize("host", [FAT, UNIX, MAC])
def test_utf8_without_its_flag_is_utf8(into: Path, host: int) -> None:
    """As Finder and Info-ZIP write it."""
    assert names_of(into, zip_of(Put("Höhle/ソ.dat".encode(), b"1", host=host))) == ["Höhle/ソ.dat"]


def test_one_archive_has_one_code_page(into: Path) -> None:
    """One name alone might be of several; beside others it is not."""
    alone, beside = "ä", "Größe"
    assert code_page([alone.encode("cp1252"), beside.encode("cp1252")]) == "cp1252"
    assert code_page([alone.encode("cp437"), beside.encode("cp437")]) == "cp437"


def test_the_field_for_unicode_wins_where_it_is_of_this_name(into: Path) -> None:
    local = "Größe".encode("cp850")
    data = zip_of(
        Put(local, b"1", extra=unicode_path(local, "Größe ☃")),
        Put(b"renamed", b"1", extra=unicode_path(b"old name", "Wrong")),
        Put(b"plain", b"1", extra=unicode_path(b"plain", "../out").replace(b"../out", b"\xff./out")),
    )
    assert names_of(into, data) == ["Größe ☃", "plain", "renamed"]


def test_the_field_for_unicode_cannot_lead_out(into: Path) -> None:
    assert refused(into, zip_of(Put(b"plain", b"1", extra=unicode_path(b"plain", "../out")))).why == "path"


def test_a_flag_that_lies_is_not_believed(into: Path) -> None:
    assert names_of(into, zip_of(Put("Größe".encode("cp1252"), b"1", UTF8))) == ["Größe"]


def test_the_dot_before_everything_means_nothing(into: Path) -> None:
    """As `bsdtar -acf world.zip .` makes it, on macOS and Windows."""
    data = zip_of(folder(b"./"), folder(b"./w/"), Put(b"./w/level.dat", b"1"), link(b"./w/l", b"level.dat"))
    assert names_of(into, data) == ["w/l", "w/level.dat"]


def test_folders_are_folders_however_they_are_said(into: Path) -> None:
    data = zip_of(Put(b"dos", dos=0x10), Put(b"unix", mode=0o040755, host=UNIX), Put(b"end\\"), Put(b"f", b"1"))
    names_of(into, data)
    assert sorted(each.name for each in into.iterdir() if each.is_dir()) == ["dos", "end", "unix"]


def test_bytes_of_a_tar_that_are_no_utf8_stay_as_they_are(into: Path) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", encoding="cp932", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("ソ"), io.BytesIO())
    assert [name.encode("utf-8", "surrogateescape") for name in names_of(into, made.getvalue())] == [
        "ソ".encode("cp932")
    ]


@pytest.mark.parametrize("length", [256, 9000])
def test_a_name_that_no_disk_takes_is_refused_by_name(into: Path, length: int) -> None:
    refusal = refused(into, zip_of(Put(b"w/" + b"n" * length, b"1")))
    assert refusal.why == "long"
    assert len(refusal.member) == 80


def test_a_path_that_a_snapshot_would_leave_out_is_refused(into: Path) -> None:
    assert refused(into, zip_of(Put(b"/".join([b"d"] * 65), b"1"))).why == "long"
    assert refused(into, zip_of(folder(b"/".join([b"d"] * 64)), Put(b"f", b"1"))).why == "long"
    assert refused(into, zip_of(Put(b"/".join([b"n" * 128] * 16), b"1"))).why == "long"


def test_the_deepest_path_that_a_snapshot_takes_is_taken(into: Path) -> None:
    deepest = b"/".join([b"d"] * 64)
    assert names_of(into, zip_of(folder(deepest[:-2]), Put(deepest, b"1"))) == [deepest.decode()]


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_a_name_is_shown_on_one_short_line_that_hides_nothing(name: bytes) -> None:
    text = shown(name)
    assert len(text) <= 80
    assert text.isprintable()


def test_what_turns_text_around_is_not_shown() -> None:
    assert shown("safe\u202etxt.exe\n\x1b[2J".encode()) == "safe�txt.exe��[2J"


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=20))
def test_any_names_have_a_code_page_that_reads_them(names: list[bytes]) -> None:
    page = code_page(names)
    for name in names:
        name.decode(page)
