"""Takes a snapshot of a folder: FORMAT.md, "Writing".

As a process of its own, beside a running game: `python -m core.worlds.snapshot` (see `main`).
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from core.nofollow import Spot, open_any_folder
from core.progress import OnProgress

from . import gaps, process
from . import manifest as format
from .builder import Builder, left_packs
from .chunks import PIECE, Chunk, Piece, digest
from .errors import Damaged, Incomplete, TooLate, WorldError
from .gaps import UNREADABLE, Gap, first_of
from .listing import Pile, newest, piles, snapshot_key, time_of
from .manifest import MAX_SEQ, TORN, Entry, Header, Kind, Manifest
from .pack import Finding, packs_prefix
from .receipt import Receipt
from .store.port import Store
from .tree import Found, Rules, Skipped, data_spans, walk
from .verify import verify

DEADLINE = 24 * 3600.0
"""Seconds from listing the packs to the manifest, after which a snapshot gives up: half of what garbage waits for."""

TRIES = 3
"""Readings of a file that keeps changing."""

RACY = 2_000_000_000
"""ns; a file that changed so shortly before it was read is read again next time."""

MAX_MANIFEST = 64 * 1024 * 1024
"""Bytes; what a store takes in one put. A world of about a million files."""

_SMALL_BITS, _LARGE_BITS = 16, 18
_LARGE_WORLD = 8 << 30
_BATCH_FILES = 64
_WORKERS = 2
_BATCHES = 4  # under way at once


@dataclass(frozen=True, slots=True)
class Taken(Receipt):
    """The receipt of a snapshot, and how the taking of it went.

    `unchanged`: nothing was written, because the snapshot named is what the folder holds.
    `torn`: files that changed each time they were read. `skipped`: what could not be kept, by reason (tree.walk).
    """

    files: int = 0
    unchanged: bool = False
    torn: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    found: tuple[Finding, ...] = ()
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return Receipt.to_json(self) | {
            "files": self.files,
            "unchanged": self.unchanged,
            "torn": self.torn,
            "skipped": self.skipped,
            "found": self.found,
            "seconds": self.seconds,
        }


def snapshot(
    store: Store,
    server: str,
    folder: Path | Spot,
    *,
    volume: int,
    run: int,
    note: str = "",
    full: bool = False,
    rules: Rules | None = None,
    progress: OnProgress | None = None,
    now: Callable[[], int] = time.time_ns,
    salt: Callable[[], bytes] | None = None,
    deadline: float = DEADLINE,
) -> Taken:
    """Keep `folder` as the next snapshot of `server`.

    `full` reads every file, whatever its times say. Without `full` and `note`, nothing is written where nothing
    changed. `now` (ns since 1970) and `salt` are for tests. Raises StoreError, OSError (the folder cannot be read:
    EIO, not a file's mode), `TooLate`; in every case the snapshots before are as they were.
    """
    began, wall, cpu = time.clock_gettime(_CLOCK), time.monotonic(), time.process_time()
    found: list[Finding] = []
    listed = _listed(store, server)
    known = piles(store, server)
    before = newest(store, server, known, found.append)
    parent = before[1] if before else None
    left = left_packs(parent, listed) if parent else set()
    if parent:
        found += _missing(server, parent, listed)
    header = Header(server, volume, run, _next_seq(known, volume, run), now(), note=note)
    header.parent = str(before[0].name) if before else None
    with Builder(store, server, parent, left, salt) as builder:
        work = _Work(parent, builder, header, full, now, progress)
        work.read(folder, rules or Rules())
        unchanged = not (full or note or left) and work.is_as_parent() and work.skips_as(before)
        if before and unchanged and _is_visible(store, before[0]):
            name, header = str(before[0].name), before[1].header
        else:
            manifest, unchanged = builder.finish(header, work.entries), False
    if not unchanged:
        listed = _listed(store, server)
        _compare(server, manifest, listed)
        if time.clock_gettime(_CLOCK) - began > deadline:
            raise TooLate(f"{server}: the snapshot took longer than {deadline:.0f} s")
        name = _commit(store, server, manifest)
    return Taken(
        name=name,
        at=time_of(header.at),
        size=header.size,
        files=header.files,
        new_bytes=0 if unchanged else header.new,
        checked=True,
        unchanged=unchanged,
        torn=header.torn,
        skipped=dict(header.skipped),
        gaps=header.gaps,
        found=tuple(found),
        seconds=time.monotonic() - wall,
        cpu_seconds=time.process_time() - cpu,
        stored=sum(listed.values()),
    )


_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while the machine is suspended


def _listed(store: Store, server: str) -> dict[bytes, int]:
    prefix = packs_prefix(server)
    found = {}
    for version in store.list(prefix):
        name = version.key.removeprefix(prefix)
        if len(name) == 64 and set(name) <= set("0123456789abcdef"):
            found[bytes.fromhex(name)] = version.size
    return found


def _next_seq(known: list[Pile], volume: int, run: int) -> int:
    taken = [pile.name.seq for pile in known if (pile.name.volume, pile.name.run) == (volume, run)]
    seq = max(taken, default=0) + 1
    if seq > MAX_SEQ:
        raise WorldError(f"run {run} has no name left, by somebody's intent: restart the server")
    return seq


def _is_visible(store: Store, pile: Pile) -> bool:
    """It may have been dropped since, where another writer committed a newer one."""
    versions = store.versions(pile.key)
    return bool(versions) and not versions[0].hidden


def _missing(server: str, parent: Manifest, listed: dict[bytes, int]) -> list[Finding]:
    return [
        Finding(
            packs_prefix(server) + name.hex(), "missing or of another size; stored anew from the world", healed=True
        )
        for name, size in parent.packs
        if listed.get(name) != size
    ]


def _compare(server: str, manifest: Manifest, listed: dict[bytes, int]) -> None:
    for name, size in manifest.packs:
        if listed.get(name) != size:
            raise TooLate(f"{packs_prefix(server)}{name.hex()}: vanished while the snapshot was taken")


def _commit(store: Store, server: str, manifest: Manifest) -> str:
    """The name. One put, of a name that only this manifest can have: no other writer can be in the way."""
    data = format.encode(manifest)
    if len(data) > MAX_MANIFEST:
        raise WorldError(f"{server}: the world has too many files for one manifest")
    name = manifest.header.name(data)
    store.put(snapshot_key(server, name), data)
    return str(name)


@dataclass(slots=True)
class _Reading:
    """A file under way. Pieces come back in order, so refs and holes just grow."""

    entry: Entry
    handle: int
    before: os.stat_result
    pieces: int = 0
    tries: int = 0
    position: int = 0
    refs: array[int] = field(default_factory=lambda: array("I"))
    holes: list[tuple[int, int]] = field(default_factory=list)

    def hole(self, until: int) -> None:
        """All positions from here to `until` are zeros."""
        if until > self.position:
            if self.holes and sum(self.holes[-1]) == self.position:
                start, count = self.holes[-1]
                self.holes[-1] = (start, count + until - self.position)
            else:
                self.holes.append((self.position, until - self.position))
            self.position = until


class _Work:
    """One walk over the folder. `entries` is the result, in the order of the walk."""

    def __init__(
        self,
        parent: Manifest | None,
        builder: Builder,
        header: Header,
        full: bool,
        now: Callable[[], int],
        progress: OnProgress | None,
    ) -> None:
        self._builder = builder
        self._header = header
        self._now = now
        self._progress = progress
        self._expected = parent.header.size if parent else 0
        self._parent = {entry.path: entry for entry in parent.entries} if parent else {}
        self._same_volume = parent is not None and parent.header.volume == header.volume and not full
        self._links: dict[tuple[int, int], Entry] = {}
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="digest")
        self._under_way: deque[tuple[list[tuple[_Reading, Piece]], Future[list[list[Chunk | None]]]]] = deque()
        self._batch: list[tuple[_Reading, Piece]] = []
        self._batch_bytes = 0
        self._again: deque[_Reading] = deque()
        self._open: set[int] = set()
        self._seen = 0
        self._skipped = Skipped()
        self.entries: list[Entry] = []

    def read(self, folder: Path | Spot, rules: Rules) -> None:
        root = open_any_folder(folder)
        try:
            for found in walk(root, rules, self._skipped):
                self._take(found)
                if len(self._again) > _BATCH_FILES:
                    self._finish_all()
            self._finish_all()
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)
            for handle in self._open:
                os.close(handle)
            os.close(root)
        self._header.skipped = dict(self._skipped)
        for entry in self.entries:
            if entry.kind is Kind.FILE:
                self._header.files += 1
                self._header.size += entry.size
                self._header.data += sum(length for _, _, length in entry.spans())
                self._header.torn += bool(entry.flags & TORN)
        self._header.lacking = [[gap.path, gap.why] for gap in first_of(self._gaps())]

    def _gaps(self) -> Iterator[Gap]:
        torn = (entry.path for entry in self.entries if entry.flags & TORN)
        for path, why in chain(self._skipped.files, ((path, gaps.TORN) for path in torn), self._skipped.others):
            yield Gap(os.fsdecode(path), why)

    def skips_as(self, before: tuple[Pile, Manifest] | None) -> bool:
        """Whether what was left out is as many things as in the snapshot before."""
        return before is not None and dict(self._skipped) == dict(before[1].header.skipped)

    def is_as_parent(self) -> bool:
        """Whether nothing differs, not even what the next snapshot may rely on."""
        return self._same_volume and len(self.entries) == len(self._parent) and all(map(self._is_same, self.entries))

    def _is_same(self, entry: Entry) -> bool:
        before = self._parent.get(entry.path)
        return before is entry or (
            before is not None
            and entry.kind is before.kind
            and (entry.mode, entry.mtime, entry.size, entry.bits, entry.flags, entry.target)
            == (before.mode, before.mtime, before.size, before.bits, before.flags, before.target)
            and (entry.kind is not Kind.FILE or (entry.ctime == 0) == (before.ctime == 0))
            and list(entry.refs) == list(before.refs)
            and list(entry.holes) == list(before.holes)
        )

    def _take(self, found: Found) -> None:
        seen = found.stat
        entry = Entry(found.path, Kind.DIRECTORY, seen.st_mode & 0o777, seen.st_mtime_ns)
        if stat.S_ISDIR(seen.st_mode):
            self.entries.append(entry)
        elif stat.S_ISLNK(seen.st_mode):
            target = found.link_target()
            if target:
                entry.kind, entry.target = Kind.LINK, target
                self.entries.append(entry)
        else:
            self._take_file(found, entry)

    def _take_file(self, found: Found, entry: Entry) -> None:
        seen = found.stat
        if seen.st_nlink > 1 and (first := self._links.get((seen.st_dev, seen.st_ino))):
            entry.kind, entry.target = Kind.HARD, first.path
            self.entries.append(entry)
            return
        before = self._parent.get(found.path)
        if before is not None and self._is_unchanged(before, seen):
            entry = before
        else:
            try:
                handle = found.open()
            except PermissionError:
                self._skipped.add(found.path, UNREADABLE)
                return
            if handle is None:
                return
            self._open.add(handle)
            entry.kind, entry.bits = Kind.FILE, (before and before.bits) or self._new_bits()
            self._begin(_Reading(entry, handle, os.fstat(handle)))
        self.entries.append(entry)
        if seen.st_nlink > 1:
            self._links[seen.st_dev, seen.st_ino] = entry
        self._count(entry.size)

    def _is_unchanged(self, before: Entry, seen: os.stat_result) -> bool:
        return (
            self._same_volume
            and before.kind is Kind.FILE
            and before.ctime != 0
            and (before.size, before.mtime, before.ctime, before.inode, before.mode)
            == (seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, seen.st_mode & 0o777)
            and not self._builder.is_left(before)
        )

    def _new_bits(self) -> int:
        return _LARGE_BITS if max(self._expected, self._seen) > _LARGE_WORLD else _SMALL_BITS

    def _count(self, size: int) -> None:
        self._seen += size
        if self._progress:
            self._progress(self._seen, self._expected)

    def _begin(self, reading: _Reading) -> None:
        """Hand out the pieces of a file, for the first time or again."""
        entry, seen = reading.entry, reading.before
        reading.tries += 1
        reading.position, reading.refs, reading.holes = 0, array("I"), []
        entry.mode, entry.size, entry.mtime, entry.inode = (
            seen.st_mode & 0o777,
            min(seen.st_size, format.MAX_SIZE),
            seen.st_mtime_ns,
            seen.st_ino,
        )
        entry.ctime = seen.st_ctime_ns if seen.st_ctime_ns < self._now() - RACY else 0
        reading.pieces = 1  # so that it is not done before all are handed out
        for start, length in data_spans(reading.handle, entry.size, 1 << entry.bits):
            for offset in range(start, start + length, PIECE):
                piece = Piece(reading.handle, offset, min(PIECE, start + length - offset), entry.bits)
                reading.pieces += 1
                self._batch.append((reading, piece))
                self._batch_bytes += piece.length
                if self._batch_bytes >= PIECE or len(self._batch) >= _BATCH_FILES:
                    self._submit()
                    while len(self._under_way) > _BATCHES:
                        self._settle()
        self._piece_done(reading)

    def _finish_all(self) -> None:
        while self._batch or self._under_way or self._again:
            if self._batch or self._under_way:
                self._settle()
            else:
                reading = self._again.popleft()
                reading.before = os.fstat(reading.handle)
                self._begin(reading)

    def _submit(self) -> None:
        if self._batch:
            pieces = [piece for _, piece in self._batch]
            self._under_way.append((self._batch, self._pool.submit(digest, pieces, self._builder.known)))
            self._batch, self._batch_bytes = [], 0

    def _settle(self) -> None:
        """Take in the oldest batch."""
        if not self._under_way:
            self._submit()
        batch, result = self._under_way.popleft()
        for (reading, piece), chunks in zip(batch, result.result(), strict=True):
            reading.hole(piece.offset >> piece.bits)
            for chunk in chunks:
                if chunk is None:
                    reading.hole(reading.position + 1)
                else:
                    reading.refs.append(self._builder.ref(chunk.id, chunk.plain, chunk.stored))
                    reading.position += 1
            self._piece_done(reading)

    def _piece_done(self, reading: _Reading) -> None:
        reading.pieces -= 1
        if reading.pieces:
            return
        entry, before, after = reading.entry, reading.before, os.fstat(reading.handle)
        stamps = [(seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns) for seen in (before, after)]
        if stamps[0] != stamps[1]:
            if reading.tries < TRIES:
                self._again.append(reading)  # later: by then it may have come to rest
                return
            entry.flags, entry.ctime = entry.flags | TORN, 0
        reading.hole(-(-entry.size >> entry.bits))
        entry.refs, entry.holes = reading.refs, reading.holes
        self._open.discard(reading.handle)
        os.close(reading.handle)


def refuse_what_is_no_seal(store: Store, server: str, taken: Taken) -> None:
    """After a seal the volume may be given back: what is not in the snapshot would be lost with it.

    Raises `Incomplete`, or `Damaged` where what was saved cannot be read back.
    """
    if taken.gaps.files:
        first = ", ".join(f"{gap.path} ({gap.why})" for gap in taken.gaps.named)
        raise Incomplete(f"{taken.gaps.files} files are not whole in {taken.name}: {first}")
    verified = verify(store, server, taken.name, mend=True, progress=process.Progress())
    if not verified.ok:
        raise Damaged(f"{taken.name} cannot be read back", tuple(f.key for f in verified.found), verified.files)


def main(arguments: list[str]) -> int:
    """One snapshot as a child process of low priority; JSON lines on stdout and exit codes as in process.py.

    The store's secrets come from the environment (store.open_store).
    """
    parser = argparse.ArgumentParser(prog="python -m core.worlds.snapshot")
    process.add_store(parser)
    process.add_folder(parser, "folder", "what is to be kept")
    parser.add_argument("--volume", type=int, required=True)
    parser.add_argument("--run", type=int, required=True)
    parser.add_argument("--note", default="", help="at most 200 characters")
    parser.add_argument("--full", action="store_true", help="read every file, whatever its times say")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="a seal: all of the world is in it, and is read back",
    )
    parser.add_argument("--include", action="append", default=[], metavar="GLOB")
    parser.add_argument("--exclude", action="append", default=[], metavar="GLOB")
    options = parser.parse_args(arguments)

    def work(store: Store) -> Taken:
        taken = snapshot(
            store,
            options.server,
            process.folder_of(options, "folder"),
            volume=options.volume,
            run=options.run,
            note=options.note[:200],
            full=options.full,
            rules=Rules(tuple(options.include), tuple(options.exclude)),
            progress=process.Progress(),
        )
        if options.verify:
            refuse_what_is_no_seal(store, options.server, taken)
        return taken

    return process.run(options, work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
