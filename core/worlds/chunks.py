"""Reads pieces of files and turns them into chunks: the part that costs CPU, run in threads (none of it holds the GIL).

A piece is some chunks of one file. Small ones travel together in a batch, because handing over to a thread costs as
much as hashing 100 KiB.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Container, Sequence
from dataclasses import dataclass

import zstandard

from .pack import chunk_id

PIECE = 2 * 1024 * 1024
"""Bytes read at once, and bytes of a batch: a handful of them are in memory."""

LEVEL = 1
"""Of zstd. Region files are compressed already: level 3 takes a third more CPU to save half a percent of a world."""

_ZEROS = bytes(1 << 24)
_local = threading.local()


@dataclass(frozen=True, slots=True)
class Piece:
    """`length` bytes from `offset` of an open file, in chunks of `1 << bits`; `offset` is a multiple of that."""

    handle: int
    offset: int
    length: int
    bits: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk that is not zeros. `stored` is None where it is known already."""

    id: bytes
    plain: int
    stored: bytes | None


def digest(pieces: Sequence[Piece], known: Container[bytes]) -> list[list[Chunk | None]]:
    """The chunks of each piece in order, None for one of zeros only.

    A file that ended before the piece does yields zeros for what is missing: it changed while it was read, which the
    caller notices by its stat.
    """
    return [_digest(piece, known) for piece in pieces]


def _digest(piece: Piece, known: Container[bytes]) -> list[Chunk | None]:
    data, step = _read(piece), 1 << piece.bits
    return [_chunk(data[at : at + step], known) for at in range(0, len(data), step)]


def _read(piece: Piece) -> memoryview:
    """In this thread's buffer, good until its next reading: a new one each time would cost a third of the CPU time."""
    data, filled = memoryview(_buffer())[: piece.length], 0
    while filled < piece.length:
        count = os.preadv(piece.handle, [data[filled:]], piece.offset + filled)
        if not count:
            data[filled:] = bytes(piece.length - filled)
            break
        filled += count
    return data


def _chunk(plain: memoryview, known: Container[bytes]) -> Chunk | None:
    if plain[0] == 0 and plain == memoryview(_ZEROS)[: len(plain)]:
        return None
    id = chunk_id(plain)
    if id in known:
        return Chunk(id, len(plain), None)
    packed = _compressor().compress(plain)
    return Chunk(id, len(plain), packed if len(packed) < len(plain) else bytes(plain))


def _compressor() -> zstandard.ZstdCompressor:
    found: zstandard.ZstdCompressor | None = getattr(_local, "compressor", None)
    if found is None:
        found = _local.compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=False)
    return found


def _buffer() -> bytearray:
    found: bytearray | None = getattr(_local, "buffer", None)
    if found is None:
        found = _local.buffer = bytearray(PIECE)
    return found
