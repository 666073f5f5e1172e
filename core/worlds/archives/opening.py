"""What a file is, by its beginning and nothing else: neither its name nor its end says what kind of archive it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from core.worlds.errors import Hostile, WhyAll

from . import zipped
from .lone import Lone
from .member import Archive
from .streams import Broken, Source, bunzip, gunzip, unlzma, unxz, unzstd
from .tarred import HEADER, Tarred, is_header

_PACKED: dict[bytes, Callable[[Source], Source]] = {
    b"\x1f\x8b": gunzip,
    b"BZh": bunzip,
    b"\xfd7zXZ\0": unxz,
    b"\x5d\0\0": unlzma,
    b"\x28\xb5\x2f\xfd": unzstd,
}
_OTHERS: dict[bytes, WhyAll] = {
    b"Rar!\x1a\x07": "packer",
    b"7z\xbc\xaf\x27\x1c": "packer",
    b"MZ": "program",
    b"\x7fELF": "program",
    b"#!": "program",
}
_PACKED_ALONE = (".gz", ".gzip")
"""Ends of the names of files that are compressed by whoever wrote them, and no archive."""

_PAGE = (b"<!doctype html", b"<html")
_LOOK = 1024  # bytes


@contextmanager
def opened(archive: Path, most: int, most_members: int, alone: str = "") -> Iterator[Archive]:
    """Raises `Hostile` for what is no ZIP or tar, and OSError. `most` bytes may be in it. `alone`: what is none is one
    file of that name."""
    with archive.open("rb") as file:
        yield _open(file, most, most_members, alone)


def _open(file: IO[bytes], most: int, most_members: int, alone: str) -> Archive:
    start = file.read(max(HEADER, _LOOK))
    if is_header(start):
        return Tarred(file, lambda source: source, most)
    for magic, unpacked in _PACKED.items():
        if start.startswith(magic):
            if not is_header(_beginning(file, unpacked)):
                if alone.casefold().endswith(_PACKED_ALONE):
                    return Lone(file, alone)
                raise Hostile("kind", "what is compressed is no tar")
            return Tarred(file, unpacked, most)
    if start.startswith(zipped.BEGINS):
        return zipped.Zipped(file, os.fstat(file.fileno()).st_size, most_members)
    for magic, why in _OTHERS.items():
        if start.startswith(magic):
            raise Hostile(why, f"it begins with {magic!r}")
    if start.lstrip().lower().startswith(_PAGE):
        raise Hostile("page", "it is a page of the web")
    if alone:
        return Lone(file, alone)
    raise Hostile("kind", f"it begins with {start[:8]!r}")


def _beginning(file: IO[bytes], unpacked: Callable[[Source], Source]) -> bytes:
    file.seek(0)
    source, data = unpacked(file), b""
    try:
        while len(data) < HEADER and (more := source.read(HEADER - len(data))):
            data += more
    except Broken as wrong:
        raise Hostile("kind", str(wrong)) from wrong
    return data
