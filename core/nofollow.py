"""Files in folders where a game can write. A game is hostile, and may exchange anything there at any moment: a file for
a link to elsewhere, for a pipe that nobody writes to, for a folder, for a file without end; a folder on the way for a
link.

So nothing there is reached by its whole path. Each folder on the way is opened below the handle of the one before; no
link is followed, nothing is waited for, and what was opened is looked at before it is used. What is ours is written
beside its place and renamed into it. A file that has another name elsewhere is not written to.

Only the standard library is imported here: the agent has to stay small.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""How a folder is opened by its name below a handle."""
FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""How everything else is, besides what it is opened for."""

MOST = 1024 * 1024
"""Bytes of a small file, as `read` takes them."""

Kind = Literal["file", "folder", "link", "pipe", "socket", "device"]

_NAMES_MOST = 10_000
_ROUNDS = 1_000_000  # as many folders below each other; who fills it again meanwhile does not hold us up for ever
_WRITING = os.O_WRONLY | os.O_RDWR
_O_PATH = getattr(os, "O_PATH", 0)  # Linux


class WrongKind(OSError):
    """Something else stands where a file, folder or pipe is expected; in words."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A path below `root`, which no game can exchange. From there on, a game may have put anything there.

    No method follows a link below `root`. All raise OSError, and `WrongKind`, which is one.
    """

    root: Path
    parts: tuple[str, ...] = ()

    @classmethod
    def of(cls, path: Path | Spot) -> Spot:
        """A path of a folder where no game writes, if it is none yet: only its last name may be anything."""
        if isinstance(path, Spot):
            return path
        whole = path.absolute()
        return cls(whole.parent, (whole.name,))

    def __truediv__(self, name: str) -> Spot:
        return Spot(self.root, (*self.parts, name))

    @property
    def path(self) -> Path:
        """For words, and for where links do not matter."""
        return self.root.joinpath(*self.parts)

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def arguments(self) -> list[str]:
        """For a program of ours that takes a folder and `--below`."""
        return [f"--below={self.root}", os.path.join(*self.parts)]

    # what there is

    def stat(self) -> os.stat_result:
        """Of a link: its own."""
        with self._holder() as (at, name):
            return os.stat(name, dir_fd=at, follow_symlinks=False)

    def kind(self) -> Kind | None:
        """None where there is nothing, or no way there but by a link."""
        try:
            return kind_of(self.stat().st_mode)
        except (FileNotFoundError, WrongKind):
            return None

    def names(self) -> list[str]:
        """What is in this folder, at most 10,000 names of it; none where there is no folder."""
        try:
            with self.folder() as at, os.scandir(at) as found:
                return sorted(each.name for each in islice(found, _NAMES_MOST))
        except (FileNotFoundError, WrongKind):
            return []

    def is_empty(self) -> bool:
        """Whether it is a folder with nothing in it."""
        try:
            with self.folder() as at, os.scandir(at) as found:
                return next(found, None) is None
        except (FileNotFoundError, WrongKind):
            return False

    def read(self, most: int = MOST) -> bytes:
        """A whole file. `WrongKind` where it is longer than `most` bytes."""
        with open(self.open(os.O_RDONLY), "rb") as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise WrongKind(f"{self.path} is larger than {most} bytes")
        return data

    def tail(self, most: int) -> bytes:
        """A file's last bytes."""
        with open(self.open(os.O_RDONLY), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - most))
            return file.read(most)

    # what is opened

    def open_folder(self) -> int:
        at = open_any_folder(self.root)
        for number, part in enumerate(self.parts):
            try:
                below = open_below(at, part, FOLDER, "folder", self.root.joinpath(*self.parts[: number + 1]))
            finally:
                os.close(at)
            at = below
        return at

    @contextlib.contextmanager
    def folder(self) -> Iterator[int]:
        handle = self.open_folder()
        try:
            yield handle
        finally:
            os.close(handle)

    def open(self, flags: int, mode: int = 0o600) -> int:
        """A file's handle. Where it is to be written to, the file has no other name."""
        with self._holder() as (at, name):
            return open_below(at, name, flags | FILE, "file", self.path, mode)

    def open_ours(self, flags: int, mode: int = 0o600) -> int:
        """As `open`, of a file that is ours alone: what else stands in its place is thrown away."""
        try:
            return self.open(flags, mode)
        except WrongKind:
            self.remove()
            return self.open(flags, mode)

    def open_pipe(self, flags: int) -> int:
        """A named pipe's handle. ENXIO where it is opened to write, and nobody reads."""
        with self._holder() as (at, name):
            return open_below(at, name, flags | FILE, "pipe", self.path)

    # what is changed

    def write(self, data: bytes, *, durable: bool = True, mode: int = 0o600, new: str = "", ours: bool = True) -> None:
        """Replace a file at once. `durable` also survives a power cut. `new`: the name that it has until it is whole.

        `ours`: a folder in its place is thrown away too; else that is `WrongKind`.
        """
        new = new or f"{self.name}.new"
        with self._holder() as (at, name):
            _remove(at, new)
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | FILE, mode, dir_fd=at)
            with open(handle, "wb") as file:
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            self._put(at, new, name, ours=ours)
            if durable:
                sync(at)

    def rename(self, name: str, *, ours: bool = False) -> None:
        """Give it another name in its folder, in place of what has that name. `ours` as in `write`."""
        with self._holder() as (at, old):
            self._beside(name)._put(at, old, name, ours=ours)

    def make_folder(self, mode: int = 0o777, *, ours: bool = False) -> bool:
        """With those on the way, if they are missing; whether it is new. `ours`: what else stands in its own place is
        thrown away."""
        if not self.parts:
            there = self.root.is_dir()
            self.root.mkdir(parents=True, exist_ok=True)
            return not there
        Spot(self.root).make_folder()
        for end in range(1, len(self.parts)):
            Spot(self.root, self.parts[:end])._make(0o777)
        if ours and self.kind() not in ("folder", None):
            self.remove()
        return self._make(mode)

    def make_pipe(self, mode: int) -> None:
        """Keep the named pipe that is there, if it is ours; what else stands there is thrown away."""
        with self._holder() as (at, name):
            if not _is_our_pipe(at, name):
                _remove(at, name)
                os.mkfifo(name, 0o600, dir_fd=at)
            handle = open_below(at, name, os.O_RDWR | FILE, "pipe", self.path)  # waits for nobody
            try:
                os.fchmod(handle, mode)
            finally:
                os.close(handle)

    def remove(self) -> None:
        """Whatever it is, a folder with all that is in it: however deep, and whoever may not write to it."""
        try:
            with self._holder() as (at, name):
                _remove(at, name)
        except FileNotFoundError:
            return

    def sync(self) -> None:
        """Make the names in this folder survive a power cut."""
        with self.folder() as at:
            sync(at)

    @contextlib.contextmanager
    def _holder(self) -> Iterator[tuple[int, str]]:
        """The handle of the folder that it lies in, and its name there."""
        with Spot(self.root, self.parts[:-1]).folder() as at:
            yield at, self.name

    def _beside(self, name: str) -> Spot:
        return Spot(self.root, (*self.parts[:-1], name))

    def _make(self, mode: int) -> bool:
        with self._holder() as (at, name):
            try:
                os.mkdir(name, mode & 0o777, dir_fd=at)
                new = True
            except FileExistsError:
                new = False
            handle = open_below(at, name, FOLDER, "folder", self.path)
            try:
                if new and mode & ~0o777:
                    os.fchmod(handle, mode)
            finally:
                os.close(handle)
            return new

    def _put(self, at: int, old: str, name: str, *, ours: bool) -> None:
        try:
            os.replace(old, name, src_dir_fd=at, dst_dir_fd=at)
        except IsADirectoryError:
            if not ours:
                raise WrongKind(f"{self.path} is a folder, where a file is expected") from None
            _remove(at, name)
            os.replace(old, name, src_dir_fd=at, dst_dir_fd=at)


def open_any_folder(path: Path | Spot) -> int:
    """Its handle. A path that is no `Spot` is the caller's own: links in it are followed."""
    if isinstance(path, Spot):
        return path.open_folder()
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def kind_of(mode: int) -> Kind:
    return _KINDS.get(stat.S_IFMT(mode), "device")


_KINDS: dict[int, Kind] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
}


def open_below(at: int, name: str | bytes, flags: int, kind: Kind, shown: Path, mode: int = 0o600) -> int:
    """A handle of `name` in the folder with handle `at`, if it is a `kind`. Errors call it `shown`."""

    def look() -> None:
        with contextlib.suppress(FileNotFoundError):
            _expect(kind, os.stat(name, dir_fd=at, follow_symlinks=False), flags, shown)

    look()  # before it is opened: that alone does something to a device
    try:
        handle = os.open(name, flags, mode, dir_fd=at)
    except OSError:
        look()  # whether it became something else since
        raise
    try:
        _expect(kind, os.fstat(handle), flags, shown)
    except BaseException:
        os.close(handle)
        raise
    return handle


def sync(folder: int) -> None:
    """Make the names in the folder with this handle survive a power cut."""
    with contextlib.suppress(OSError):  # some file systems refuse to sync a folder
        os.fsync(folder)


def _expect(kind: Kind, seen: os.stat_result, flags: int, shown: Path) -> None:
    found = kind_of(seen.st_mode)
    if found != kind:
        raise WrongKind(f"{shown} is a {found}, where a {kind} is expected")
    if kind == "file" and flags & _WRITING and seen.st_nlink > 1:
        raise WrongKind(f"{shown} has another name elsewhere")


def _is_our_pipe(at: int, name: str) -> bool:
    try:
        seen = os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return kind_of(seen.st_mode) == "pipe" and seen.st_uid == os.geteuid() and seen.st_mode & 0o600 == 0o600


def _remove(at: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=at)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):  # which of them, differs by system
        if kind_of(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode) != "folder":
            raise
        _remove_folder(at, name)


def _remove_folder(at: int, name: str) -> None:
    """Each folder below is moved to the top before what it holds is looked at, so that no depth is too great."""
    top = _enter(at, name)
    try:
        for _ in range(_ROUNDS):
            for each in os.listdir(top):
                if not _is_removed(top, each):
                    folder = _enter(top, each)
                    try:
                        for inner in os.listdir(folder):
                            if not _is_removed(folder, inner):
                                os.close(_enter(folder, inner))  # whoever may not write to it could not move it
                                os.rename(inner, secrets.token_hex(8), src_dir_fd=folder, dst_dir_fd=top)
                    finally:
                        os.close(folder)
                    with contextlib.suppress(OSError):  # filled again meanwhile: the next round
                        os.rmdir(each, dir_fd=top)
            if not os.listdir(top):
                break
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=at)


def _is_removed(at: int, name: str) -> bool:
    """False for a folder with something in it."""
    try:
        os.unlink(name, dir_fd=at)
    except FileNotFoundError:
        pass
    except (IsADirectoryError, PermissionError):
        try:
            os.rmdir(name, dir_fd=at)
        except OSError as wrong:
            if wrong.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return False
    return True


def _enter(at: int, name: str) -> int:
    """A folder's handle, for whom it belongs to also where it lets nobody in."""
    try:
        handle = open_below(at, name, FOLDER, "folder", Path(name))
    except PermissionError:
        _open_up(at, name)
        handle = open_below(at, name, FOLDER, "folder", Path(name))
    if os.fstat(handle).st_mode & 0o700 != 0o700:
        with contextlib.suppress(PermissionError):
            os.fchmod(handle, 0o700)
    return handle


def _open_up(at: int, name: str) -> None:
    """A folder that may not be read can be had without reading it; its handle has a name that is no link's."""
    if not _O_PATH:
        os.chmod(name, 0o700, dir_fd=at, follow_symlinks=False)
        return
    handle = os.open(name, _O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    try:
        os.chmod(f"/proc/self/fd/{handle}", 0o700)
    finally:
        os.close(handle)
