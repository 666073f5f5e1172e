"""Archives as tools of all systems make them, byte by byte: names in any encoding, any host, any extra field."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import zstandard

FAT, UNIX, NTFS, MAC = 0, 3, 10, 19
UTF8, ENCRYPTED = 0x800, 1
DOS_FOLDER = 0x10
TARS = {
    "tar": bytes,
    "tar.gz": lambda data: gzip.compress(data, mtime=0),
    "tar.bz2": bz2.compress,
    "tar.xz": lzma.compress,
    "tar.lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "tar.zst": zstandard.compress,
}


@dataclass(frozen=True, slots=True)
class Put:
    """One member of a ZIP. `crc` and `size` are right unless they are given; `stored` is what lies there."""

    name: bytes
    content: bytes = b""
    flags: int = 0
    host: int = FAT
    mode: int = 0
    dos: int = 0
    extra: bytes = b""
    method: int = 0
    stored: bytes | None = None
    crc: int | None = None
    size: int | None = None


def zip_of(*members: Put, comment: bytes = b"") -> bytes:
    data, directory = b"", b""
    for each in members:
        stored = each.content if each.stored is None else each.stored
        crc = zlib.crc32(each.content) if each.crc is None else each.crc
        size = len(each.content) if each.size is None else each.size
        common = struct.pack(
            "<5H3L2H", 20, each.flags, each.method, 0, 0x21, crc, len(stored), size, len(each.name), len(each.extra)
        )
        attributes = each.mode << 16 | each.dos
        directory += b"PK\x01\x02" + struct.pack("<BB", 20, each.host) + common
        directory += struct.pack("<3H2L", 0, 0, 0, attributes, len(data)) + each.name + each.extra
        data += b"PK\x03\x04" + common + each.name + each.extra + stored
    end = struct.pack("<4H2LH", 0, 0, len(members), len(members), len(directory), len(data), len(comment))
    return data + directory + b"PK\x05\x06" + end + comment


def plain_zip(files: Mapping[str, bytes]) -> bytes:
    return zip_of(*(Put(name.encode(), content, UTF8) for name, content in files.items()))


def tar_of(files: Mapping[str, bytes], kind: str = "tar") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return bytes(TARS[kind](made.getvalue()))


def any_of(kind: str, files: Mapping[str, bytes]) -> bytes:
    return plain_zip(files) if kind == "zip" else tar_of(files, kind)


def unicode_path(name: bytes, said: str) -> bytes:
    """The extra field 0x7075, as WinRAR and Info-ZIP write it beside a name in the local code page."""
    body = struct.pack("<BL", 1, zlib.crc32(name)) + said.encode()
    return struct.pack("<HH", 0x7075, len(body)) + body


def folder(name: bytes) -> Put:
    return Put(name, mode=stat.S_IFDIR | 0o755, host=UNIX, dos=DOS_FOLDER)


def link(name: bytes, target: bytes) -> Put:
    return Put(name, target, mode=stat.S_IFLNK | 0o777, host=UNIX)


def held(into: Path) -> dict[str, bytes]:
    """All files in a folder, by path."""
    return {str(each.relative_to(into)): each.read_bytes() for each in sorted(into.rglob("*")) if each.is_file()}


def folders(names: Sequence[str], content: bytes = b"x") -> dict[str, bytes]:
    return dict.fromkeys(names, content)
