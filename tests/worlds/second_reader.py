"""A reader written from core/worlds/FORMAT.md alone: it shares no code with the writer.

`python tests/worlds/second_reader.py STORE SERVER NAME` prints every path with the SHA-256 of its content, from a
folder store. It believes nobody: each checksum and id is compared.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import zstandard


def visible(store: Path, key: str) -> bytes:
    top = max((store / key).glob(".[0-9]*"), key=lambda path: int(path.name[1:21]))
    assert top.suffix == ".data"
    return top.read_bytes()


def columns(body: bytes, counts: dict[str, int]) -> Iterator[tuple[int, ...] | bytes]:
    p, c, r, g = (counts[name] for name in ("packs", "chunks", "refs", "holes"))
    at = 0
    for layout in (f"{32 * p}s", f"{p}I", f"{p}I", f"{20 * c}s", f"{c}I", f"{c}I", f"{c}I", f"{r}I", f"{2 * g}Q"):
        values = struct.unpack_from("<" + layout, body, at)
        yield values[0] if layout.endswith("s") else values
        at += struct.calcsize("<" + layout)
    yield body[at:]


def chunks(store: Path, server: str, parts: list[tuple[int, ...] | bytes]) -> list[bytes]:
    names, sizes, counts, ids, gaps, stored, plain = parts[:7]
    found: list[bytes] = []
    for number, count in enumerate(counts):
        name = bytes(names[32 * number : 32 * number + 32])
        pack = visible(store, f"worlds/{server}/packs/{name.hex()}")
        assert hashlib.sha256(pack).digest() == name
        assert len(pack) == sizes[number]
        assert pack[-8:] == b"DMPACK1\n"
        end = 0
        for _ in range(count):
            at = len(found)
            start, end = end + gaps[at], end + gaps[at] + stored[at]
            data = pack[start:end]
            if stored[at] != plain[at]:
                data = zstandard.ZstdDecompressor().decompress(data)
            assert len(data) == plain[at]
            assert hashlib.sha256(data).digest()[:20] == ids[20 * at : 20 * at + 20]
            found.append(data)
    return found


def read(store: Path, server: str, name: str) -> Iterator[tuple[int, int, int, bytes, bytes, bytes]]:
    """(kind, mode, mtime, path, target, content) of every entry."""
    raw = visible(store, f"worlds/{server}/snapshots/{name}")
    assert raw[:8] == b"DMSNAP1\n"
    assert name.endswith(raw[8:24].hex())
    assert hashlib.sha256(raw[40:]).digest() == raw[8:40]
    length = struct.unpack_from("<I", raw, 40)[0]
    header = json.loads(raw[44 : 44 + length])
    body = zstandard.ZstdDecompressor().decompress(raw[44 + length :])
    assert len(body) == header["body"]
    parts = list(columns(body, header))
    data = chunks(store, server, parts)
    deltas, holes, rest = iter(parts[7]), iter(parts[8]), bytes(parts[9])
    ref = at = 0
    for _ in range(header["entries"]):
        fields = struct.unpack_from("<BBHIqqQQIIHH", rest, at)
        kind, bits, _, mode, mtime, _, _, size, n_refs, n_holes, n_path, n_target = fields
        path, target = rest[at + 52 : at + 52 + n_path], rest[at + 52 + n_path : at + 52 + n_path + n_target]
        at += 52 + n_path + n_target
        skip = {position for _ in range(n_holes) for position in _run(next(holes), next(holes))}
        content = bytearray()
        while len(content) < size:
            if len(content) >> bits in skip:
                content += bytes(min(1 << bits, size - len(content)))
            else:
                ref = (ref + next(deltas)) & 0xFFFFFFFF
                content += data[ref]
                n_refs -= 1
        assert n_refs == 0
        yield kind, mode, mtime, path, target, bytes(content)


def _run(start: int, count: int) -> range:
    return range(start, start + count)


if __name__ == "__main__":
    for _kind, _mode, _mtime, path, _target, content in read(Path(sys.argv[1]), sys.argv[2], sys.argv[3]):
        print(hashlib.sha256(content).hexdigest(), path)
