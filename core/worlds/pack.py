"""A pack: chunks, then their table (FORMAT.md, "Pack"). Written once, named by its SHA-256, checked wherever read."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import zstandard

from .errors import Damaged
from .store.port import NotThere, Store

MAGIC = b"DMPACK1\n"
ID_SIZE = 20
PACK_LIMIT = 16 * 1024 * 1024
"""Bytes of a whole pack. A pack is held in memory, once to write and once to read."""

_ROW = struct.Struct(f"<{ID_SIZE}sII")
_FOOTER = struct.Struct("<16sI8s")
ROW_SIZE = _ROW.size

Report = Callable[["Finding"], object]
"""Is told of everything that was found wrong, also where it could be helped."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the store that is not as it was put. `healed`: an older version, or a hidden one, was right."""

    key: str
    what: str
    healed: bool


@dataclass(frozen=True, slots=True)
class Row:
    """Where one chunk lies in a pack."""

    id: bytes
    offset: int
    stored: int
    plain: int


def packs_prefix(server: str) -> str:
    return f"worlds/{server}/packs/"


def pack_key(server: str, name: bytes) -> str:
    """`name` is the SHA-256 itself, 32 bytes."""
    return packs_prefix(server) + name.hex()


def chunk_id(plain: bytes | memoryview) -> bytes:
    return sha256(plain).digest()[:ID_SIZE]


class PackWriter:
    """One pack in the making. `salt` (16 bytes) is random unless a test wants to know the result."""

    def __init__(self, salt: bytes | None = None) -> None:
        self._salt = salt if salt is not None else secrets.token_bytes(16)
        self._data = bytearray()
        self._table = bytearray()

    def __len__(self) -> int:
        """Bytes of the pack if it were sealed now."""
        return len(self._data) + len(self._table) + _FOOTER.size

    def fits(self, stored: int) -> bool:
        return len(self) + stored + _ROW.size <= PACK_LIMIT

    def add(self, id: bytes, stored: bytes | memoryview, plain: int) -> int:
        """The offset at which the chunk now lies."""
        offset = len(self._data)
        self._data += stored
        self._table += _ROW.pack(id, len(stored), plain)
        return offset

    def seal(self) -> tuple[bytes, bytearray]:
        """The pack's name (32 bytes) and the whole of it. Nothing can be added any more."""
        count = len(self._table) // _ROW.size
        self._data += self._table
        self._data += _FOOTER.pack(self._salt, count, MAGIC)
        return sha256(self._data).digest(), self._data


def rows(pack: bytes | memoryview) -> list[Row]:
    """The table. Raises ValueError where it is not one; the caller has compared the whole with its name."""
    if len(pack) < _FOOTER.size:
        raise ValueError("too short for a pack")
    _salt, count, magic = _FOOTER.unpack_from(pack, len(pack) - _FOOTER.size)
    start = len(pack) - _FOOTER.size - count * _ROW.size
    if magic != MAGIC or start < 0:
        raise ValueError("not a pack")
    found, offset = [], 0
    for id, stored, plain in _ROW.iter_unpack(pack[start : start + count * _ROW.size]):
        found.append(Row(id, offset, stored, plain))
        offset += stored
    if offset != start:
        raise ValueError("the table does not add up")
    return found


def unpack_chunk(
    stored: bytes | memoryview, plain: int, id: bytes, decompressor: zstandard.ZstdDecompressor
) -> bytes | memoryview:
    """The chunk's plain bytes. Raises ValueError where they are not what `id` names."""
    data: bytes | memoryview = stored
    if len(stored) != plain:
        try:
            # What a frame says of its size is what is allocated: compare first.
            if zstandard.frame_content_size(stored) != plain:
                raise ValueError("another size than the table says")
            data = decompressor.decompress(stored)
        except zstandard.ZstdError as error:
            raise ValueError(f"not a zstd frame: {error}") from error
    if chunk_id(data) != id:
        raise ValueError("other bytes than the id says")
    return data


def fetch_pack(store: Store, server: str, name: bytes, report: Report) -> bytes:
    """The whole pack, right in every bit; from an older or hidden version where the visible one is not.

    Raises `Damaged` where no version is right.
    """
    key = pack_key(server, name)
    seen: str
    try:
        data = store.get(key)
        if sha256(data).digest() == name:
            return data
        seen = "the newest version is not what its name says"
    except NotThere:
        seen = "hidden or gone"
    for version in store.versions(key):
        if version.hidden:
            continue
        try:
            data = store.get(key, version=version.id)
        except NotThere:
            continue
        if sha256(data).digest() == name:
            report(Finding(key, seen, healed=True))
            return data
    report(Finding(key, seen, healed=False))
    raise Damaged(f"{key}: {seen}, and no older version is right", (key,))
