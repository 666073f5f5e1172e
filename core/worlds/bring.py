"""Brings in what a member has: an archive becomes a snapshot, which is then gone back to as to any other.

As a process of its own: `python -m core.worlds.bring` (see `main`). The snapshot is of volume 0, so that it is never
taken for the newest state of a world.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from core.nofollow import Spot
from core.record import Record

from . import process
from .archives import nbt
from .archives.export_format import export_key
from .archives.forms import Forms, Plan, name_in
from .errors import Hostile
from .fetch import fetch
from .receipt import Receipt
from .restore import newest_name, restore
from .snapshot import snapshot
from .source import NEWEST, split_source
from .store.port import Store
from .unpack import Judged, judged

MOST_MEMORY = 3 << 30
"""Bytes of addresses: an archive's list of contents is read as a whole, and may be made to be large."""


@dataclass(frozen=True, slots=True)
class Brought(Record):
    """The snapshot that was made, and of a world what was planned."""

    receipt: Receipt
    plan: Plan

    def to_json(self) -> dict[str, Any]:
        told = {"called": self.plan.name, "taken": self.plan.taken, "left": self.plan.left, "more": self.plan.more}
        return self.receipt.to_json() | told


def bring(
    store: Store,
    server: str,
    archive: Path,
    work: Path,
    *,
    base: str,
    most: int,
    note: str,
    forms: Forms | None = None,
    into: str = "",
    sent: str = "",
    whole: bool = False,
    key: bytes = b"",
) -> Brought:
    """A snapshot of the world `base` (a source as a row has it, or "") with what `archive` holds in it.

    `forms`: it is a world, in one of these. None: it is plugins, and goes `into` that folder of the data folder.
    `sent`: what the file was called. `work`: an empty folder. `whole`: an export of this server takes the place of all
    of the data folder, as the snapshot that it was made of would. `key`: that of `export`. Raises `Hostile` and what
    `snapshot` and `restore` raise.
    """
    world = work / "world"
    world.mkdir()
    alone = sent if forms is not None and forms.is_of_world(sent) else ""
    with judged(archive, most, server, key, alone) as found:
        if whole and found.mark is not None and found.mark.server == server:
            planned = Plan(name=_name_in(found, forms))
            found.write(found.content(""), world)
        elif forms is not None:
            planned = found.plan(forms, sent)
            if planned.packed:
                found.check()
            _refuse_newer(found, planned, forms)
            if base and forms.adds:
                _restore(store, server, base, world)
            _make_room(world, forms)
            _put(found, planned, archive, world)
        else:
            planned, content = Plan(), found.content(into)
            if base and into:
                _restore(store, server, base, world)
            found.write(content, _cleared(world, into), into)
    progress = process.Progress()
    return Brought(snapshot(store, server, world, volume=0, run=0, note=note, full=True, progress=progress), planned)


def _refuse_newer(found: Judged, planned: Plan, forms: Forms) -> None:
    """Minecraft opens no world of a later version than its own."""
    if not forms.runs:
        return
    for each in planned.parts[0].members if planned.parts else ():
        if os.fsdecode(each.path) == forms.root and each.kind == "file":
            theirs = nbt.version_of(found.read(each))
            if nbt.is_newer(theirs, forms.runs):
                raise Hostile("newer", f"the server runs {forms.runs}", theirs)


def _name_in(found: Judged, forms: Forms | None) -> str:
    if forms is None or not forms.calls:
        return ""
    return name_in((os.fsdecode(each.path) for each in found.members if each.kind == "file"), forms) or ""


def _make_room(world: Path, forms: Forms) -> None:
    if not forms.place and forms.files:
        for name in Spot.of(world).names():
            if forms.is_replaced(name):
                (Spot.of(world) / name).remove()
    for place in forms.places:
        _cleared(world, place)


def _put(found: Judged, planned: Plan, archive: Path, world: Path) -> None:
    """Into folders that are empty."""
    for part in planned.parts:
        found.write(part.members, _below(world, part.place), part.place)
    for part in planned.parts:
        for old, new in part.copies:
            shutil.copyfile(world / old, world / new, follow_symlinks=False)
    if planned.packed:
        with archive.open("rb") as source, open(_below(world, "") / planned.packed, "xb") as target:
            shutil.copyfileobj(source, target, 1 << 20)


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


def _cleared(world: Path, into: str) -> Path:
    """The folder `into` of it, empty. What stands in its place goes, whatever it is."""
    if not into:
        return world
    above, _, name = into.rpartition("/")
    place = _below(world, above) / name
    if os.path.lexists(place):
        Spot.of(place).remove()
    place.mkdir()
    return place


def _sent(url: str) -> str:
    """What a file of that address is called."""
    return unquote(urlsplit(url).path).rpartition("/")[2]


def _forms(text: str) -> Forms:
    return Forms.of(json.loads(text))


def main(arguments: list[str]) -> int:
    """JSON lines and exit codes as in process.py."""
    parser = argparse.ArgumentParser(prog="python -m core.worlds.bring")
    process.add_store(parser)
    parser.add_argument("work", type=Path, help="an empty folder")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--archive", type=Path)
    where.add_argument("--url", help="or - to read it from the environment's DORMOUSE_IMPORT")
    parser.add_argument("--base", default="", help="the snapshot that keeps what is not replaced")
    parser.add_argument(
        "--forms", type=_forms, help="it is a world: how the game's worlds lie, as JSON (archives/forms.py)"
    )
    parser.add_argument("--into", default="", help="else: the folder that it takes the place of")
    parser.add_argument("--sent", default="", help="what the archive was called")
    parser.add_argument("--whole", action="store_true", help="an export of this server replaces all of the data folder")
    parser.add_argument("--most", type=int, required=True, help="bytes")
    parser.add_argument("--note", default="")
    options = parser.parse_args(arguments)

    def work(store: Store) -> Brought:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        try:
            return within(store)
        except MemoryError:
            raise Hostile("many", "its list of contents is larger than the memory that it may take") from None

    def within(store: Store) -> Brought:
        archive, sent = options.archive, options.sent
        if archive is None:
            archive = options.work / "archive"
            url = os.environ["DORMOUSE_IMPORT"] if options.url == "-" else options.url
            fetch(url, archive, options.most)
            sent = sent or _sent(url)
        return bring(
            store,
            options.server,
            archive,
            options.work,
            base=options.base,
            most=options.most,
            note=options.note,
            forms=options.forms,
            into=options.into,
            sent=sent,
            whole=options.whole,
            key=export_key(os.environ),
        )

    return process.run(options, work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
