"""Opens an archive that a stranger made: a ZIP or a tar, into an empty folder, or nothing of it.

Everything is judged before anything is written, by names and by the sizes that were announced; and again while it is
written, because an archive may lie. Plain files, folders and links that stay inside are taken; nothing else is.
"""

from __future__ import annotations

import gzip
import lzma
import os
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from .errors import Hostile

MOST_FILES = 200_000
_BLOCK = 1024 * 1024
_LONGEST = 1024  # bytes of a path
_DEEPEST = 32
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    gzip.BadGzipFile,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    UnicodeError,
)

Kind = Literal["file", "folder", "link"]


@dataclass(frozen=True, slots=True)
class _Member:
    path: str
    kind: Kind
    size: int
    target: str
    time: float
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, into: Path, most: int) -> int:
    """How many files there are in `into` now, an empty folder; at most `most` bytes. Raises `Hostile`, OSError.

    After either, `into` is to be thrown away.
    """
    with _opened(archive) as members:
        found = _judge(members, most)
        room = most
        for member in found:
            path = into / member.path
            path.parent.mkdir(parents=True, exist_ok=True)
            if member.kind == "folder":
                path.mkdir(exist_ok=True)
            elif member.kind == "file":
                room -= _write(member, path, room)
        for member in found:  # last: nothing is ever written through one
            if member.kind == "link":
                os.symlink(member.target, into / member.path)
    return sum(member.kind != "folder" for member in found)


def _judge(members: Iterator[_Member], most: int) -> list[_Member]:
    found: list[_Member] = []
    seen: dict[str, _Member] = {}
    total = 0
    for member in members:
        if len(found) >= MOST_FILES:
            raise Hostile("many", f"more than {MOST_FILES} members")
        _check_path(member.path)
        if member.kind == "link":
            _check_link(member)
        total += member.size
        if total > most:
            raise Hostile("large", f"more than {most} bytes")
        folded = _folded(member.path)
        before = seen.setdefault(folded, member)
        if before is not member:
            if before.kind == member.kind == "folder" and before.path == member.path:
                continue
            raise Hostile("twice", f"{member.path!r} is there twice")
        found.append(member)
    files = {folded for folded, member in seen.items() if member.kind != "folder"}
    for folded, member in seen.items():
        parts = folded.split("/")
        if any("/".join(parts[:end]) in files for end in range(1, len(parts))):
            raise Hostile("path", f"{member.path!r} lies below a file or link")
    links = {folded for folded, member in seen.items() if member.kind == "link"}
    for member in found:
        if member.kind == "link" and any(_folded(each) in links for each in _on_the_way(member)):
            raise Hostile("link", f"{member.path!r} leads through another link")
    _check_folders(seen)
    if not files:
        raise Hostile("empty", "there is no file in it")
    return found


def _check_path(path: str) -> None:
    parts = path.split("/")
    if len(os.fsencode(path)) > _LONGEST or len(parts) > _DEEPEST:
        raise Hostile("path", "a path that is too long")
    if any(part in ("", ".", "..") for part in parts) or "\\" in path or "\0" in path or ":" in parts[0][1:2]:
        raise Hostile("path", f"{path!r} leads somewhere else")


def _check_link(member: _Member) -> None:
    """It may point at what is in the archive, and nowhere else."""
    at = member.path.split("/")[:-1]
    if not member.target or member.target.startswith("/") or "\\" in member.target or "\0" in member.target:
        raise Hostile("link", f"{member.path!r} points at {member.target!r}")
    for part in member.target.split("/"):
        if part == "..":
            if not at:
                raise Hostile("link", f"{member.path!r} points at {member.target!r}")
            at.pop()
        elif part not in ("", "."):
            at.append(part)


def _on_the_way(member: _Member) -> Iterator[str]:
    """The places that a link's target passes, but for the last."""
    at = member.path.split("/")[:-1]
    *passed, _ = member.target.split("/")
    for part in passed:
        if part == "..":
            at.pop()
        elif part not in ("", "."):
            at.append(part)
        yield "/".join(at)


def _folded(path: str) -> str:
    """Equal for paths that some system cannot keep apart."""
    return unicodedata.normalize("NFC", path).casefold()


def _check_folders(seen: dict[str, _Member]) -> None:
    """Folders that are named in passing must not differ in case either."""
    spelled: dict[str, str] = {}
    for member in seen.values():
        parts = member.path.split("/")
        for end in range(1, len(parts) + (member.kind == "folder")):
            folder = "/".join(parts[:end])
            if spelled.setdefault(_folded(folder), folder) != folder:
                raise Hostile("twice", f"{folder!r} is there twice")


def _write(member: _Member, path: Path, room: int) -> int:
    """Bytes written: never more than were announced or there is room for."""
    written, most = 0, min(room, member.size)
    try:
        with member.open() as source, path.open("xb") as target:
            while block := source.read(_BLOCK):
                written += len(block)
                if written > most:
                    raise Hostile("bomb", f"{member.path!r} is larger than it says")
                target.write(block)
    except _BROKEN as wrong:
        raise Hostile("kind", f"{member.path!r}: {wrong}") from wrong
    if 0 < member.time < 4e9:
        os.utime(path, (member.time, member.time))
    return written


@contextmanager
def _opened(archive: Path) -> Iterator[Iterator[_Member]]:
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened_zip:
                yield _of_zip(opened_zip)
        else:
            with tarfile.open(archive, "r:*") as opened_tar:
                yield _of_tar(opened_tar)
    except _BROKEN as wrong:
        raise Hostile("kind", str(wrong)) from wrong


def _of_zip(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        mode = info.external_attr >> 16
        path = info.filename.rstrip("/")
        if info.flag_bits & 1:
            raise Hostile("kind", "it is encrypted")
        if info.is_dir():
            yield _Member(path, "folder", 0, "", 0, _nothing)
        elif stat.S_ISLNK(mode):
            if info.file_size > _LONGEST:
                raise Hostile("link", "a link that is too long")
            yield _Member(path, "link", 0, archive.read(info).decode("utf-8", "surrogateescape"), 0, _nothing)
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise Hostile("device", f"{path!r} is no file")
        else:
            yield _Member(path, "file", info.file_size, "", 0, lambda info=info: archive.open(info))  # type: ignore[misc]


def _of_tar(archive: tarfile.TarFile) -> Iterator[_Member]:
    for info in archive:
        path = info.name.removeprefix("./").rstrip("/")
        if path in ("", "."):
            continue
        if info.isdir():
            yield _Member(path, "folder", 0, "", info.mtime, _nothing)
        elif info.issym():
            yield _Member(path, "link", 0, info.linkname, info.mtime, _nothing)
        elif info.isreg():
            yield _Member(path, "file", info.size, "", info.mtime, lambda info=info: _read(archive, info))  # type: ignore[misc]
        else:  # hard links too: they name what was written, by way of what may be a link by now
            raise Hostile("device" if not info.islnk() else "link", f"{path!r} is no file")


def _read(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    found = archive.extractfile(info)
    if found is None:
        raise Hostile("kind", f"{info.name!r} has no content")
    return found


def _nothing() -> IO[bytes]:
    raise AssertionError("only files are opened")
