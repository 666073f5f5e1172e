"""One archive of a snapshot, for people: a ZIP that opens anywhere, put on the store.

As a process of its own: `python -m core.worlds.export` (see `main`). Links are kept as links, never followed.
"""

from __future__ import annotations

import argparse
import os
import secrets
import stat
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from . import process
from .restore import restore
from .store.port import Store

_FIRST, _LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)  # times that a ZIP can say


@dataclass(frozen=True, slots=True)
class Exported:
    """`key` on the store; `size` in bytes."""

    key: str
    size: int
    files: int


def export(store: Store, server: str, name: str, title: str, work: Path) -> Exported:
    """`title`: the file's name without its ending, A-Z a-z 0-9 - only. `work`: empty, with room for the world twice.

    Raises as `restore` does.
    """
    world, archive = work / "world", work / "archive.zip"
    world.mkdir()
    restore(store, server, name, world, process.Progress())
    files = _pack(world, archive)
    key = f"exports/{server}/{secrets.token_hex(16)}/{title}.zip"
    store.put_file(key, archive)
    return Exported(key, archive.stat().st_size, files)


def _pack(world: Path, archive: Path) -> int:
    """How many files and links."""
    count = 0
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6, strict_timestamps=False) as target:
        for folder, folders, files in os.walk(world):
            for name in sorted([*folders, *files]):
                path = Path(folder, name)
                seen = path.lstat()
                info = zipfile.ZipInfo(os.fsencode(path.relative_to(world)).decode("utf-8", "replace"), _time(seen))
                info.external_attr = (seen.st_mode & 0xFFFF) << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                if stat.S_ISDIR(seen.st_mode):
                    info.filename += "/"
                    target.writestr(info, b"")
                elif stat.S_ISLNK(seen.st_mode):
                    target.writestr(info, os.fsencode(os.readlink(path)))
                    count += 1
                elif stat.S_ISREG(seen.st_mode):
                    with path.open("rb") as source, target.open(info, "w", force_zip64=True) as into:
                        while block := source.read(1024 * 1024):
                            into.write(block)
                    count += 1
    return count


def _time(seen: os.stat_result) -> tuple[int, int, int, int, int, int]:
    said = time.gmtime(max(0, seen.st_mtime))[:6]
    return min(max(said, _FIRST), _LAST)


def main(arguments: list[str]) -> int:
    """JSON lines and exit codes as in process.py."""
    parser = argparse.ArgumentParser(prog="python -m core.worlds.export")
    process.add_store(parser)
    parser.add_argument("name", help="of the snapshot")
    parser.add_argument("work", type=Path, help="an empty folder")
    parser.add_argument("--title", default="world")
    options = parser.parse_args(arguments)
    return process.run(options, lambda store: export(store, options.server, options.name, options.title, options.work))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
