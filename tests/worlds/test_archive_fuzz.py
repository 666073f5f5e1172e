"""Archives with anything wrong in them: refused as hostile or taken, never an error, and nothing is written outside."""

from __future__ import annotations

import io
import os
import stat
import struct
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sampling import ALL

from core.worlds.archives.export_format import Extra, Mark
from core.worlds.errors import Hostile
from core.worlds.unpack import unpack
from tests.worlds.around import SERVER
from tests.worlds.packing import TARS, UNIX, Put, folder, link, tar_of, unicode_path, zip_of

MOST = 200_000
FILES = {"w/level.dat": b"12345" * 40, "w/région/r.0.mca": bytes(3000), "w/empty": b""}


@cache
def seeds() -> tuple[bytes, ...]:
    """One of each kind that there is."""
    made = [tar_of(FILES, kind) for kind in TARS]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", method) as archive:
            for name, content in FILES.items():
                archive.writestr(name, content)
            with archive.open("large", "w", force_zip64=True) as large:
                large.write(b"1" * 500)
        made.append(data.getvalue())
    local = "Größe".encode("cp850")
    made.append(
        zip_of(folder(b"d/"), link(b"d/l", b"../f"), Put(b"f", b"1"), Put(local, extra=unicode_path(local, "G")))
    )
    fields = [Extra(5, b"a\\b").to_bytes(), Extra(6, target=b"a\\b").to_bytes(), Extra(7, seal=b"s" * 16).to_bytes()]
    put = [Put(b"a%5Cb", b"1", host=UNIX, mode=stat.S_IFREG | 0o600, extra=fields[0])]
    put += [
        Put(name, b"a", host=UNIX, mode=stat.S_IFLNK, extra=field)
        for name, field in zip((b"h", b"l"), fields[1:], strict=True)
    ]
    made.append(zip_of(*put, comment=Mark(SERVER, 0o700, 3).to_comment()))
    return (*made, *sparse())


def sparse() -> list[bytes]:
    """As GNU tar and bsdtar write files with holes."""
    made = []
    for fields, before in (
        ({"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9000"}, b"1\n4096\n5\n"),
        ({"GNU.sparse.size": "9000", "GNU.sparse.numblocks": "1", "GNU.sparse.map": "4096,5"}, b""),
    ):
        content = (before.ljust(512, b"\0") if before else b"") + b"12345"
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as archive:
            info = tarfile.TarInfo("holes")
            info.size, info.pax_headers = len(content), fields
            archive.addfile(info, io.BytesIO(content))
        made.append(data.getvalue())
    return made


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(seeds())))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(1, 40))
        how = draw(st.sampled_from(["flip", "write", "cut", "insert", "number", "checksum"]))
        if how == "flip" and at < len(data):
            data[at] ^= draw(st.integers(1, 255))
        elif how == "write":
            data[at : at + length] = draw(st.binary(min_size=length, max_size=length))
        elif how == "cut":
            del data[at : at + length]
        elif how == "insert":
            data[at:at] = draw(st.binary(max_size=length))
        elif how == "number":
            number = draw(st.sampled_from([0, 1, 0xFFFF, 0xFFFFFFFF, 0x80000000, 2**63, 2**64 - 1, len(data)]))
            data[at : at + 8] = struct.pack("<Q", number)
        elif how == "checksum":
            mend(data, at - at % 512)
    return bytes(data)


def mend(data: bytearray, at: int) -> None:
    """Make what stands in a tar there a right header, so that more of it is believed."""
    if len(data) >= at + 512:
        data[at + 148 : at + 156] = b" " * 8
        data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])


def opened(data: bytes) -> Hostile | None:
    with tempfile.TemporaryDirectory() as work:
        archive, into = Path(work, "archive"), Path(work, "outer", "into")
        archive.write_bytes(data)
        into.mkdir(parents=True)
        refusal = None
        try:
            unpack(archive, into, MOST)
        except Hostile as refused:
            refusal = refused
        assert os.listdir(into.parent) == ["into"]
        assert sum(each.lstat().st_size for each in into.rglob("*") if each.is_file() and not each.is_symlink()) <= MOST
        return refusal


@settings(max_examples=1500 if ALL else 200, deadline=None)
@given(damaged())
def test_a_damaged_archive_is_refused_or_taken(data: bytes) -> None:
    refusal = opened(data)
    assert refusal is None or refusal.member.isprintable()


@settings(max_examples=300 if ALL else 60, deadline=None)
@given(
    st.sampled_from(
        [b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"\x5d\0\0", b"\x28\xb5\x2f\xfd"]
    ),
    st.binary(max_size=600),
)
def test_what_only_begins_as_an_archive_is_refused(magic: bytes, data: bytes) -> None:
    opened(magic + data)


@settings(max_examples=300 if ALL else 60, deadline=None)
@given(st.binary(min_size=512, max_size=2048))
def test_what_only_has_a_tars_checksum_is_refused_or_taken(data: bytes) -> None:
    made = bytearray(data)
    for at in range(0, len(made), 512):
        mend(made, at)
    opened(bytes(made) + bytes(1024))


def test_what_the_damage_begins_with_is_taken() -> None:
    for data in seeds():
        assert opened(data) is None
