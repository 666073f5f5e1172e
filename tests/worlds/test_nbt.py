"""Which version wrote a level.dat, and that nothing which is sent as one can do harm."""

from __future__ import annotations

import gzip
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.worlds.archives.nbt import is_newer, version_of


def named(kind: int, name: str, body: bytes) -> bytes:
    return struct.pack(">BH", kind, len(name)) + name.encode() + body


def string(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode()


def compound(*inner: bytes) -> bytes:
    return b"".join(inner) + b"\0"


OTHERS = (
    named(1, "Difficulty", b"\2"),
    named(4, "Time", bytes(8)),
    named(11, "UUID", struct.pack(">i", 4) + bytes(16)),
    named(9, "ServerBrands", struct.pack(">Bi", 8, 2) + string("vanilla") + string("Paper")),
    named(9, "Pos", struct.pack(">Bi", 6, 3) + bytes(24)),
    named(9, "Empty", struct.pack(">Bi", 0, 0)),
    named(
        9, "Lists", struct.pack(">Bi", 10, 1) + compound(named(10, "Version", compound(named(8, "Name", string("9")))))
    ),
    named(10, "Name", compound()),
)


def level(version: str) -> bytes:
    inner = compound(
        *OTHERS, named(10, "Version", compound(named(3, "Id", bytes(4)), named(8, "Name", string(version))))
    )
    return gzip.compress(named(10, "", compound(named(10, "Data", inner))))


def test_the_version_is_found_among_all_kinds_of_tags() -> None:
    assert version_of(level("1.21.8")) == "1.21.8"


def test_a_world_without_one_has_none() -> None:
    assert version_of(gzip.compress(named(10, "", compound(named(10, "Data", compound(*OTHERS)))))) == ""


@pytest.mark.parametrize(
    ("theirs", "ours", "newer"),
    [
        ("1.21.8", "1.21.7", True),
        ("1.21.10", "1.21.9", True),
        ("26.1", "1.21.11", True),
        ("1.21", "1.21", False),
        ("1.20.6", "1.21", False),
        ("1.21.8", "LATEST", False),
        ("25w31a", "1.20", False),
        ("", "1.20", False),
        ("1..2", "1.20", False),
        ("1." + "9" * 5000, "1.20", False),
        ("1.\u0664", "1.2", False),
    ],
)
def test_only_of_two_releases_one_is_newer(theirs: str, ours: str, newer: bool) -> None:
    assert is_newer(theirs, ours) is newer


@given(st.binary(max_size=200))
def test_whatever_is_in_it_is_no_error(data: bytes) -> None:
    version_of(data)
    version_of(gzip.compress(data))
    version_of(gzip.compress(named(10, "", named(10, "Data", data))))


@given(st.data())
def test_wherever_it_is_cut_or_changed_is_no_error(data: st.DataObject) -> None:
    whole = bytearray(gzip.decompress(level("1.21.8")))
    at = data.draw(st.integers(0, len(whole) - 1))
    version_of(gzip.compress(bytes(whole[:at])))
    whole[at] = data.draw(st.integers(0, 255))
    version_of(gzip.compress(bytes(whole)))


def test_what_unpacks_to_far_too_much_or_nests_without_end_is_no_version() -> None:
    assert version_of(gzip.compress(bytes(64 << 20))) == ""
    assert version_of(gzip.compress(named(10, "", named(9, "a", struct.pack(">Bi", 9, 1) * 100_000)))) == ""
    assert version_of(gzip.compress(named(10, "", named(10, "a", b"") * 100_000))) == ""
