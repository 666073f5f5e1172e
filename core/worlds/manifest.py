"""A manifest: one self-contained snapshot as bytes (FORMAT.md, "Manifest"). Pure: nothing here touches a disk or store.

Kept in columns, so that a world of ten thousand region files needs megabytes and not gigabytes of Python objects.
"""

from __future__ import annotations

import json
import re
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from itertools import accumulate
from typing import Any, Self

import zstandard

from .gaps import Gaps, header_gaps
from .pack import ID_SIZE, ROW_SIZE

MAGIC = b"DMSNAP1\n"
TORN = 1
"""Flag of a file that changed each time it was read."""

MAX_PATH = 2048
"""Bytes of a path. Half of PATH_MAX, so that every path can be opened from the folder's handle in one step."""

MAX_DEPTH = 64
MAX_SIZE = 1 << 40
"""Bytes that a file may appear to have; sparse files beyond that are somebody's joke."""

MAX_SEQ = 10**18 - 1
"""Eighteen digits."""

HEADER_READ = 4096
"""Bytes within which a header fits (a note has at most 200 characters), so a list needs one read each."""

_LATER: dict[str, Any] = {"lacking": []}
"""What headers of earlier versions lack, and those where there is nothing to say."""

_PREFIX = len(MAGIC) + 32 + 4
_ENTRY = struct.Struct("<BBHIqqQQIIHH")
_MAX_BODY = 1 << 31
_NAME = re.compile(r"(\d{6,18})-(\d{6,18})-(\d{6,18})-([0-9a-f]{32})", re.ASCII)


class Kind(IntEnum):
    DIRECTORY = 1
    FILE = 2
    LINK = 3
    HARD = 4


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """Which snapshot. Sorted as numbers: the largest is the newest, whatever a clock says (`run` fences).

    `sum` is the beginning of the manifest's checksum, so a name stands for one content and nothing can take its place.
    """

    volume: int
    run: int
    seq: int
    sum: str  # 32 hexadecimal digits

    def __str__(self) -> str:
        return f"{self.volume:06}-{self.run:06}-{self.seq:06}-{self.sum}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError where `text` is no snapshot's name."""
        match = _NAME.fullmatch(text)
        if not match:
            raise ValueError(f"not a snapshot's name: {text!r}")
        volume, run, seq, sum = match.groups()
        return cls(int(volume), int(run), int(seq), sum)


@dataclass(slots=True)
class Entry:
    """One thing in the folder. `refs` are numbers of chunks, `holes` pairs (first position, count)."""

    path: bytes
    kind: Kind
    mode: int
    mtime: int  # ns
    ctime: int = 0  # ns; 0: not to be taken as unchanged
    inode: int = 0
    size: int = 0
    bits: int = 0
    flags: int = 0
    target: bytes = b""
    refs: Sequence[int] = ()
    holes: Sequence[tuple[int, int]] = ()

    def spans(self) -> Iterator[tuple[int, int, int]]:
        """(chunk number, offset in the file, length) of all that is not a hole."""
        step, position = 1 << self.bits, 0
        holes = iter([*self.holes, (-1, 0)])
        start, count = next(holes)
        for ref in self.refs:
            while position == start:
                position += count
                start, count = next(holes)
            offset = position * step
            yield ref, offset, min(step, self.size - offset)
            position += 1


@dataclass(slots=True)
class Chunks:
    """The table of chunks, in columns. `pack` is an index into `Manifest.packs`."""

    ids: bytearray = field(default_factory=bytearray)
    pack: array[int] = field(default_factory=lambda: array("I"))
    offset: array[int] = field(default_factory=lambda: array("I"))
    stored: array[int] = field(default_factory=lambda: array("I"))
    plain: array[int] = field(default_factory=lambda: array("I"))

    def __len__(self) -> int:
        return len(self.pack)

    def id(self, number: int) -> bytes:
        return bytes(self.ids[number * ID_SIZE : (number + 1) * ID_SIZE])

    def add(self, id: bytes, pack: int, offset: int, stored: int, plain: int) -> int:
        """The new chunk's number."""
        self.ids += id
        self.pack.append(pack)
        self.offset.append(offset)
        self.stored.append(stored)
        self.plain.append(plain)
        return len(self.pack) - 1


@dataclass(slots=True)
class Header:
    """What a list of snapshots shows; the names are the format's."""

    world: str
    volume: int
    run: int
    seq: int
    at: int  # ns since 1970, UTC: when reading began
    parent: str | None = None
    note: str = ""
    size: int = 0
    data: int = 0
    files: int = 0
    new: int = 0
    torn: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    lacking: list[list[str]] = field(default_factory=list)  # gaps.Gaps.first, as JSON

    @property
    def gaps(self) -> Gaps:
        return header_gaps(self.skipped, self.torn, self.lacking)

    def name(self, data: bytes) -> Name:
        """`data`: the object, or its beginning, which says its checksum; whether that holds is `decode`'s to say."""
        return Name(self.volume, self.run, self.seq, data[len(MAGIC) : len(MAGIC) + 16].hex())


@dataclass(slots=True)
class Manifest:
    header: Header
    packs: list[tuple[bytes, int]] = field(default_factory=list)  # name (32 bytes), size of the object
    chunks: Chunks = field(default_factory=Chunks)
    entries: list[Entry] = field(default_factory=list)

    def live(self) -> list[int]:
        """Bytes by pack that this manifest needs: chunks and their rows in the pack's table."""
        live = [0] * len(self.packs)
        for pack, stored in zip(self.chunks.pack, self.chunks.stored, strict=True):
            live[pack] += stored + ROW_SIZE
        return live


def encode(manifest: Manifest) -> bytes:
    """The object. Chunks must be sorted by pack and offset, entries have their parents before them."""
    body, counts = _body(manifest)
    told = {name: getattr(manifest.header, name) for name in Header.__slots__}
    told = {name: value for name, value in told.items() if name not in _LATER or value != _LATER[name]}
    header = told | counts | {"body": len(body)}
    text = json.dumps(header, separators=(",", ":")).encode()
    packed = zstandard.ZstdCompressor(level=3).compress(body)
    rest = struct.pack("<I", len(text)) + text + packed
    return MAGIC + sha256(rest).digest() + rest


def decode_header(data: bytes) -> Header:
    """From the object's first `HEADER_READ` bytes; unchecked, for lists. Raises ValueError."""
    return _header(_header_text(data)[0])


def decode(data: bytes) -> Manifest:
    """Raises ValueError for anything that is not exactly a manifest: the checksum, the sums, every path."""
    if sha256(data[len(MAGIC) + 32 :]).digest() != data[len(MAGIC) : len(MAGIC) + 32]:
        raise ValueError("the checksum does not hold")
    raw, start = _header_text(data)
    header = _header(raw)
    packed = memoryview(data)[start:]
    try:
        if zstandard.frame_content_size(packed) != raw["body"] or raw["body"] > _MAX_BODY:
            raise ValueError("another size than the header says")
        body = zstandard.ZstdDecompressor().decompress(packed)
        counts = [int(raw[name]) for name in ("packs", "chunks", "refs", "holes", "entries")]
    except (zstandard.ZstdError, KeyError, TypeError) as error:
        raise ValueError(f"not a manifest: {error}") from error
    manifest = _parse(header, body, counts)
    _check(manifest)
    return manifest


def _header_text(data: bytes) -> tuple[dict[str, Any], int]:
    if data[: len(MAGIC)] != MAGIC or len(data) < _PREFIX:
        raise ValueError("not a manifest, or of a later format")
    length = struct.unpack_from("<I", data, _PREFIX - 4)[0]
    text = data[_PREFIX : _PREFIX + length]
    if len(text) != length:
        raise ValueError("cut off")
    raw = json.loads(text)
    if not isinstance(raw, dict):
        raise ValueError("not a manifest")
    return raw, _PREFIX + length


def _header(raw: dict[str, Any]) -> Header:
    try:
        header = Header(**{name: raw[name] for name in Header.__slots__ if name in raw or name not in _LATER})
    except KeyError as error:
        raise ValueError(f"the header lacks {error}") from error
    for name in ("volume", "run", "seq", "at", "size", "data", "files", "new", "torn"):
        if type(raw[name]) is not int or raw[name] < 0:
            raise ValueError(f"the header's {name} is no number")
    return header


def _body(manifest: Manifest) -> tuple[bytes, dict[str, int]]:
    chunks = manifest.chunks
    in_pack = array("I", [0]) * len(manifest.packs)
    gaps, end, current = array("I"), 0, -1
    for pack, offset, stored in zip(chunks.pack, chunks.offset, chunks.stored, strict=True):
        in_pack[pack] += 1
        gaps.append(offset - (end if pack == current else 0))
        end, current = offset + stored, pack
    refs, previous = array("I"), 0
    holes, records = array("Q"), bytearray()
    for entry in manifest.entries:
        for ref in entry.refs:
            refs.append((ref - previous) & 0xFFFFFFFF)
            previous = ref
        for hole in entry.holes:
            holes.extend(hole)
        records += _ENTRY.pack(
            entry.kind,
            entry.bits,
            entry.flags,
            entry.mode,
            entry.mtime,
            entry.ctime,
            entry.inode,
            entry.size,
            len(entry.refs),
            len(entry.holes),
            len(entry.path),
            len(entry.target),
        )
        records += entry.path + entry.target
    body = b"".join(
        (
            b"".join(name for name, _ in manifest.packs),
            _column(array("I", [size for _, size in manifest.packs])),
            _column(in_pack),
            chunks.ids,
            _column(gaps),
            _column(chunks.stored),
            _column(chunks.plain),
            _column(refs),
            _column(holes),
            records,
        )
    )
    counts = {
        "packs": len(manifest.packs),
        "chunks": len(chunks),
        "refs": len(refs),
        "holes": len(holes) // 2,
        "entries": len(manifest.entries),
    }
    return body, counts


def _column(values: array[int]) -> bytes:
    if sys.byteorder == "big":
        values = array(values.typecode, values)
        values.byteswap()
    return values.tobytes()


class _Cursor:
    def __init__(self, body: bytes) -> None:
        self.body = memoryview(body)
        self.at = 0

    def take(self, length: int) -> memoryview:
        if length < 0 or self.at + length > len(self.body):
            raise ValueError("cut off")
        self.at += length
        return self.body[self.at - length : self.at]

    def column(self, code: str, count: int) -> array[int]:
        values = array(code)
        values.frombytes(self.take(values.itemsize * count))
        if sys.byteorder == "big":
            values.byteswap()
        return values


def _parse(header: Header, body: bytes, counts: list[int]) -> Manifest:
    n_packs, n_chunks, n_refs, n_holes, n_entries = counts
    cursor = _Cursor(body)
    names = cursor.take(32 * n_packs)
    sizes, in_pack = cursor.column("I", n_packs), cursor.column("I", n_packs)
    packs = [(bytes(names[32 * at : 32 * at + 32]), size) for at, size in enumerate(sizes)]
    ids = bytearray(cursor.take(ID_SIZE * n_chunks))
    gaps, stored, plain = (cursor.column("I", n_chunks) for _ in range(3))
    chunks = Chunks(ids, array("I"), array("I"), stored, plain)
    if sum(in_pack) != n_chunks:
        raise ValueError("the packs' chunks do not add up")
    at = 0
    for number, count in enumerate(in_pack):
        end = 0
        for gap, length in zip(gaps[at : at + count], stored[at : at + count], strict=True):
            chunks.offset.append(end + gap)
            end += gap + length
        if end > sizes[number]:
            raise ValueError("a chunk outside of its pack")
        chunks.pack.extend([number] * count)
        at += count
    deltas = cursor.column("I", n_refs)
    refs = array("I", (value & 0xFFFFFFFF for value in accumulate(deltas)))
    if refs and max(refs) >= n_chunks:
        raise ValueError("a chunk that is not in the table")
    flat = cursor.column("Q", 2 * n_holes)
    entries, ref_at, hole_at = [], 0, 0
    for _ in range(n_entries):
        kind, bits, flags, mode, mtime, ctime, inode, size, n_ref, n_hole, n_path, n_target = _ENTRY.unpack(
            cursor.take(_ENTRY.size)
        )
        path, target = bytes(cursor.take(n_path)), bytes(cursor.take(n_target))
        mine = flat[2 * hole_at : 2 * (hole_at + n_hole)]
        holes = list(zip(mine[::2], mine[1::2], strict=True))
        own = refs[ref_at : ref_at + n_ref] if n_ref else ()
        entries.append(Entry(path, Kind(kind), mode, mtime, ctime, inode, size, bits, flags, target, own, holes))
        ref_at, hole_at = ref_at + n_ref, hole_at + n_hole
    if cursor.at != len(body) or ref_at != n_refs or hole_at != n_holes:
        raise ValueError("the sections do not add up")
    return Manifest(header, packs, chunks, entries)


def _check(manifest: Manifest) -> None:
    """Refuses every path or size with which a reader could be led outside of its folder, or to fill the disk."""
    seen: dict[bytes, Kind] = {}
    for entry in manifest.entries:
        path = entry.path
        if path in seen:
            raise ValueError(f"a path that comes twice: {path!r}")
        if not seen:
            if path or entry.kind is not Kind.DIRECTORY:
                raise ValueError("the first entry is not the folder itself")
        else:
            if b"\0" in path or len(path) > MAX_PATH or any(part in (b"", b".", b"..") for part in path.split(b"/")):
                raise ValueError(f"not a path: {path!r}")
            if seen.get(path.rpartition(b"/")[0]) is not Kind.DIRECTORY:
                raise ValueError(f"a path without its directory: {path!r}")
        if entry.kind is Kind.HARD and seen.get(entry.target) is not Kind.FILE:
            raise ValueError(f"a hard link to no file: {path!r}")
        if entry.kind is Kind.LINK and (not entry.target or b"\0" in entry.target):
            raise ValueError(f"a link to nothing: {path!r}")
        if entry.mode & ~0o777:
            raise ValueError(f"a mode that is none: {path!r}")
        seen[path] = entry.kind
        if entry.kind is Kind.FILE:
            _check_file(manifest.chunks, entry)
        elif entry.refs or entry.holes:
            raise ValueError(f"chunks of something that is no file: {path!r}")


def _check_file(chunks: Chunks, entry: Entry) -> None:
    if not 12 <= entry.bits <= 24 or entry.size > MAX_SIZE:
        raise ValueError(f"a size that is none: {entry.path!r}")
    positions = -(-entry.size >> entry.bits)
    end = 0
    for start, count in entry.holes:
        if start < end or count < 1:
            raise ValueError(f"holes in disorder: {entry.path!r}")
        end = start + count
    if end > positions or len(entry.refs) + sum(count for _, count in entry.holes) != positions:
        raise ValueError(f"chunks do not add up: {entry.path!r}")
    plain = chunks.plain
    for ref, _offset, length in entry.spans():
        if plain[ref] != length:
            raise ValueError(f"a chunk of another length: {entry.path!r}")
