"""The files of a world, for people: looked at and changed while its game may exchange anything there.

Only `data` of the volume is reached, from handle to handle (core/nofollow.py): no link is followed, no other file
system entered, and nothing but files and folders is opened. What is written is put together beside the world, in the
volume's `incoming`, and takes its place at once: there is never half a file. Each order is carried out after the other,
so that a version that was looked at is still there when it is replaced, as far as people are concerned.

Only the standard library is imported here: the agent has to stay small.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import hashlib
import os
import re
import secrets
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from core.agent.file_wire import (
    DEEPEST,
    MOST_NAMES,
    PART,
    Entry,
    FileAnswer,
    FileDo,
    FileOrder,
    FileRefused,
    FileTrouble,
    names_of,
    page_of,
    told,
)
from core.agent.volume import INCOMING, Volume
from core.nofollow import FILE, FOLDER, Spot, WrongKind, kind_of, open_below

_UPLOAD = re.compile(r"[0-9a-f]{32}", re.ASCII)
_FORGOTTEN_AFTER = 3600.0  # seconds after which an upload that nobody goes on with is thrown away
LEAST_FREE, LEAST_FREE_PART = 2**30, 0.05
"""Bytes of a disk, or this part of it if that is less, which nobody fills by bringing files: the game, and on a local
host every other server, needs them to go on."""
_TRIES = 3  # for a file that is written to while it is read
_TROUBLES = {
    errno.ENOENT: FileTrouble.MISSING,
    errno.EEXIST: FileTrouble.EXISTS,
    errno.ENOTEMPTY: FileTrouble.NOT_EMPTY,
    errno.ENOTDIR: FileTrouble.KIND,
    errno.EISDIR: FileTrouble.KIND,
    errno.ELOOP: FileTrouble.KIND,
    errno.ENXIO: FileTrouble.KIND,
    errno.EACCES: FileTrouble.DENIED,
    errno.EPERM: FileTrouble.DENIED,
    errno.EROFS: FileTrouble.DENIED,
    errno.ENOSPC: FileTrouble.FULL,
    errno.EDQUOT: FileTrouble.FULL,
    errno.ENAMETOOLONG: FileTrouble.PATH,
    errno.EINVAL: FileTrouble.PATH,  # a folder into itself
}


class WorldFiles:
    """Of one volume."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._world = volume.world
        self._incoming = volume.spot / INCOMING
        self._turn = threading.Lock()

    async def answer(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """To an order as it came; what is refused is an answer too."""
        try:
            return (await asyncio.to_thread(self.carry_out, FileOrder.of(said))).to_json()
        except FileRefused as wrong:
            return told(wrong)
        except (TypeError, ValueError, AttributeError) as wrong:
            return told(FileRefused(FileTrouble.FAILED, f"that is no order: {wrong}"))

    def carry_out(self, order: FileOrder) -> FileAnswer:
        """Raises `FileRefused`, TypeError, ValueError."""
        with self._turn:
            if why := self._volume.why_not_ours():
                raise FileRefused(FileTrouble.NO_WORLD, why)
            try:
                return self._do(order)
            except WrongKind as wrong:
                raise FileRefused(FileTrouble.KIND, str(wrong)) from wrong
            except OSError as wrong:
                trouble = _TROUBLES.get(wrong.errno or 0, FileTrouble.FAILED)
                raise FileRefused(trouble, wrong.strerror or str(wrong)) from wrong

    def _do(self, order: FileOrder) -> FileAnswer:
        match order.do:
            case FileDo.LIST:
                return self._list(order)
            case FileDo.READ:
                return self._read(order)
            case FileDo.WRITE:
                return self._write(order)
            case FileDo.PART:
                return self._take_part(order)
            case FileDo.FINISH:
                return self._finish(order)
            case FileDo.ABANDON:
                self._upload(order).remove()
                return FileAnswer()
            case FileDo.FOLDER:
                return self._make_folder(order)
            case FileDo.RENAME:
                return self._rename(order)
            case FileDo.DELETE:
                return self._delete(order)
        raise FileRefused(FileTrouble.FAILED, f"this agent does not know how to {order.do}")

    # looking

    def _list(self, order: FileOrder) -> FileAnswer:
        with self._folder(names_of(order.path)) as at, os.scandir(at) as found:
            known = sorted(os.fsencode(each.name) for each in islice(found, MOST_NAMES + 1))
            page, following = page_of(known, order.cursor)
            entries = [entry for name in page if (entry := _entry(at, name)) is not None]
        return FileAnswer([asdict(each) for each in entries], following, cut=len(known) > MOST_NAMES)

    def _read(self, order: FileOrder) -> FileAnswer:
        """`version` given: refused where the file is another one by now."""
        offset, length = max(0, int(order.offset)), min(PART, max(0, int(order.length)))
        with self._holder(names_of(order.path)) as (at, name):
            for _ in range(_TRIES):
                with open(open_below(at, name, os.O_RDONLY | FILE, "file", Path(name)), "rb") as file:
                    before = os.fstat(file.fileno())
                    if before.st_dev != os.fstat(at).st_dev:
                        raise FileRefused(FileTrouble.KIND, "another file system")
                    version = _version(file.fileno(), before)
                    file.seek(offset)
                    data = file.read(length)
                    after = os.fstat(file.fileno())
                if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size):
                    break
        if order.version is not None and order.version != version:
            raise FileRefused(FileTrouble.CHANGED, "it was written meanwhile")
        return FileAnswer(
            data=base64.b64encode(data).decode(), size=after.st_size, modified=after.st_mtime_ns, version=version
        )

    # writing

    def _write(self, order: FileOrder) -> FileAnswer:
        content = order.content
        if len(content) > PART:
            raise FileRefused(FileTrouble.LARGE, f"more than {PART} bytes")
        whole = self._incoming / secrets.token_hex(16)
        self._make_incoming()
        self._room_for(order, len(content))
        try:
            _put_down(whole, content)
            return self._put_in_place(whole, order)
        finally:
            whole.remove()

    def _take_part(self, order: FileOrder) -> FileAnswer:
        part, content = self._upload(order), order.content
        names_of(order.path)
        if order.offset == 0:
            self._make_incoming()
            part.remove()
            used = self._room_for(order, len(content))
            _put_down(part, content)
            return FileAnswer(size=len(content), used=used)
        with os.fdopen(part.open(os.O_RDWR), "r+b") as file:
            if file.seek(0, os.SEEK_END) != order.offset:
                raise FileRefused(FileTrouble.UPLOAD, "a part is missing, or came twice")
            used = self._room_for(order, len(content))
            file.write(content)
        return FileAnswer(size=order.offset + len(content), used=used)

    def _finish(self, order: FileOrder) -> FileAnswer:
        part = self._upload(order)
        if part.stat().st_size != order.offset:
            raise FileRefused(FileTrouble.UPLOAD, "a part is missing")
        try:
            self._room_for(order, 0)
            return self._put_in_place(part, order)
        finally:
            part.remove()

    def _put_in_place(self, whole: Spot, order: FileOrder) -> FileAnswer:
        """What was put together becomes the file."""
        with self._holder(names_of(order.path)) as (at, name), self._incoming.folder() as beside:
            old = _seen(at, name)
            if old is not None and kind_of(old.st_mode) != "file":
                raise FileRefused(FileTrouble.KIND, f"a {kind_of(old.st_mode)} is there")
            self._compare(at, name, old, order.version)
            handle = open_below(beside, whole.name, os.O_RDWR | FILE, "file", whole.path)
            try:
                _hand_to_game(handle, old, os.fstat(at))
                os.fsync(handle)
                os.replace(whole.name, name, src_dir_fd=beside, dst_dir_fd=at)
                with contextlib.suppress(OSError):
                    os.fsync(at)
                now = os.fstat(handle)
                return FileAnswer(size=now.st_size, modified=now.st_mtime_ns, version=_version(handle, now))
            finally:
                os.close(handle)

    def _compare(self, at: int, name: str, old: os.stat_result | None, version: str | None) -> None:
        if version is None:
            return
        if version == "" and old is not None:
            raise FileRefused(FileTrouble.EXISTS, "it is there already")
        if version == "":
            return
        if old is None:
            raise FileRefused(FileTrouble.CHANGED, "it is gone")
        with open(open_below(at, name, os.O_RDONLY | FILE, "file", Path(name)), "rb") as file:
            if _version(file.fileno(), os.fstat(file.fileno())) != version:
                raise FileRefused(FileTrouble.CHANGED, "it was written meanwhile")

    def _room_for(self, order: FileOrder, more: int) -> int:
        """Bytes of the world as it is, 0 where `order` has no limit. Refused where `more` bytes would leave too little
        of the disk, or of what the world may have: what is replaced is counted off, what other uploads brought is not.
        """
        with self._incoming.folder() as at:
            disk = os.fstatvfs(at)
            least = min(LEAST_FREE, int(disk.f_blocks * disk.f_frsize * LEAST_FREE_PART))
            if more and disk.f_bavail * disk.f_frsize - more < least:
                raise FileRefused(FileTrouble.FULL, "too little of the disk would be left")
            if not order.most:
                return 0
            more += _measured(at)
        used = order.used
        if not used:
            with self._folder(()) as at:
                used = _measured(at)
        with self._holder(names_of(order.path)) as (at, name):
            old = _seen(at, name)
        if used + more - (old.st_size if old is not None and stat.S_ISREG(old.st_mode) else 0) > order.most:
            raise FileRefused(FileTrouble.QUOTA, f"{used} and {more} bytes are more than {order.most}")
        return used

    def _upload(self, order: FileOrder) -> Spot:
        if not _UPLOAD.fullmatch(order.upload):
            raise FileRefused(FileTrouble.UPLOAD, "that is no upload")
        return self._incoming / order.upload

    def _make_incoming(self) -> None:
        """With what a crash left there thrown away."""
        self._incoming.make_folder(0o700, ours=True)
        for name in self._incoming.names():
            with contextlib.suppress(OSError):
                left = self._incoming / name
                if abs(time.time() - left.stat().st_ctime) > _FORGOTTEN_AFTER:
                    left.remove()

    # moving things about

    def _make_folder(self, order: FileOrder) -> FileAnswer:
        with self._holder(names_of(order.path)) as (at, name):
            os.mkdir(name, 0o700, dir_fd=at)
            handle = open_below(at, name, FOLDER, "folder", Path(name))
            try:
                _hand_to_game(handle, None, os.fstat(at))
            finally:
                os.close(handle)
        return FileAnswer()

    def _rename(self, order: FileOrder) -> FileAnswer:
        with self._holder(names_of(order.path)) as (at, old), self._holder(names_of(order.to)) as (into, new):
            self._refuse_foreign(at, old)
            if _seen(into, new) is not None:
                raise FileRefused(FileTrouble.EXISTS, "there is something of that name")
            os.rename(old, new, src_dir_fd=at, dst_dir_fd=into)
        return FileAnswer()

    def _delete(self, order: FileOrder) -> FileAnswer:
        with self._holder(names_of(order.path)) as (at, name):
            there = self._refuse_foreign(at, name)
            if kind_of(there.st_mode) != "folder":
                self._compare(at, name, there, order.version if stat.S_ISREG(there.st_mode) else None)
                os.unlink(name, dir_fd=at)
                return FileAnswer()
            if not order.recursive:
                os.rmdir(name, dir_fd=at)
                return FileAnswer()
            self._make_incoming()
            away = self._incoming / secrets.token_hex(16)
            with self._incoming.folder() as beside:  # all of it goes at once; what it holds goes by and by
                os.rename(name, away.name, src_dir_fd=at, dst_dir_fd=beside)
        with contextlib.suppress(OSError):
            away.remove()
        return FileAnswer()

    def _refuse_foreign(self, at: int, name: str) -> os.stat_result:
        there = os.stat(name, dir_fd=at, follow_symlinks=False)
        if there.st_dev != os.fstat(at).st_dev:
            raise FileRefused(FileTrouble.KIND, "another file system")
        return there

    # ways

    @contextlib.contextmanager
    def _folder(self, names: tuple[str, ...]) -> Iterator[int]:
        at = self._world.open_folder()
        try:
            device = os.fstat(at).st_dev
            for name in names:
                below = open_below(at, name, FOLDER, "folder", Path(name))
                os.close(at)
                at = below
                if os.fstat(at).st_dev != device:
                    raise FileRefused(FileTrouble.KIND, "another file system")
            yield at
        finally:
            os.close(at)

    @contextlib.contextmanager
    def _holder(self, names: tuple[str, ...]) -> Iterator[tuple[int, str]]:
        if not names:
            raise FileRefused(FileTrouble.PATH, "that is the world's folder itself")
        with self._folder(names[:-1]) as at:
            yield at, names[-1]


def _seen(at: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _measured(at: int, deep: int = 0) -> int:
    """Bytes of the files in a folder and those below it, as far as people can make some; each file once."""
    size, device = 0, os.fstat(at).st_dev
    with os.scandir(at) as found:
        for each in found:
            try:
                there = os.stat(each.name, dir_fd=at, follow_symlinks=False)
                if stat.S_ISREG(there.st_mode):
                    size += there.st_size // max(1, there.st_nlink)
                if not stat.S_ISDIR(there.st_mode) or there.st_dev != device or deep >= DEEPEST:
                    continue
                below = open_below(at, each.name, FOLDER, "folder", Path(each.name))
            except (OSError, WrongKind):
                continue  # it went, or is nothing that anybody here may look into
            try:
                size += _measured(below, deep + 1)
            finally:
                os.close(below)
    return size


def _entry(at: int, name: bytes) -> Entry | None:
    """None: it went since it was listed."""
    try:
        there = os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return None
    kind = kind_of(there.st_mode)
    text = name.decode(errors="replace")
    return Entry(
        text,
        kind if kind in ("file", "folder", "link") else "other",
        there.st_size if kind == "file" else 0,
        there.st_mtime_ns,
        usable=text.encode() == name,
    )


def _version(handle: int, there: os.stat_result) -> str:
    """Which content it is: of a small file by that, so that a game which writes the same again is in nobody's way; of a
    large one by what changes with each write."""
    if there.st_size <= PART:
        return hashlib.sha256(os.pread(handle, PART + 1, 0)).hexdigest()[:32]
    return f"{there.st_ino:x}-{there.st_mtime_ns:x}-{there.st_size:x}"


def _put_down(spot: Spot, content: bytes) -> None:
    with open(spot.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
        file.write(content)


def _hand_to_game(handle: int, old: os.stat_result | None, folder: os.stat_result) -> None:
    """What we made is as what it replaces, or as its folder lets the game do. Where it cannot be given to its owner,
    who is another user than ours, their group may read and write it, or else everybody who gets there."""
    like, new = old or folder, os.fstat(handle)
    is_folder = stat.S_ISDIR(new.st_mode)
    mode = like.st_mode & (0o2777 if is_folder else 0o777 if old else 0o666) | (0o700 if is_folder else 0o600)
    if (like.st_uid, like.st_gid) != (new.st_uid, new.st_gid):
        try:
            os.fchown(handle, like.st_uid, like.st_gid)
        except OSError:
            with contextlib.suppress(OSError):
                os.fchown(handle, -1, like.st_gid)
            if like.st_uid != new.st_uid:
                same = os.fstat(handle).st_gid == like.st_gid
                mode |= (0o070 if same else 0o077) if is_folder else 0o060 if same else 0o066
    os.fchmod(handle, mode)
