"""Reads a ZIP (APPNOTE.TXT 6.3), strictly: the whole file has to be one archive, from its first byte on.

Python's zipfile looks for the directory from the end of the file and takes what comes before it as it is, so that
anything that ends with a ZIP is one. It decodes names by itself, and holds all of a directory, however large, before
the first entry can be refused.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO

from core.worlds.errors import Hostile
from core.worlds.manifest import MAX_PATH

from . import names
from .export_format import EXTRA_ID, Extra, Mark
from .member import BLOCK, Archive, Member
from .streams import Broken, Part, of_zip

BEGINS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04", b"PK00PK\x03\x04")
"""A member, an empty archive, and what was to be split and was not."""

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s22x2H")
_MOST_COMMENT = 0xFFFF
_MOST_NAME = 4 * MAX_PATH  # bytes: no encoding of names takes more
_FULL, _FULL_16 = 0xFFFFFFFF, 0xFFFF  # the 64-bit field has it
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UTF8 = 0x800
_DOS_FOLDER = 0x10


@dataclass(frozen=True, slots=True)
class _Directory:
    offset: int
    end: int
    count: int
    comment: bytes


@dataclass(slots=True)
class _Entry:
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    attributes: int
    extras: dict[int, bytes]

    @property
    def mode(self) -> int:
        """As Unix says it; 0 where the tool said nothing."""
        return self.attributes >> 16


class Zipped(Archive):
    def __init__(self, file: IO[bytes], size: int, most_members: int) -> None:
        """Raises `Hostile`."""
        self._file = file
        self._most_members = most_members
        self._directory = _find(file, size)
        self.mark = Mark.of(self._directory.comment)
        self._entries = list(self._read())
        if self._entries and min(each.offset for each in self._entries) > 4:
            raise Hostile("kind", "there is something before the archive")

    def members(self) -> Iterator[Member]:
        unsaid = [each.name for each in self._entries if not each.flags & _UTF8 or not names.is_utf8(each.name)]
        page = names.code_page(unsaid)
        for number, entry in enumerate(self._entries):
            yield self._member(number, entry, page)

    def contents(self, numbers: Collection[int]) -> Iterator[tuple[int, Iterator[bytes]]]:
        for number in numbers:
            yield number, self._blocks(self._entries[number])

    def _read(self) -> Iterator[_Entry]:
        file, directory = self._file, self._directory
        at, count = directory.offset, 0
        file.seek(at)
        while at < directory.end:
            fixed = file.read(min(_ENTRY.size, directory.end - at))
            if len(fixed) < _ENTRY.size:
                raise Hostile("kind", "the list of contents is cut off")
            sig, _, _, flags, method, _, _, crc, packed, size, n_name, n_extra, n_comment, _, _, attributes, offset = (
                _ENTRY.unpack(fixed)
            )
            at += _ENTRY.size + n_name + n_extra + n_comment
            if sig != b"PK\x01\x02" or at > directory.end:
                raise Hostile("kind", "the list of contents is damaged")
            if count >= self._most_members:
                raise Hostile("many", f"more than {self._most_members} members")
            name, extra = file.read(n_name), file.read(n_extra)
            file.seek(n_comment, 1)
            if n_name > _MOST_NAME:
                raise Hostile("long", "a path that is too long", names.shown(name))
            count += 1
            extras = {number: body for number, body in _extras(extra) if number in (1, 0x5455, 0x7075, EXTRA_ID)}
            entry = _Entry(name, flags, method, crc, packed, size, offset, attributes, extras)
            _widen(entry)
            if flags & _ENCRYPTED:
                raise Hostile("encrypted", "a member is encrypted", names.shown(name))
            if entry.offset + _LOCAL.size + entry.packed > directory.offset:
                raise Hostile("kind", "a member lies outside of the archive", names.shown(name))
            yield entry
        if count & _FULL_16 != directory.count & _FULL_16:
            raise Hostile("kind", "the list of contents has another length than it says")

    def _member(self, number: int, entry: _Entry, page: str) -> Member:
        name = _name(entry, page)
        extra = Extra.of(entry.extras.get(EXTRA_ID, b"")) if self.mark else None
        mode, mtime = None, _mtime(entry.extras.get(0x5455, b""))
        path, is_folder = names.plain(name)
        if extra:
            path, is_folder = extra.path or name.removesuffix(b"/"), name.endswith(b"/")
            mode, mtime = entry.mode & 0o777, extra.mtime
        elif stat.S_ISDIR(entry.mode) or _is_dos_folder(entry):
            is_folder = True
        if extra and extra.target:
            return Member(number, path, "hard", target=extra.target, mtime=mtime)
        if is_folder:
            return Member(number, path, "folder", mtime=mtime, mode=mode)
        if stat.S_ISLNK(entry.mode):
            seal = extra.seal if extra else b""
            return Member(number, path, "link", target=self._target(entry), mtime=mtime, seal=seal)
        if stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG):
            raise Hostile("device", "a member is no file", names.shown(path))
        return Member(number, path, "file", entry.size, mtime=mtime, mode=mode)

    def _target(self, entry: _Entry) -> bytes:
        target = b""
        for block in self._blocks(entry):
            target += block
            if len(target) > _MOST_NAME:
                raise Hostile("link", "a link that is too long", names.shown(entry.name))
        return target

    def _blocks(self, entry: _Entry) -> Iterator[bytes]:
        self._file.seek(entry.offset)
        local = self._file.read(_LOCAL.size)
        if len(local) < _LOCAL.size or local[:4] != b"PK\x03\x04":
            raise Hostile("damaged", "a member is not where it should be", names.shown(entry.name))
        _, n_name, n_extra = _LOCAL.unpack(local)
        start, crc = entry.offset + _LOCAL.size + n_name + n_extra, 0
        if start + entry.packed > self._directory.offset:
            raise Hostile("damaged", "a member is not where it should be", names.shown(entry.name))
        try:
            source = of_zip(entry.method, Part(self._file, start, entry.packed))
            if source is None:
                raise Hostile("method", f"method {entry.method}", names.shown(entry.name))
            while block := source.read(BLOCK):
                crc = zlib.crc32(block, crc)
                yield block
        except Broken as wrong:
            raise Hostile("damaged", str(wrong), names.shown(entry.name)) from wrong
        if crc != entry.crc:
            raise Hostile("damaged", "a checksum does not hold", names.shown(entry.name))


def _find(file: IO[bytes], size: int) -> _Directory:
    """The last end record that is right in all it says. What follows it is not looked at."""
    tail_at = max(0, size - _END.size - _MOST_COMMENT)
    file.seek(tail_at)
    tail = file.read()
    at = len(tail)
    split = tail.startswith(b"PK\x07\x08")
    while (at := tail.rfind(b"PK\x05\x06", 0, at)) >= 0:
        if len(tail) - at < _END.size:
            continue
        _, disk, first, _, count, length, offset, n_comment = _END.unpack_from(tail, at)
        comment = tail[at + _END.size : at + _END.size + n_comment]
        if 0 < disk < _FULL_16:
            split = True
            continue
        end = tail_at + at
        if _FULL_16 in (count, disk, first) or _FULL in (length, offset):
            end, count, length, offset = _find_64(file, end) or (end, count, length, offset)
        if len(comment) == n_comment and offset + length == end:
            return _Directory(offset, end, count, comment)
    raise Hostile("parts" if split else "kind", "there is no list of contents at its end")


def _find_64(file: IO[bytes], end: int) -> tuple[int, int, int, int] | None:
    """Where the directory ends, how many entries it has, its length and offset, by the record before `end`."""
    if end < _LOCATOR.size + _END_64.size:
        return None
    file.seek(end - _LOCATOR.size)
    sig, _, at, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if sig != b"PK\x06\x07" or at > end - _LOCATOR.size - _END_64.size:
        return None
    file.seek(at)
    sig, _, _, _, _, _, _, count, length, offset = _END_64.unpack(file.read(_END_64.size))
    return (at, count, length, offset) if sig == b"PK\x06\x06" else None


def _extras(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        number, length = struct.unpack_from("<HH", data, at)
        if at + 4 + length > len(data):
            return
        yield number, data[at + 4 : at + 4 + length]
        at += 4 + length


def _widen(entry: _Entry) -> None:
    """Sizes and places that 32 bits cannot say."""
    wide = entry.extras.get(1, b"")
    for field in ("size", "packed", "offset"):
        if getattr(entry, field) == _FULL:
            if len(wide) < 8:
                raise Hostile("kind", "a size is missing", names.shown(entry.name))
            setattr(entry, field, int.from_bytes(wide[:8], "little"))
            wide = wide[8:]


def _name(entry: _Entry, page: str) -> bytes:
    """In UTF-8: as a flag or the field for it (0x7075) says, else in the code page."""
    unicode = entry.extras.get(0x7075, b"")
    is_of_name = unicode[:1] == b"\x01" and unicode[1:5] == zlib.crc32(entry.name).to_bytes(4, "little")
    if is_of_name and unicode[5:] and names.is_utf8(unicode[5:]):
        return unicode[5:]
    if entry.flags & _UTF8 and names.is_utf8(entry.name):
        return entry.name
    try:
        return entry.name.decode(page).encode()
    except UnicodeError as wrong:
        raise Hostile("damaged", f"a name is not in {page}", names.shown(entry.name)) from wrong


def _is_dos_folder(entry: _Entry) -> bool:
    return bool(entry.attributes & _DOS_FOLDER) and not entry.size and not stat.S_IFMT(entry.mode)


def _mtime(extended: bytes) -> int | None:
    """Of the field that Info-ZIP and others write (0x5455), in ns. A ZIP's own time tells no zone."""
    if len(extended) < 5 or not extended[0] & 1:
        return None
    return int.from_bytes(extended[1:5], "little", signed=True) * 1_000_000_000
