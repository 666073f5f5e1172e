"""Walks a folder that somebody hostile fills while we look (FORMAT.md, "Hostile trees").

Everything is opened by one name below the handle of its directory, with O_NOFOLLOW, so that no exchange of a directory
for a link leads outside; with O_NONBLOCK, so that no fifo holds us up. What cannot be kept is counted, not silent.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from core.nofollow import FILE, FOLDER

from .gaps import FILES, UNREADABLE
from .manifest import MAX_DEPTH, MAX_PATH, MAX_SIZE

_REMEMBERED = 100  # of what was left out, by path
_GONE = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR)  # it went, or became something else, since it was listed


@dataclass(slots=True)
class Found:
    """A directory, file or symbolic link. Its handle is good until the walk is asked for the next one."""

    path: bytes  # relative to the root, which is b"" itself
    stat: os.stat_result
    folder: int = field(repr=False)  # handle of the directory it lies in (of itself, for a directory)

    @property
    def name(self) -> bytes:
        return self.path.rpartition(b"/")[2]

    def open(self) -> int | None:
        """A handle of this file, still the same file; None where it is gone. Raises PermissionError, OSError."""
        try:
            handle = os.open(self.name, os.O_RDONLY | FILE, dir_fd=self.folder)
        except OSError as error:
            if error.errno in (*_GONE, errno.ENXIO):
                return None
            raise
        seen = os.fstat(handle)
        if not stat.S_ISREG(seen.st_mode) or seen.st_dev != self.stat.st_dev:
            os.close(handle)
            return None
        return handle

    def link_target(self) -> bytes | None:
        """The text of this symbolic link; None where it is gone."""
        try:
            return os.readlink(self.name, dir_fd=self.folder)
        except OSError as error:
            if error.errno in (*_GONE, errno.EINVAL):
                return None
            raise


@dataclass(frozen=True, slots=True)
class Rules:
    """What belongs to the world: globs on paths below the root, `*` and `?` within a name, `**` across.

    A pattern that matches a directory covers all below it. Without `include` everything belongs, `exclude` wins.
    Directories are always kept, unless excluded.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def excludes(self, path: bytes) -> bool:
        return _matches(self.exclude, path)

    def includes(self, path: bytes) -> bool:
        if not self.include:
            return True
        parts = path.split(b"/")
        return any(_matches(self.include, b"/".join(parts[:end])) for end in range(1, len(parts) + 1))


class Skipped(Counter[str]):
    """How many things were left out, by reason, and the first of them: those of the world, and others."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[tuple[bytes, str]] = []
        self.others: list[tuple[bytes, str]] = []

    def add(self, path: bytes, why: str) -> None:
        self[why] += 1
        kept = self.files if why in FILES else self.others
        if len(kept) < _REMEMBERED:
            kept.append((path, why))


def walk(root: int, rules: Rules, skipped: Skipped) -> Iterator[Found]:
    """The directory with handle `root` itself, then everything below, each directory before what it holds.

    Names come in the order of their bytes. Other file systems are not entered. `skipped` counts what was left out,
    by reason: device, fifo, socket, mount, deep, huge, unreadable (files that are excluded by a rule are not counted).
    """
    top = os.fstat(root)
    yield Found(b"", top, root)
    stack: list[tuple[bytes, int, Iterator[bytes]]] = [(b"", root, iter(_names(root)))]
    try:
        while stack:
            prefix, folder, names = stack[-1]
            name = next(names, None)
            if name is None:
                stack.pop()
                if folder != root:
                    os.close(folder)
                continue
            path = prefix + name
            found = _look(path, name, folder, top.st_dev, rules, skipped)
            if found is None:
                continue
            if not stat.S_ISDIR(found.stat.st_mode):
                yield found
                continue
            if len(stack) >= MAX_DEPTH:
                skipped.add(path, "deep")
                continue
            opened = _enter(path, name, folder, top.st_dev, skipped)
            if opened is not None:
                try:
                    listed = _names(opened)
                    found = Found(path, os.fstat(opened), opened)
                except BaseException:
                    os.close(opened)
                    raise
                stack.append((path + b"/", opened, iter(listed)))
                yield found
    finally:
        for _, folder, _ in stack:
            if folder != root:
                os.close(folder)


def data_spans(handle: int, size: int, step: int) -> Iterator[tuple[int, int]]:
    """(offset, length) of what is not a hole, widened to multiples of `step`, in order, within `size`."""
    at = 0
    while at < size:
        try:
            start = os.lseek(handle, at, os.SEEK_DATA)
            end = os.lseek(handle, start, os.SEEK_HOLE)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole up to the end
                return
            start, end = at, size
        start = max(at, start - start % step)
        end = min(size, -(-end // step) * step)
        if start >= size:
            return
        yield start, end - start
        at = end


def _names(folder: int) -> Sequence[bytes]:
    return sorted(os.fsencode(name) for name in os.listdir(folder))


def _look(path: bytes, name: bytes, folder: int, device: int, rules: Rules, skipped: Skipped) -> Found | None:
    if rules.excludes(path):
        return None
    try:
        seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    why = _why_not(path, seen, device)
    if why:
        skipped.add(path, why)
        return None
    if not stat.S_ISDIR(seen.st_mode) and not rules.includes(path):
        return None
    return Found(path, seen, folder)


def _why_not(path: bytes, seen: os.stat_result, device: int) -> str:
    mode = seen.st_mode
    if stat.S_ISFIFO(mode):
        return "fifo"
    if stat.S_ISSOCK(mode):
        return "socket"
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
        return "device"
    if seen.st_dev != device:
        return "mount"
    if len(path) > MAX_PATH:
        return "deep"
    if stat.S_ISREG(mode) and seen.st_size > MAX_SIZE:
        return "huge"
    return ""


def _enter(path: bytes, name: bytes, folder: int, device: int, skipped: Skipped) -> int | None:
    try:
        handle = os.open(name, FOLDER, dir_fd=folder)
    except PermissionError:
        skipped.add(path, UNREADABLE)
        return None
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise
    if os.fstat(handle).st_dev != device:
        os.close(handle)
        skipped.add(path, "mount")
        return None
    return handle


def _matches(patterns: tuple[str, ...], path: bytes) -> bool:
    return any(_compiled(pattern).fullmatch(path) for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[bytes]:
    parts = []
    for token in re.split(r"(\*\*/|\*\*|\*|\?)", pattern.strip("/")):
        match token:
            case "**/":
                parts.append("(?:.*/)?")
            case "**":
                parts.append(".*")
            case "*":
                parts.append("[^/]*")
            case "?":
                parts.append("[^/]")
            case _:
                parts.append(re.escape(token))
    return re.compile("".join(parts).encode("utf-8", "surrogateescape"), re.DOTALL)
