"""Worlds for tests and benchmarks: a Minecraft-like one of any size, and a small one with every kind of oddity.

Region files as Anvil has them: 4 KiB sectors, a header of two, and chunks of zlib data that fill whole sectors, so
that about 0.71 of the bytes are left when it is compressed again.
"""

from __future__ import annotations

import os
import random
import socket
import struct
import zlib
from pathlib import Path

SECTOR = 4096


def minecraft(folder: Path, size: int, seed: int = 1) -> None:
    """About `size` bytes of region files, 5 to 8 MiB each, with the small files a world has beside them."""
    pick = random.Random(seed)
    blobs = [_nbt(pick) for _ in range(48)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "level.dat").write_bytes(zlib.compress(pick.randbytes(2000) + bytes(2000)))
    (folder / "playerdata").mkdir()
    for number in range(20):
        (folder / "playerdata" / f"{number:032x}.dat").write_bytes(pick.randbytes(3000))
    regions = folder / "region"
    regions.mkdir()
    left, number = size, 0
    while left > 0:
        data = _region(pick, blobs)[: max(left, SECTOR)]
        (regions / f"r.{number % 16}.{number // 16}.mca").write_bytes(data)
        left -= len(data)
        number += 1


def play(folder: Path, changed: int, seed: int = 2) -> None:
    """Rewrite about `changed` bytes the way a running game does: single chunks, scattered over some of the regions.

    Shaped after a real change of 5.8 MiB in 1 GiB: one region in seven is touched, 147 MiB of files, and within it
    about half, where the players are; there 24 KiB at a time, and the header's timestamps.
    """
    pick = random.Random(seed)
    regions = sorted((folder / "region").iterdir())
    pick.shuffle(regions)
    touched = regions[: max(1, len(regions) // 7)]
    for region in touched:
        sectors = max(8, region.stat().st_size // SECTOR)
        zone = pick.randrange(2, max(3, sectors // 2))
        with region.open("r+b") as file:
            file.seek(SECTOR)
            file.write(pick.randbytes(64))
            left = changed // len(touched)
            while left > 0:
                run = pick.randint(2, 10)
                file.seek(SECTOR * (zone + pick.randrange(sectors // 2)))
                for _ in range(run):
                    file.write(pick.randbytes(int(SECTOR * 0.71)).ljust(SECTOR, b"\0"))
                left -= run * SECTOR
    (folder / "level.dat").write_bytes(zlib.compress(pick.randbytes(2000) + bytes(2000)))


def oddities(folder: Path) -> None:
    """One of each: what a hostile or merely old world may hold."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "empty").write_bytes(b"")
    (folder / "one").write_bytes(b"1")
    (folder / "exact").write_bytes(os.urandom(65536))
    (folder / "over").write_bytes(os.urandom(65537))
    (folder / "zeros").write_bytes(bytes(200_000))
    with (folder / "sparse").open("wb") as file:
        file.seek(50_000_000)
        file.write(b"end")
        file.truncate(80_000_000)
    (folder / "empty folder").mkdir()
    deep = folder / "a" / "b" / "c"
    deep.mkdir(parents=True)
    (deep / "leaf").write_bytes(b"leaf")
    (folder / "Case").write_bytes(b"upper")
    (folder / "case").write_bytes(b"lower")
    (folder / "näme ☃\n").write_bytes(b"snow")
    Path(os.fsdecode(os.fsencode(folder) + b"/not \xff utf-8 \xfe")).write_bytes(b"bytes")
    (folder / "link").symlink_to("one")
    (folder / "outside").symlink_to("/proc/self/environ")
    (folder / "dangling").symlink_to("../nowhere")
    (folder / "folder link").symlink_to("a")
    os.link(folder / "one", folder / "z hard")
    (folder / "script").write_bytes(b"#!/bin/sh\n")
    (folder / "script").chmod(0o755)
    (folder / "secret").write_bytes(b"s")
    (folder / "secret").chmod(0o600)
    (folder / "suid").write_bytes(b"s")
    (folder / "suid").chmod(0o4755)
    os.mkfifo(folder / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()
        os.chdir(folder)  # a socket's path has at most 107 bytes
        try:
            listening.bind("socket")
        finally:
            os.chdir(here)
    for at, path in enumerate(sorted(folder.rglob("*"), reverse=True)):
        os.utime(path, ns=(10**18 + at, 1_234_567_890_123_456_789 + at), follow_symlinks=False)


def picture(folder: Path) -> dict[bytes, tuple[object, ...]]:
    """All that a restore promises to bring back, by path: kind, mode, mtime, content, and who is linked to whom."""
    found: dict[bytes, tuple[object, ...]] = {}
    top = os.fsencode(folder)
    first: dict[int, bytes] = {}
    for path in [top, *sorted(_below(top))]:
        seen, name = os.lstat(path), path[len(top) + 1 :]
        mode, mtime = seen.st_mode & 0o777, seen.st_mtime_ns
        if os.path.islink(path):
            found[name] = ("link", mtime, os.readlink(path))
        elif os.path.isdir(path):
            found[name] = ("directory", mode, mtime)
        elif os.path.isfile(path):
            with open(path, "rb") as file:
                content = zlib.crc32(file.read()), seen.st_size
            twin = first.setdefault(seen.st_ino, name)
            found[name] = ("file", mode, mtime, content, twin)
    return found


def _below(top: bytes) -> list[bytes]:
    return [os.path.join(here, name) for here, folders, files in os.walk(top) for name in [*folders, *files]]


def _nbt(pick: random.Random) -> bytes:
    """Chunk data before zlib: block states are long runs with noise between them."""
    parts = []
    for _ in range(24):
        parts += [pick.randbytes(pick.randint(100, 500)), bytes([pick.randrange(8)]) * pick.randint(200, 2000)]
    return b"".join(parts)


def _region(pick: random.Random, blobs: list[bytes]) -> bytes:
    sectors: list[bytes] = []
    table = bytearray(SECTOR)
    for at in range(pick.randint(620, 1000)):
        data = zlib.compress(
            pick.randbytes(pick.randint(800, 4000)) + pick.choice(blobs)[: pick.randint(2000, 9000)], 1
        )
        count = -(-(len(data) + 5) // SECTOR)
        struct.pack_into(">I", table, 4 * at, (len(sectors) + 2) << 8 | count)
        sectors.append((struct.pack(">IB", len(data) + 1, 2) + data).ljust(count * SECTOR, b"\0"))
    return bytes(table) + pick.randbytes(SECTOR) + b"".join(sectors)
