"""Brings in what a member has: an archive becomes a snapshot, which is then gone back to as to any other.

As a process of its own: `python -m core.worlds.bring` (see `main`). The snapshot is of volume 0, so that it is never
taken for the newest state of a world.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
from pathlib import Path

from core.nofollow import Spot

from . import process
from .archives.export_format import export_key
from .errors import Hostile
from .fetch import fetch
from .receipt import Receipt
from .restore import newest_name, restore
from .snapshot import snapshot
from .source import NEWEST, split_source
from .store.port import Store
from .unpack import judged

MOST_MEMORY = 3 << 30
"""Bytes of addresses: an archive's list of contents is read as a whole, and may be made to be large."""


def bring(
    store: Store,
    server: str,
    archive: Path,
    work: Path,
    *,
    base: str,
    into: str,
    root: str,
    most: int,
    note: str,
    whole: bool = False,
    key: bytes = b"",
) -> Receipt:
    """A snapshot of the world `base` (a source as a row has it, or "") in which `into` is what `archive` holds.

    `work`: an empty folder. `into`: below the data folder, "" for all of it. `root`: see the catalogue's Import.
    `whole`: an export of this server takes the place of all of the data folder, as the snapshot that it was made of
    would. `key`: that of `export`. Raises `Hostile` and what `snapshot` and `restore` raise.
    """
    world = work / "world"
    world.mkdir()
    with judged(archive, most, server, key) as found:
        if whole and found.mark is not None and found.mark.server == server:
            into = ""
        content = found.content(root, into)
        if base and into:
            _restore(store, server, base, world)
        place = _below(world, into)
        if place != world:
            _clear(place)
        found.write(content, place, into)
    return snapshot(store, server, world, volume=0, run=0, note=note, full=True, progress=process.Progress())


def _restore(store: Store, server: str, base: str, world: Path) -> None:
    """`base` as a row's source: also of another server, or the newest."""
    owner, name = split_source(base, server)
    restore(store, owner, newest_name(store, owner, lambda _: None) if name == NEWEST else name, world)


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
    Spot.of(folder).remove()
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
    parser.add_argument("--whole", action="store_true", help="an export of this server replaces all of the data folder")
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
            whole=options.whole,
            key=export_key(os.environ),
        )

    return process.run(options, work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
