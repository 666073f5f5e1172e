"""Writes a snapshot into an empty folder: FORMAT.md, "Reading".

As a process of its own: `python -m core.worlds.restore` (see `main`).
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
import threading
from array import array
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Self

import zstandard

from core.nofollow import FILE, FOLDER, Spot, open_any_folder, open_below
from core.progress import OnProgress

from . import process
from .errors import Damaged, NoSnapshot, NotEmpty
from .listing import load, load_pile, piles, time_of
from .manifest import Entry, Kind, Manifest
from .pack import Finding, Report, fetch_pack, pack_key, unpack_chunk
from .source import NEWEST
from .store.port import NotThere, Store

_WORKERS = 3  # packs in memory at once
_SHARED = 0o660, 0o2770  # bits of files and of directories that fsGroup sets
_GAP = 256 * 1024  # bytes that are cheaper to fetch than to ask for separately
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | FILE
_AGAIN = os.O_WRONLY | FILE


@dataclass(frozen=True, slots=True)
class Restoration:
    """Every byte was checked and is on the disk; the marker is the caller's to write. Sizes in bytes."""

    name: str
    saved_at: datetime
    size: int
    files: int
    found: tuple[Finding, ...] = ()


def restore(
    store: Store, server: str, name: str, into: Path | Spot, progress: OnProgress | None = None, *, shared: bool = False
) -> Restoration:
    """Make `into`, which exists and is empty, what the folder was at snapshot `name`. Nothing is written outside of it,
    even where somebody exchanges folders in it for links meanwhile.

    `shared`: its group may read and write all of it, as Kubernetes does with a volume's files (fsGroup).

    Damage is healed from older versions and reported in `found`. Raises `NoSnapshot`, `NotEmpty`, `Damaged` (with the
    files that cannot be had), StoreError, OSError; then `into` is to be thrown away: what was written is right, but
    not all.
    """
    found: list[Finding] = []
    manifest = load(store, server, name, found.append)
    root = open_any_folder(into)
    try:
        if os.listdir(root):
            raise NotEmpty(f"{into.path if isinstance(into, Spot) else into} is not empty")
        _make(root, manifest.entries)
        _fill(root, store, server, manifest, found.append, progress)
        _finish(root, manifest.entries, *(_SHARED if shared else (0, 0)))
        _sync(root)
    finally:
        os.close(root)
    header = manifest.header
    return Restoration(name, time_of(header.at), header.size, header.files, tuple(found))


def newest_name(store: Store, server: str, report: Report) -> str:
    """The newest snapshot whose manifest is right, also where somebody hid it: the controller never hides that one, and
    whoever did must not turn a world back by it. Raises `NoSnapshot`, StoreError.
    """
    for pile in reversed(piles(store, server)):
        if pile.contents:
            try:
                load_pile(store, server, pile, report)
            except Damaged:
                continue
            if not pile.visible:
                report(Finding(pile.key, "hidden or gone", healed=True))
            return str(pile.name)
    raise NoSnapshot(f"{server} has no snapshot that can be read")


class _Folders:
    """The folders below `root`, opened one below the other: a path as a whole could lead through a link that somebody
    put there meanwhile. Those on the way to the last one stay open, for the next one mostly is beside it."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._open: list[tuple[bytes, int]] = []  # names and handles

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._leave(0)

    def parent(self, path: bytes) -> tuple[int, bytes]:
        """The handle of the folder that `path` lies in, good until the next call; and its name there."""
        *wanted, name = path.split(b"/")
        same = 0
        while same < min(len(wanted), len(self._open)) and wanted[same] == self._open[same][0]:
            same += 1
        self._leave(same)
        for part in wanted[same:]:
            self._open.append((part, os.open(part, FOLDER, dir_fd=self._open[-1][1] if self._open else self._root)))
        return (self._open[-1][1] if self._open else self._root), name

    def _leave(self, depth: int) -> None:
        while len(self._open) > depth:
            os.close(self._open.pop()[1])


def _make(root: int, entries: list[Entry]) -> None:
    """Directories and empty files of full size. Links come last, and the manifest was refused unless each parent is a
    directory of its own (manifest.decode)."""
    with _Folders(root) as folders:
        for entry in entries[1:]:
            if entry.kind is Kind.DIRECTORY:
                at, name = folders.parent(entry.path)
                os.mkdir(name, 0o700, dir_fd=at)
            elif entry.kind is Kind.FILE:
                at, name = folders.parent(entry.path)
                handle = os.open(name, _NEW, 0o600, dir_fd=at)
                try:
                    if entry.size:
                        os.ftruncate(handle, entry.size)
                finally:
                    os.close(handle)


@dataclass(slots=True)
class _Writes:
    """Where chunks go, in the order of their numbers, which is that of packs and offsets. Columns, for memory."""

    refs: array[int] = field(default_factory=lambda: array("I"))
    entries: array[int] = field(default_factory=lambda: array("I"))
    offsets: array[int] = field(default_factory=lambda: array("Q"))

    @classmethod
    def of(cls, entries: list[Entry]) -> _Writes:
        rows = cls()
        for number, entry in enumerate(entries):
            for ref, offset, _length in entry.spans():
                rows.refs.append(ref)
                rows.entries.append(number)
                rows.offsets.append(offset)
        order = sorted(range(len(rows.refs)), key=rows.refs.__getitem__)
        return cls(
            *(array(each.typecode, [each[at] for at in order]) for each in (rows.refs, rows.entries, rows.offsets))
        )


def _fill(
    root: int, store: Store, server: str, manifest: Manifest, report: Report, progress: OnProgress | None
) -> None:
    writes = _Writes.of(manifest.entries)
    total = sum(manifest.chunks.plain[ref] for ref in writes.refs)
    done = 0
    job = _Job(root, store, server, manifest, writes, report)
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="restore") as pool:
        todo = iter(job.packs())
        under_way: set[Future[int]] = set()
        try:
            while True:
                while len(under_way) < _WORKERS and (rows := next(todo, None)) is not None:
                    under_way.add(pool.submit(job.write_pack, rows))
                if not under_way:
                    break
                ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for each in ended:
                    done += each.result()
                if progress:
                    progress(done, total)
        finally:
            for each in under_way:
                each.cancel()
    if job.damaged:
        files = sorted(job.lost)
        raise Damaged(
            f"{len(files)} files cannot be had, {files[0]} first: {', '.join(sorted(job.damaged))}",
            tuple(sorted(job.damaged)),
            tuple(files),
        )


class _Job:
    def __init__(
        self, root: int, store: Store, server: str, manifest: Manifest, writes: _Writes, report: Report
    ) -> None:
        self._root = root
        self._store = store
        self._server = server
        self._manifest = manifest
        self._writes = writes
        self._report = report
        self._local = threading.local()
        self.damaged: set[str] = set()
        self.lost: set[str] = set()

    def packs(self) -> Iterator[range]:
        """Rows of `writes` by pack."""
        pack = self._manifest.chunks.pack
        for _, rows in groupby(range(len(self._writes.refs)), key=lambda row: pack[self._writes.refs[row]]):
            numbers = list(rows)
            yield range(numbers[0], numbers[-1] + 1)

    def write_pack(self, rows: range) -> int:
        """Bytes written. A pack that is right in no version is noted; the others are still tried, to name all."""
        chunks, refs = self._manifest.chunks, self._writes.refs
        number = chunks.pack[refs[rows[0]]]
        name, size = self._manifest.packs[number]
        try:
            # Chunks are judged by their ids; the pack as a whole only where one of them is wrong.
            return self._write(rows, self._ranges(name, size, rows))
        except (ValueError, NotThere):
            pass
        try:
            whole = fetch_pack(self._store, self._server, name, self._report)
            return self._write(rows, [(0, whole)])
        except (ValueError, Damaged):
            self.damaged.add(pack_key(self._server, name))
            self.lost |= {os.fsdecode(self._manifest.entries[self._writes.entries[row]].path) for row in rows}
            return 0

    def _ranges(self, name: bytes, size: int, rows: range) -> list[tuple[int, bytes]]:
        """What to fetch of a pack: (offset, bytes), in order; one read where little lies between."""
        key, chunks = pack_key(self._server, name), self._manifest.chunks
        needed = sum(chunks.stored[ref] for ref in sorted({self._writes.refs[row] for row in rows}))
        if needed * 2 >= size:
            return [(0, self._store.get(key))]
        spans: list[tuple[int, int]] = []
        for row in rows:
            ref = self._writes.refs[row]
            offset, until = chunks.offset[ref], chunks.offset[ref] + chunks.stored[ref]
            if spans and offset <= spans[-1][1] + _GAP:
                spans[-1] = (spans[-1][0], max(until, spans[-1][1]))
            else:
                spans.append((offset, until))
        return [(offset, self._store.get(key, offset, until - offset)) for offset, until in spans]

    def _write(self, rows: range, ranges: list[tuple[int, bytes]]) -> int:
        chunks, writes, entries = self._manifest.chunks, self._writes, self._manifest.entries
        parts = iter([(offset, memoryview(data)) for offset, data in ranges])
        base, data = next(parts)
        handle, current, done, last = -1, -1, 0, -1
        plain: bytes | memoryview = b""
        folders = _Folders(self._root)
        try:
            for row in rows:
                ref, number = writes.refs[row], writes.entries[row]
                if ref != last:
                    at, length = chunks.offset[ref], chunks.stored[ref]
                    while at >= base + len(data):
                        base, data = next(parts, (0, memoryview(b"")))
                        if not data:
                            raise ValueError("the pack is too short")
                    stored = data[at - base : at - base + length]
                    plain = unpack_chunk(stored, chunks.plain[ref], chunks.id(ref), self._decompressor())
                    last = ref
                if number != current:
                    if handle >= 0:
                        os.close(handle)
                        handle = -1
                    at, name = folders.parent(entries[number].path)
                    handle = open_below(at, name, _AGAIN, "file", Path(os.fsdecode(entries[number].path)))
                    current = number
                _write_all(handle, plain, writes.offsets[row])
                done += len(plain)
        finally:
            folders.close()
            if handle >= 0:
                os.close(handle)
        return done

    def _decompressor(self) -> zstandard.ZstdDecompressor:
        if not hasattr(self._local, "decompressor"):
            self._local.decompressor = zstandard.ZstdDecompressor()
        found: zstandard.ZstdDecompressor = self._local.decompressor
        return found


def _write_all(handle: int, data: bytes | memoryview, offset: int) -> None:
    written = os.pwrite(handle, data, offset)
    while written < len(data):
        written += os.pwrite(handle, memoryview(data)[written:], offset + written)


def _finish(root: int, entries: list[Entry], files: int, directories: int) -> None:
    """Links, then modes and times: directories last and deepest first, for their times change with what is put in.

    `files` and `directories` are bits that each has besides its own.
    """
    with _Folders(root) as folders, _Folders(root) as others:
        for entry in entries:
            if entry.kind is Kind.HARD:
                (to, name), (at, target) = folders.parent(entry.path), others.parent(entry.target)
                os.link(target, name, src_dir_fd=at, dst_dir_fd=to, follow_symlinks=False)
    with _Folders(root) as folders:
        for entry in entries:
            if entry.kind is Kind.LINK:
                at, name = folders.parent(entry.path)
                os.symlink(entry.target, name, dir_fd=at)
                os.utime(name, ns=(entry.mtime, entry.mtime), dir_fd=at, follow_symlinks=False)
            elif entry.kind is Kind.FILE:
                at, name = folders.parent(entry.path)
                handle = open_below(at, name, os.O_RDONLY | FILE, "file", Path(os.fsdecode(entry.path)))
                try:
                    os.utime(handle, ns=(entry.mtime, entry.mtime))
                    os.fchmod(handle, entry.mode | files)
                finally:
                    os.close(handle)
    with _Folders(root) as folders:
        for entry in reversed(entries):
            if entry.kind is Kind.DIRECTORY:
                at, name = folders.parent(entry.path or b".")
                handle = os.open(name, FOLDER, dir_fd=at)
                try:
                    os.utime(handle, ns=(entry.mtime, entry.mtime))
                    os.fchmod(handle, entry.mode | directories)
                finally:
                    os.close(handle)


def _sync(root: int) -> None:
    """One `syncfs`: a hundred thousand files in one go, where an fsync each would take minutes."""
    try:
        syncfs = ctypes.CDLL(None, use_errno=True).syncfs
    except AttributeError:
        os.sync()
        return
    if syncfs(root) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def main(arguments: list[str]) -> int:
    """One restore as a child process; JSON lines and exit codes as in process.py."""
    parser = argparse.ArgumentParser(prog="python -m core.worlds.restore")
    process.add_store(parser)
    parser.add_argument("name", help=f"of the snapshot, or {NEWEST}")
    process.add_folder(parser, "into", "an empty folder")
    parser.add_argument("--shared", action="store_true", help="its group may read and write all of it")
    options = parser.parse_args(arguments)

    def work(store: Store) -> Restoration:
        found: list[Finding] = []
        name = newest_name(store, options.server, found.append) if options.name == NEWEST else options.name
        into = process.folder_of(options, "into")
        done = restore(store, options.server, name, into, process.Progress(), shared=options.shared)
        return replace(done, found=(*found, *done.found))

    return process.run(options, work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
