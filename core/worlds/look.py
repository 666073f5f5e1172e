"""Looks into a snapshot without bringing it back: its folders, and parts of its files."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

import zstandard

from .errors import Damaged
from .listing import load
from .manifest import Entry, Kind
from .pack import fetch_pack, pack_key, unpack_chunk
from .restore import newest_name
from .source import NEWEST
from .store.port import NotThere, Store


class Look:
    """Of one snapshot, or the newest; may be used by several threads, one after the other."""

    def __init__(self, store: Store, server: str, name: str) -> None:
        """Raises `NoSnapshot`, `Damaged`, StoreError."""
        self.name = newest_name(store, server, _nobody) if name == NEWEST else name
        self._server = server
        self._manifest = load(store, server, self.name, _nobody)
        self._numbers = {entry.path: number for number, entry in enumerate(self._manifest.entries)}
        self._last: tuple[int, bytes] = (-1, b"")  # the chunk that was read last: the next part often begins in it
        self._turn = Lock()

    def entry(self, path: bytes) -> tuple[int, Entry]:
        """With its number in the snapshot; of a hard link, the file's. KeyError where there is none."""
        number = self._numbers[path]
        entry = self._manifest.entries[number]
        return (number, entry) if entry.kind is not Kind.HARD else self.entry(entry.target)

    def folder(self, path: bytes) -> Iterator[tuple[bytes, Entry]]:
        """What is in it, by name, in the order of the snapshot."""
        prefix = path + b"/" if path else b""
        for entry in self._manifest.entries:
            name = entry.path[len(prefix) :]
            if entry.path.startswith(prefix) and name and b"/" not in name:
                yield name, self.entry(entry.path)[1]

    def read(self, store: Store, entry: Entry, start: int, length: int) -> bytes:
        """Of a file. Raises `Damaged`, StoreError."""
        stop = min(entry.size, start + length)
        if start >= stop:
            return b""
        data = bytearray(stop - start)
        with self._turn:
            for ref, offset, size in entry.spans():
                if offset + size > start and offset < stop:
                    plain = self._chunk(store, ref)
                    first, last = max(start, offset), min(stop, offset + size)
                    data[first - start : last - start] = plain[first - offset : last - offset]
        return bytes(data)

    def _chunk(self, store: Store, ref: int) -> bytes:
        if self._last[0] != ref:
            chunks = self._manifest.chunks
            name, _ = self._manifest.packs[chunks.pack[ref]]
            at, stored = chunks.offset[ref], chunks.stored[ref]
            try:
                plain = self._unpacked(store.get(pack_key(self._server, name), at, stored), ref)
            except (ValueError, NotThere):
                whole = fetch_pack(store, self._server, name, _nobody)
                try:
                    plain = self._unpacked(whole[at : at + stored], ref)
                except ValueError as wrong:
                    raise Damaged(str(wrong), (pack_key(self._server, name),)) from wrong
            self._last = ref, plain
        return self._last[1]

    def _unpacked(self, stored: bytes, ref: int) -> bytes:
        chunks = self._manifest.chunks
        return bytes(unpack_chunk(stored, chunks.plain[ref], chunks.id(ref), zstandard.ZstdDecompressor()))


def _nobody(_: object) -> None:
    """Damage is told by whoever verifies (verify.py)."""
