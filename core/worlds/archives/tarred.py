"""Reads a tar, also a compressed one, forward only: once for the list, once for the contents."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Collection, Iterator
from typing import IO

from core.worlds.errors import Hostile, Why

from . import names
from .member import BLOCK, Archive, Member
from .streams import Broken, Source, TooMuch

HEADER = 512
"""Bytes of a header, and of what everything is filled up to."""

_MOST_HEADER = 1024 * 1024  # bytes of what a header may have before it: long names, times, a map of holes
_PADDING = 1 << 30  # bytes that headers and filling up may take beside the contents
_BEHIND = 16 * 1024 * 1024  # bytes behind the end that are read, for a checksum that follows them
_LABEL, _PARTS = b"V", (b"M", b"N")


def is_header(block: bytes) -> bool:
    """Whether a tar may begin so: its own checksum holds."""
    if len(block) < HEADER:
        return False
    try:
        said = int(block[148:156].strip(b" \0") or b"-", 8)
    except ValueError:
        return False
    rest = block[:148] + b" " * 8 + block[156:HEADER]
    return said in (sum(rest), sum(each - 256 * (each > 127) for each in rest))


class Tarred(Archive):
    def __init__(self, file: IO[bytes], unpacked: Callable[[Source], Source], most: int) -> None:
        """`unpacked` is how it is compressed; `most` bytes may be in it."""
        self._file = file
        self._unpacked = unpacked
        self._most = most

    def members(self) -> Iterator[Member]:
        for number, (_, info) in enumerate(self._read()):
            member = _member(number, info)
            if member is not None:
                yield member

    def contents(self, numbers: Collection[int]) -> Iterator[tuple[int, Iterator[bytes]]]:
        wanted = set(numbers)
        for number, (archive, info) in enumerate(self._read()):
            if number in wanted:
                yield number, _blocks(archive, info)

    def _read(self) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        self._file.seek(0)
        stream = _Forward(self._unpacked(self._file), self._most + _PADDING)
        last = b""
        try:
            archive = tarfile.TarFile(fileobj=stream, encoding="utf-8", errors="surrogateescape")  # type: ignore[arg-type]
            while (info := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # it would keep them all
                last = info.name.encode("utf-8", "replace")
                yield archive, info
            # What is no header is an end to tarfile. It has to be the one that tar writes.
            if stream.last != bytes(HEADER):
                raise Hostile("kind", "it ends too early, or is damaged", names.shown(last))
            stream.drain(_BEHIND)
        except (Hostile, OSError, MemoryError):
            raise
        except Exception as wrong:  # of tarfile, which has many words for what is no tar
            why: Why = "bomb" if isinstance(wrong, TooMuch) else "kind"
            raise Hostile(why, f"{type(wrong).__name__}: {wrong}", names.shown(last)) from wrong


def _member(number: int, info: tarfile.TarInfo) -> Member | None:
    path, _ = names.plain(info.name.encode("utf-8", "surrogateescape"))
    mtime = int(info.mtime * 1_000_000_000) if 0 < info.mtime < 4e9 else None
    if info.type in _PARTS:
        raise Hostile("parts", "it goes on in another file", names.shown(path))
    if info.type == _LABEL or not path:
        return None
    if info.isdir():
        return Member(number, path, "folder", mtime=mtime)
    target = info.linkname.encode("utf-8", "surrogateescape")
    if info.issym():
        return Member(number, path, "link", target=target, mtime=mtime)
    if info.islnk():
        return Member(number, path, "hard", target=names.plain(target)[0], mtime=mtime)
    if info.isreg():
        return Member(number, path, "file", info.size, mtime=mtime)
    raise Hostile("device", "a member is no file", names.shown(path))


def _blocks(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    name = names.shown(info.name.encode("utf-8", "replace"))
    try:
        content = archive.extractfile(info)
        if content is None:
            raise Hostile("damaged", "a member has no content", name)
        while block := content.read(BLOCK):
            yield block
    except (Hostile, OSError, MemoryError):
        raise
    except Exception as wrong:
        raise Hostile("damaged", f"{type(wrong).__name__}: {wrong}", name) from wrong


class _Forward:
    """A stream as tarfile wants it: it may go forward, and know where it is."""

    def __init__(self, source: Source, most: int) -> None:
        self._source = source
        self._most = most
        self._at = 0
        self.last = b""
        """What was read last."""

    def tell(self) -> int:
        return self._at

    def seek(self, to: int) -> None:
        if to < self._at:
            raise Broken("it leads back")
        while self._at < to and self._take(min(BLOCK, to - self._at)):
            pass

    def read(self, size: int) -> bytes:
        """Fewer bytes only at the end. Raises `Broken`, OSError."""
        if not 0 <= size <= _MOST_HEADER:
            raise Broken("a header that is too long")
        data = b""
        while len(data) < size and (more := self._take(size - len(data))):
            data += more
        self.last = data
        return data

    def drain(self, most: int) -> None:
        until = self._at + most
        while self._at < until and self._take(BLOCK):
            pass

    def _take(self, size: int) -> bytes:
        data = self._source.read(size)
        self._at += len(data)
        if self._at > self._most:
            raise TooMuch("it is larger than it says")
        return data
