"""What a file is, is said by how it begins: never by what it ends with, what lies in it, or how it is called."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.worlds.errors import Hostile
from core.worlds.unpack import unpack
from tests.worlds.packing import ENCRYPTED, TARS, Put, any_of, held, plain_zip, tar_of, zip_of

MOST = 50_000_000
KINDS = ("zip", *TARS)


def result(data: bytes) -> dict[str, bytes] | str:
    """What is in the folder afterwards, or why nothing is."""
    with tempfile.TemporaryDirectory() as work:
        archive, into = Path(work, "archive"), Path(work, "into")
        archive.write_bytes(data)
        into.mkdir()
        try:
            unpack(archive, into, MOST)
        except Hostile as refused:
            assert [each.name for each in Path(work).iterdir() if each != into] == ["archive"]
            return refused.why
        return held(into)


@st.composite
def nested(draw: st.DrawFn, depth: int = 2) -> tuple[bytes, Mapping[str, bytes]]:
    """An archive of any kind, with others of any kind among its members; and what is in it."""
    files: dict[str, bytes] = {}
    count = draw(st.integers(0, 2))
    for number in range(count):
        files[f"file{number}"] = draw(st.binary(max_size=700))
    if (depth and draw(st.booleans())) or not files:
        files["inner"] = draw(nested(depth - 1))[0] if depth else b"leaf"
    names = draw(st.permutations(sorted(files)))
    files = {name: files[name] for name in names}
    return any_of(draw(st.sampled_from(KINDS)), files), files


@settings(max_examples=150, deadline=None)
@given(nested())
def test_the_outer_archive_is_what_is_opened(made: tuple[bytes, Mapping[str, bytes]]) -> None:
    data, files = made
    assert result(data) == files


@settings(max_examples=150, deadline=None)
@given(nested(1), st.one_of(st.binary(min_size=1, max_size=600), nested(1).map(lambda made: made[0])))
def test_what_stands_behind_an_archive_is_never_taken_for_it(
    made: tuple[bytes, Mapping[str, bytes]], garbage: bytes
) -> None:
    data, files = made
    said = result(data + garbage)
    assert said == files or isinstance(said, str)


@settings(max_examples=150, deadline=None)
@given(st.binary(min_size=1, max_size=600).filter(lambda data: not data.startswith(b"\0" * 512)), nested(1))
def test_what_has_something_before_it_is_refused(garbage: bytes, made: tuple[bytes, Mapping[str, bytes]]) -> None:
    assert isinstance(result(garbage + made[0]), str)


def test_a_tar_whose_last_member_is_a_zip_is_a_tar() -> None:
    inner = plain_zip({"wrong": b"1"})
    assert result(tar_of({"right": b"2", "backup.zip": inner})) == {"right": b"2", "backup.zip": inner}


def test_a_zip_in_the_comment_of_a_zip_is_not_opened() -> None:
    assert result(zip_of(Put(b"right", b"2"), comment=plain_zip({"wrong": b"1"}))) == {"right": b"2"}


def test_a_zip_that_was_moved_behind_another_is_not_opened() -> None:
    """As `zip -A` mends it: its directory is right, but does not say what the file begins with."""
    before = plain_zip({"a": b"1" * 50})
    after = bytearray(plain_zip({"wrong": b"2"}))
    directory = after.index(b"PK\x01\x02")
    after[directory + 42 : directory + 46] = len(before).to_bytes(4, "little")
    end = after.index(b"PK\x05\x06")
    after[end + 16 : end + 20] = (len(before) + directory).to_bytes(4, "little")
    assert result(before + bytes(after)) == "kind"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"Rar!\x1a\x07\x01\0 and so on", "packer"),
        (b"7z\xbc\xaf\x27\x1c and so on", "packer"),
        (b"MZ\x90\0 a self-extractor" + plain_zip({"a": b"1"}), "program"),
        (b"#!/bin/sh\nexec unzip $0\n" + plain_zip({"a": b"1"}), "program"),
        (b"\n<!DOCTYPE HTML><html>Download</html>", "page"),
        (TARS["tar.gz"](plain_zip({"a": b"1"})), "kind"),
        (TARS["tar.gz"](TARS["tar.gz"](tar_of({"a": b"1"}))), "kind"),
        (TARS["tar.gz"](b"a level.dat is compressed too"), "kind"),
        (zip_of(Put(b"a", b"1")).replace(b"PK\x05\x06\0\0", b"PK\x05\x06\3\0"), "parts"),
        (b"PK\x07\x08" + plain_zip({"a": b"1" * 100})[:80], "parts"),
        (bytes(1024), "kind"),
    ],
    ids=("rar", "7z", "windows", "script", "page", "zip.gz", "tar.gz.gz", "dat.gz", "last part", "first part", "zeros"),
)
def test_what_is_no_zip_and_no_tar_is_called_what_it_is(data: bytes, why: str) -> None:
    assert result(data) == why


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_that_is_cut_off_anywhere_is_never_taken_in_part(kind: str) -> None:
    pick = random.Random(1)
    files = {f"{number}": pick.randbytes(3000) for number in range(4)}
    data = any_of(kind, files)
    for end in range(0, len(data), 512 if kind == "tar" else 97):
        said = result(data[:end])
        assert said in ("kind", "empty") or (said == files and end > len(data) // 2)  # a tar is filled up


@pytest.mark.parametrize("name", ["zip", "tar.gz"])
def test_one_wrong_bit_in_a_file_is_noticed(name: str) -> None:
    content = random.Random(2).randbytes(5000)
    data = bytearray(any_of(name, {"a": content}))
    data[len(data) // 2] ^= 1
    assert result(bytes(data)) in ("damaged", "kind")


def test_a_password_is_said() -> None:
    data = zip_of(Put(b"open", b"1"), Put(b"locked", b"2", ENCRYPTED))
    assert result(data) == "encrypted"


@pytest.mark.parametrize("method", [9, 98, 1])
def test_a_method_that_we_do_not_know_is_said(method: int) -> None:
    assert result(zip_of(Put(b"a", b"1", method=method))) == "method"
