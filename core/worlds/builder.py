"""Collects new chunks into packs and puts them, then writes the manifest that names them."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from .manifest import Chunks, Entry, Header, Manifest
from .pack import ID_SIZE, PackWriter, pack_key
from .store.port import Store

_IN_FLIGHT = 2  # packs being put; with the one being filled, three are in memory

SMALL = 1024 * 1024
MANY_SMALL = 256


def left_packs(parent: Manifest, listed: dict[bytes, int]) -> set[int]:
    """Packs of `parent` whose chunks are to be stored anew: not listed with their size, or compacted (FORMAT.md).

    `listed`: name to size of what the store has now.
    """
    left = {at for at, (name, size) in enumerate(parent.packs) if listed.get(name) != size}
    live, stored = parent.live(), [size for _, size in parent.packs]
    if sum(live) * 2 < sum(stored):
        left |= {at for at, size in enumerate(stored) if live[at] * 2 < size}
    small = {at for at, size in enumerate(stored) if size < SMALL}
    return left | small if len(small) > MANY_SMALL else left


class Builder:
    """Numbers chunks as `parent` does and goes on from there, so that what is taken over needs no translation.

    A context: leaving it waits for every put that is under way. `ref` and `finish` raise what a put raised.
    """

    def __init__(
        self, store: Store, server: str, parent: Manifest | None, left: set[int], salt: Callable[[], bytes] | None
    ) -> None:
        self._store = store
        self._server = server
        self._salt = salt
        self._packs: list[tuple[bytes, int]] = list(parent.packs) if parent else []
        self._chunks = parent.chunks if parent else Chunks()
        self._left = left
        ids, packs = self._chunks.ids, self._chunks.pack
        self.known: dict[bytes, int] = {
            bytes(ids[at * ID_SIZE : (at + 1) * ID_SIZE]): at for at, pack in enumerate(packs) if pack not in left
        }
        self._writer: PackWriter | None = None
        self._pool = ThreadPoolExecutor(_IN_FLIGHT, thread_name_prefix="put")
        self._puts: deque[tuple[int, Future[tuple[bytes, int]]]] = deque()
        self.new_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def is_left(self, entry: Entry) -> bool:
        """Whether a chunk of this entry of the parent's has to be stored anew."""
        return bool(self._left) and any(self._chunks.pack[ref] in self._left for ref in entry.refs)

    def ref(self, id: bytes, plain: int, stored: bytes | memoryview | None) -> int:
        """The chunk's number. `stored` may be None only if it is in `known`."""
        number = self.known.get(id)
        if number is not None:
            return number
        assert stored is not None
        if self._writer is not None and not self._writer.fits(len(stored)):
            self._flush()
        if self._writer is None:
            self._writer = PackWriter(self._salt() if self._salt else None)
            self._packs.append((b"", 0))
        offset = self._writer.add(id, stored, plain)
        number = self.known[id] = self._chunks.add(id, len(self._packs) - 1, offset, len(stored), plain)
        return number

    def finish(self, header: Header, entries: list[Entry]) -> Manifest:
        """Puts the last pack, waits for all, and names only what `entries` need."""
        self._flush()
        while self._puts:
            self._settle()
        used = bytearray(len(self._chunks))
        for entry in entries:
            for ref in entry.refs:
                used[ref] = 1
        old = self._chunks
        pack_used = bytearray(len(self._packs))
        for pack, is_used in zip(old.pack, used, strict=True):
            pack_used[pack] |= is_used
        pack_numbers = _renumber(pack_used)
        numbers = _renumber(used)
        chunks = Chunks()
        for at in range(len(old)):
            if used[at]:
                chunks.add(old.id(at), pack_numbers[old.pack[at]], old.offset[at], old.stored[at], old.plain[at])
        for entry in entries:
            if entry.refs:
                entry.refs = array("I", [numbers[ref] for ref in entry.refs])
        packs = [pack for pack, is_used in zip(self._packs, pack_used, strict=True) if is_used]
        header.new = self.new_bytes
        return Manifest(header, packs, chunks, entries)

    def _flush(self) -> None:
        if self._writer is None:
            return
        while len(self._puts) >= _IN_FLIGHT:
            self._settle()
        self._puts.append((len(self._packs) - 1, self._pool.submit(self._put, self._writer)))
        self._writer = None

    def _put(self, writer: PackWriter) -> tuple[bytes, int]:
        name, data = writer.seal()
        self._store.put(pack_key(self._server, name), data)
        return name, len(data)

    def _settle(self) -> None:
        at, put = self._puts.popleft()
        self._packs[at] = put.result()
        self.new_bytes += self._packs[at][1]


def _renumber(used: bytearray) -> array[int]:
    """New numbers, without gaps, of those that are used; the others' are meaningless."""
    numbers, count = array("I"), 0
    for is_used in used:
        numbers.append(count)
        count += is_used
    return numbers
