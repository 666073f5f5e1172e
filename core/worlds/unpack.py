"""Opens an archive that a stranger made: a ZIP or a tar, into an empty folder, or nothing of it.

Everything is judged before anything is written (archives/judge.py), by names and by the sizes that were announced; and
again while it is written, because an archive may lie.
"""

from __future__ import annotations

import errno
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .archives import forms, judge
from .archives.export_format import Mark, seal
from .archives.member import Archive, Member
from .archives.names import shown
from .archives.opening import opened
from .archives.zipped import Zipped
from .errors import Hostile, WhyMember

MOST_FILES = 200_000
SMALL = 4 << 20
"""Bytes of a file that is read as a whole, to see what it is."""
_READABLE, _ENTERED = 0o400, 0o500  # bits of files and folders without which none but root could read them again
_NOT_ON_DISK: dict[int, WhyMember] = {errno.EEXIST: "twice", errno.ENAMETOOLONG: "long"}
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def unpack(archive: Path, into: Path, most: int) -> int:
    """How many files there are in `into` now, an empty folder; at most `most` bytes. Raises `Hostile`, OSError.

    After either, `into` is to be thrown away.
    """
    with judged(archive, most) as found:
        return found.write(found.members, into)


class Judged:
    """An archive in which nothing is that must not be. `members` is all there is."""

    def __init__(self, archive: Archive, most: int, server: str, key: bytes) -> None:
        self._archive = archive
        self._most = most
        self._server = server
        self._key = key
        self.mark: Mark | None = archive.mark
        self._exact = archive.mark is not None
        self.members = judge.judge(archive.members(), most, MOST_FILES, exact=self._exact)
        if not self._exact:
            judge.check_links(self.members, lambda _: False, exact=False)
            self.members = judge.without_junk(self.members)
            if all(member.kind == "folder" for member in self.members):
                raise Hostile("empty", "there is no file in it")

    def content(self, place: str) -> list[Member]:
        """The part of it that is a world or plugins: in an export, what lay at `place`; else as `judge.beginning`."""
        start = f"{place}/".encode() if place else b""
        if self._exact and any(member.path.startswith(start) for member in self.members):
            return judge.below(self.members, start)
        return judge.below(self.members, judge.beginning(self.members, ""))

    def plan(self, wanted: forms.Forms, sent: str) -> forms.Plan:
        """What of it is a world, in one of the forms that a game's worlds have. Raises `Hostile`."""
        zipped = isinstance(self._archive, Zipped)
        return forms.plan(self.members, wanted, sent, exact=self._exact, zipped=zipped)

    def read(self, member: Member) -> bytes:
        """A small file of it, as far as it goes."""
        if member.size > SMALL:
            return b""
        return b"".join(b"".join(blocks) for _, blocks in self._archive.contents({member.number}))[:SMALL]

    def check(self) -> None:
        """All of it can be read, and is as large as it says. Writes nothing."""
        files = {member.number: member for member in self.members if member.kind == "file"}
        for number, blocks in self._archive.contents(files):
            size = 0
            for block in blocks:
                size += len(block)
                if size > files[number].size:
                    raise Hostile("bomb", "it is larger than it says", shown(files[number].path))
            if size < files[number].size:
                raise Hostile("damaged", "it is smaller than it says", shown(files[number].path))

    def write(self, members: list[Member], into: Path, below: str = "") -> int:
        """How many files there are in `into` now, an empty folder that lies in the world at `below`."""
        whole = members == self.members
        judge.check_links(members, self._is_ours if whole else lambda _: False, exact=self._exact)
        judge.check_lengths(members, f"{below}/".encode() if below else b"")
        top = os.fsencode(into)
        for member in members:
            path = os.path.join(top, member.path)
            with _in_its_name(member):
                os.makedirs(path if member.kind == "folder" else os.path.dirname(path), exist_ok=True)
        self._write_files({member.number: member for member in members if member.kind == "file"}, top)
        for member in members:  # links last: nothing is ever written through one
            with _in_its_name(member):
                if member.kind == "hard":
                    os.link(os.path.join(top, member.target), os.path.join(top, member.path), follow_symlinks=False)
                elif member.kind == "link":
                    os.symlink(member.target, os.path.join(top, member.path))
                    _set(top, member)
        for member in sorted(members, key=lambda member: member.path, reverse=True):  # deepest first
            if member.kind == "folder":
                _set(top, member)
        if self.mark and whole:
            _set(top, Member(0, b"", "folder", mode=self.mark.mode, mtime=self.mark.mtime))
        return sum(member.kind != "folder" for member in members)

    def _write_files(self, files: dict[int, Member], top: bytes) -> None:
        room = self._most
        for number, blocks in self._archive.contents(files):
            member = files[number]
            with _in_its_name(member):
                room -= _write(os.path.join(top, member.path), member, blocks, room)
            _set(top, member)

    def _is_ours(self, member: Member) -> bool:
        right = seal(self._key, self._server, member.path, member.target)
        return bool(right) and b"\0" not in member.target and hmac.compare_digest(right, member.seal)


@contextmanager
def judged(archive: Path, most: int, server: str = "", key: bytes = b"", alone: str = "") -> Iterator[Judged]:
    """Raises `Hostile`, OSError. `server` and `key`: whose links of an export may lead out, and how that is known.
    `alone`: what is no archive is one file of this name; "": it is refused."""
    with opened(archive, most, MOST_FILES, alone) as source:
        yield Judged(source, most, server, key)


def _write(path: bytes, member: Member, blocks: Iterator[bytes], room: int) -> int:
    """Bytes written: never more than were announced or there is room for. Zeros become holes."""
    size, most = 0, min(room, member.size)
    handle = os.open(path, _NEW, 0o666)
    try:
        for block in blocks:
            if size + len(block) > most:
                raise Hostile("bomb", "it is larger than it says", shown(member.path))
            if block.count(0) < len(block):
                _write_all(handle, block, size)
            size += len(block)
        if size < member.size:
            raise Hostile("damaged", "it is smaller than it says", shown(member.path))
        os.ftruncate(handle, size)
    finally:
        os.close(handle)
    return size


def _write_all(handle: int, block: bytes, offset: int) -> None:
    view = memoryview(block)
    while view:
        written = os.pwrite(handle, view, offset)
        view, offset = view[written:], offset + written


def _set(top: bytes, member: Member) -> None:
    path = os.path.join(top, member.path)
    if member.mtime is not None:
        os.utime(path, ns=(member.mtime, member.mtime), follow_symlinks=False)
    if member.mode is not None and member.kind != "link":
        floor = _ENTERED if member.kind == "folder" else _READABLE
        os.chmod(path, member.mode if os.geteuid() == 0 else member.mode | floor)


@contextmanager
def _in_its_name(member: Member) -> Iterator[None]:
    """What this disk cannot hold under that name is the archive's doing."""
    try:
        yield
    except OSError as wrong:
        why = _NOT_ON_DISK.get(wrong.errno or 0)
        if why is None:
            raise
        raise Hostile(why, str(wrong), shown(member.path)) from wrong
