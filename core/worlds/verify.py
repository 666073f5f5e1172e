"""Checks a snapshot to the last bit: every pack against its name, every chunk against its id.

As a process of its own: `python -m core.worlds.verify` (see `main`).
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import zstandard

from core.progress import OnProgress

from . import process
from .errors import Damaged
from .listing import fetch, pile_of
from .manifest import Kind, Manifest
from .pack import Finding, Report, fetch_pack, pack_key, rows, unpack_chunk
from .store.port import NotThere, Store

_WORKERS = 2  # packs in memory at once


@dataclass(frozen=True, slots=True)
class Verified:
    """`ok`: the snapshot can be restored, every bit. `found`: all that is not as it was put, also where it heals.

    `files` cannot be had any more. `bytes`: of packs that were read.
    """

    name: str
    ok: bool
    packs: int
    chunks: int
    bytes: int
    found: tuple[Finding, ...]
    files: tuple[str, ...]


def verify(store: Store, server: str, name: str, *, mend: bool = False, progress: OnProgress | None = None) -> Verified:
    """Read everything that `name` needs. With `mend`, what is right in an older or hidden version is made visible.

    Raises `NoSnapshot`, `Damaged` (no version of the manifest is right), StoreError.
    """
    found: list[Finding] = []
    pile = pile_of(store, server, name)
    manifest, raw = fetch(store, server, pile, found.append)
    if mend and (found or not pile.visible):
        _mend(store, pile.key, raw)
    total, done = sum(size for _, size in manifest.packs), 0
    bad: set[int] = set()
    starts = _starts(manifest)

    def check(number: int) -> bool:
        return _check_pack(store, server, manifest, number, starts, mend, found.append)

    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="verify") as pool:
        for number, right in enumerate(pool.map(check, range(len(manifest.packs)))):
            done += manifest.packs[number][1]
            if not right:
                bad.add(number)
            if progress:
                progress(done, total)
    in_pack = manifest.chunks.pack
    files = [
        os.fsdecode(entry.path)
        for entry in manifest.entries
        if bad and entry.kind is Kind.FILE and any(in_pack[ref] in bad for ref in entry.refs)
    ]
    return Verified(name, not bad, len(manifest.packs), len(manifest.chunks), done, tuple(found), tuple(files))


def _starts(manifest: Manifest) -> list[int]:
    """The first chunk's number of each pack, and the end."""
    counts = [0] * (len(manifest.packs) + 1)
    for pack in manifest.chunks.pack:
        counts[pack + 1] += 1
    for at in range(1, len(counts)):
        counts[at] += counts[at - 1]
    return counts


def _check_pack(
    store: Store, server: str, manifest: Manifest, number: int, starts: list[int], mend: bool, report: Report
) -> bool:
    name = manifest.packs[number][0]
    key = pack_key(server, name)
    found: list[Finding] = []
    try:
        data = fetch_pack(store, server, name, found.append)
    except Damaged:
        for finding in found:
            report(finding)
        return False
    if found and mend:
        _mend(store, key, data)
    for finding in found:
        report(finding)
    try:
        _check_chunks(memoryview(data), manifest, range(starts[number], starts[number + 1]))
    except ValueError as error:
        report(Finding(key, f"named by the manifest otherwise than it is: {error}", healed=False))
        return False
    return True


def _check_chunks(data: memoryview, manifest: Manifest, numbers: range) -> None:
    chunks, decompressor = manifest.chunks, zstandard.ZstdDecompressor()
    table = {row.offset: row for row in rows(data)}
    for number in numbers:
        offset, stored, plain = chunks.offset[number], chunks.stored[number], chunks.plain[number]
        row = table.get(offset)
        if row is None or (row.id, row.stored, row.plain) != (chunks.id(number), stored, plain):
            raise ValueError(f"no such chunk at {offset}")
        unpack_chunk(data[offset : offset + stored], plain, row.id, decompressor)


def _mend(store: Store, key: str, data: bytes) -> None:
    """Lift the marker if the right version lies just below, else put it on top once more."""
    try:
        store.unhide(key)
        if store.get(key) == data:
            return
    except NotThere:
        pass
    store.put(key, data)


def main(arguments: list[str]) -> int:
    """One check as a child process; JSON lines and exit codes as in process.py, and 65 where `ok` is false."""
    parser = argparse.ArgumentParser(prog="python -m core.worlds.verify")
    process.add_store(parser)
    parser.add_argument("name", help="of the snapshot")
    parser.add_argument("--mend", action="store_true", help="make right older versions visible again")
    options = parser.parse_args(arguments)
    results: list[Verified] = []

    def work(store: Store) -> Verified:
        results.append(verify(store, options.server, options.name, mend=options.mend, progress=process.Progress()))
        return results[0]

    return process.run(options, work) or (0 if results[0].ok else 65)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
