"""One archive of a snapshot, for people: a ZIP that opens anywhere, put on the store (FORMAT.md, "Exports").

As a process of its own: `python -m core.worlds.export` (see `main`). Links are kept as links, never followed.
"""

from __future__ import annotations

import argparse
import os
import posixpath
import secrets
import stat
import struct
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import process
from .archives.export_format import Extra, Mark, export_key, portable, seal
from .restore import restore
from .store.port import Store

_FIRST, _LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)  # times that a ZIP can say
_BLOCK = 1024 * 1024
_LARGE = 1 << 31  # bytes; more needs fields that the oldest tools do not know
_UNIX, _DOS_FOLDER = 3, 0x10
_TIMES = 0x5455  # the extra field with seconds since 1970, which the tools of all systems read


@dataclass(frozen=True, slots=True)
class Export:
    """`key` on the store; `size` in bytes."""

    key: str
    size: int
    files: int


@dataclass(frozen=True, slots=True)
class _Found:
    """Something in the world: its own path, and the one that it has in the ZIP."""

    path: bytes
    name: str
    seen: os.stat_result


def export(store: Store, server: str, name: str, title: str, work: Path, key: bytes = b"") -> Export:
    """`title`: the file's name without its ending, A-Z a-z 0-9 - only. `work`: empty, with room for the world twice.

    With `key`, links that lead out can be taken in again. Raises as `restore` does.
    """
    world, archive = work / "world", work / "archive.zip"
    world.mkdir()
    restore(store, server, name, world, process.Progress())
    files = _pack(world, archive, server, key)
    placed = f"exports/{server}/{secrets.token_hex(16)}/{title}.zip"
    store.put_file(placed, archive)
    return Export(placed, archive.stat().st_size, files)


def _pack(world: Path, archive: Path, server: str, key: bytes) -> int:
    """How many files and links."""
    top, count = os.fsencode(world), 0
    seen = os.lstat(top)
    first: dict[int, _Found] = {}  # of files that have several names
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6, strict_timestamps=False) as target:
        target.comment = Mark(server, seen.st_mode & 0o777, seen.st_mtime_ns).to_comment()
        for found in _walk(top):
            path = os.path.join(top, found.path)
            if stat.S_ISDIR(found.seen.st_mode):
                target.writestr(_info(found), b"")
                continue
            count += 1
            if stat.S_ISLNK(found.seen.st_mode):
                text = os.readlink(path)
                target.writestr(_info(found, seal=seal(key, server, found.path, text)), text)
            elif (same := first.setdefault(found.seen.st_ino, found)) is not found:
                text = os.fsencode(posixpath.relpath(same.name, posixpath.dirname(found.name) or "."))
                target.writestr(_info(found, same=same.path), text)
            else:
                with open(path, "rb") as source, target.open(_info(found), "w", force_zip64=_is_large(found)) as into:
                    while block := source.read(_BLOCK):
                        into.write(block)
    return count


def _walk(top: bytes, folder: bytes = b"", named: str = "") -> Iterator[_Found]:
    """Everything below, each folder before what it holds. What may not be read is made readable: this copy is ours."""
    here = os.path.join(top, folder)
    os.chmod(here, 0o700)
    for own, name in portable(os.listdir(here)).items():
        path = folder + own
        seen = os.lstat(os.path.join(top, path))
        if stat.S_ISDIR(seen.st_mode):
            yield _Found(path, f"{named}{name}/", seen)
            yield from _walk(top, path + b"/", f"{named}{name}/")
            continue
        if stat.S_ISREG(seen.st_mode) and not seen.st_mode & stat.S_IRUSR:
            os.chmod(os.path.join(top, path), 0o600)
        yield _Found(path, named + name, seen)


def _info(found: _Found, *, same: bytes = b"", seal: bytes = b"") -> zipfile.ZipInfo:
    """`same`: of a hard link, the file's path. To other tools it is a symbolic link."""
    seen, is_folder = found.seen, stat.S_ISDIR(found.seen.st_mode)
    info = zipfile.ZipInfo(found.name, _time(seen))
    info.create_system, info.compress_type = _UNIX, zipfile.ZIP_DEFLATED
    mode = stat.S_IFLNK | 0o777 if same else seen.st_mode & 0xFFFF
    info.external_attr = mode << 16 | (_DOS_FOLDER if is_folder else 0)
    path = b"" if found.name.removesuffix("/").encode() == found.path else found.path
    info.extra = _seconds(seen) + Extra(seen.st_mtime_ns, path, same, seal).to_bytes()
    return info


def _is_large(found: _Found) -> bool:
    return found.seen.st_size >= _LARGE


def _time(seen: os.stat_result) -> tuple[int, int, int, int, int, int]:
    said = time.gmtime(max(0, seen.st_mtime))[:6]
    return min(max(said, _FIRST), _LAST)


def _seconds(seen: os.stat_result) -> bytes:
    seconds = int(seen.st_mtime)
    return struct.pack("<HHBi", _TIMES, 5, 1, seconds) if -(1 << 31) <= seconds < 1 << 31 else b""


def main(arguments: list[str]) -> int:
    """JSON lines and exit codes as in process.py."""
    parser = argparse.ArgumentParser(prog="python -m core.worlds.export")
    process.add_store(parser)
    parser.add_argument("name", help="of the snapshot")
    parser.add_argument("work", type=Path, help="an empty folder")
    parser.add_argument("--title", default="world")
    options = parser.parse_args(arguments)
    key = export_key(os.environ)
    return process.run(
        options, lambda store: export(store, options.server, options.name, options.title, options.work, key)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
