"""Brings in what a member has: an archive becomes a snapshot, which is then gone back to as to any other.

As a process of its own: `python -m core.worlds.bring` (see `main`). The snapshot is of volume 0, so that it is never
taken for the newest state of a world.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sys
from pathlib import Path

from . import process
from .errors import Hostile
from .fetch import fetch
from .restore import restore
from .snapshot import Receipt, snapshot
from .store.port import Store
from .unpack import unpack

MOST_MEMORY = 3 << 30
"""Bytes of addresses: an archive's list of contents is read as a whole, and may be made to be large."""


def bring(
    store: Store, server: str, archive: Path, work: Path, *, base: str, into: str, root: str, most: int, note: str
) -> Receipt:
    """A snapshot of the world `base` (a snapshot's name, or "") in which `into` is what `archive` holds.

    `work`: an empty folder. `into`: below the data folder, "" for all of it. `root`: see the catalogue's Import.
    Raises `Hostile` and what `snapshot` and `restore` raise.
    """
    world, new = work / "world", work / "new"
    world.mkdir()
    new.mkdir()
    unpack(archive, new, most)
    content = _begin(new, root)
    if base and into:
        restore(store, server, base, world)
    place = _below(world, into)
    if place != world:
        _clear(place)
    for each in sorted(os.listdir(content)):
        os.rename(content / each, place / each)
    return snapshot(store, server, world, volume=0, run=0, note=note, full=True, progress=process.Progress())


def _begin(folder: Path, root: str) -> Path:
    """The folder that has `root` in it, the nearest to the top; else the innermost of lone folders."""
    if root:
        found = sorted(folder.rglob(root), key=lambda path: (len(path.parts), str(path)))
        if found:
            return found[0].parent
    while True:
        held = list(folder.iterdir())
        if len(held) != 1 or held[0].is_symlink() or not held[0].is_dir():
            return folder
        folder = held[0]


def _below(world: Path, into: str) -> Path:
    """`world/into`, made if missing. What the game left there is hostile: no link on the way is followed."""
    at = world
    for part in Path(into).parts:
        at = at / part
        if at.is_symlink() or (at.exists() and not at.is_dir()):
            at.unlink()
        at.mkdir(exist_ok=True)
    return at


def _clear(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def main(arguments: list[str]) -> int:
    """JSON lines and exit codes as in process.py."""
    parser = argparse.ArgumentParser(prog="python -m core.worlds.bring")
    process.add_store(parser)
    parser.add_argument("work", type=Path, help="an empty folder")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--archive", type=Path)
    where.add_argument("--url", help="or - to read it from the environment's DORMOUSE_IMPORT")
    parser.add_argument("--base", default="", help="the snapshot that keeps what is not replaced")
    parser.add_argument("--into", default="")
    parser.add_argument("--root", default="")
    parser.add_argument("--most", type=int, required=True, help="bytes")
    parser.add_argument("--note", default="")
    options = parser.parse_args(arguments)

    def work(store: Store) -> Receipt:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        try:
            return within(store)
        except MemoryError:
            raise Hostile("many", "its list of contents is larger than the memory that it may take") from None

    def within(store: Store) -> Receipt:
        archive = options.archive
        if archive is None:
            archive = options.work / "archive"
            url = os.environ["DORMOUSE_IMPORT"] if options.url == "-" else options.url
            fetch(url, archive, options.most)
        return bring(
            store,
            options.server,
            archive,
            options.work,
            base=options.base,
            into=options.into,
            root=options.root,
            most=options.most,
            note=options.note,
        )

    return process.run(options, work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
