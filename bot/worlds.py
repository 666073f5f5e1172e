"""`dormouse worlds` and `dormouse backup`: what an operator does at a shell, with nothing but the store."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.backup import copies
from bot.lock import only_one
from bot.settings import Settings, load
from core.data.trouble import reason
from core.errors import Misconfigured
from core.text import DEFAULT, size
from core.worlds.collect import unhide
from core.worlds.errors import WorldError
from core.worlds.gaps import FILES, Gaps
from core.worlds.ledger import StoreLedger
from core.worlds.listing import Snapshot, listing
from core.worlds.pack import Finding
from core.worlds.prune import clear_leftovers, prune
from core.worlds.restore import newest_name, restore
from core.worlds.source import NEWEST
from core.worlds.store import Store, StoreError, open_store
from core.worlds.verify import verify


def run(chosen: argparse.Namespace) -> int:
    settings, _ = load()
    place = settings.store_place
    try:
        store = open_store(place.place, place.env)
        if chosen.command == "backup":
            return _BACKUP[chosen.verb](chosen, settings, store)
        return _WORLDS[chosen.verb](chosen, settings, store)
    except (StoreError, WorldError) as wrong:
        raise Misconfigured([wrong.detail]) from wrong
    except OSError as wrong:
        raise Misconfigured([str(wrong)]) from wrong


def servers(store: Store) -> list[str]:
    """All that the store has a world of."""
    return sorted({each.key.split("/")[1] for each in store.list_versions("worlds/")})


def _ls(chosen: argparse.Namespace, _: Settings, store: Store) -> int:
    if chosen.server is None:
        for server in servers(store):
            found = listing(store, server)
            print(server, len(found), _line(found[0]) if found else "-", sep="  ")
        return 0
    for each in listing(store, chosen.server):
        print(_line(each))
    return 0


def _line(each: Snapshot) -> str:
    remark = [each.note] * bool(each.note) + ["hidden by somebody"] * each.hidden + _gaps(each.gaps)
    return "  ".join([each.name, each.at.strftime("%Y-%m-%d %H:%M:%S"), size(DEFAULT, each.size), *remark])


def _gaps(gaps: Gaps) -> list[str]:
    """What a snapshot lacks, on one line; a name is a member's, and may hold anything."""
    said = []
    if gaps.files:
        named = [f"{gap.path!a} ({gap.why})" for gap in gaps.named]
        more = ["..."] * (len(named) < gaps.files)
        said.append(f"lacks {_files(gaps.files)}: {', '.join([*named, *more])}")
    if gaps.others:
        reasons = ", ".join(f"{count} {why}" for why, count in sorted(gaps.counts.items()) if why not in FILES)
        said.append(f"left out: {reasons}")
    return said


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _check(chosen: argparse.Namespace, _: Settings, store: Store) -> int:
    bad = 0
    for server in [chosen.server] if chosen.server else servers(store):
        found = listing(store, server)
        for each in found if chosen.all else found[:1]:
            try:
                said = verify(store, server, each.name, mend=chosen.mend)
            except WorldError as wrong:
                bad += 1
                print(server, each.name, wrong.detail, sep="  ")
                continue
            bad += not said.ok or each.gaps.files > 0
            words = ["well" if said.ok else f"damaged: {_files(len(said.files))}", *_gaps(each.gaps)]
            print(server, each.name, *words, sep="  ")
            _print(said.found)
    return 1 if bad else 0


def _print(found: Iterable[Finding]) -> None:
    for each in found:
        print("  ", each.key, each.what, *["(healed)"] * each.healed)


def _restore(chosen: argparse.Namespace, _: Settings, store: Store) -> int:
    found: list[Finding] = []
    name = newest_name(store, chosen.server, found.append) if chosen.snapshot == NEWEST else chosen.snapshot
    chosen.folder.mkdir(parents=True, exist_ok=True)
    said = restore(store, chosen.server, name, chosen.folder)
    print(f"{chosen.folder} is as it was at {said.saved_at:%Y-%m-%d %H:%M:%S} UTC: {said.files} files.")
    _print([*found, *said.found])
    return 0


def _collect(chosen: argparse.Namespace, settings: Settings, store: Store) -> int:
    now, alarms = datetime.now(UTC), 0
    for server in [chosen.server] if chosen.server else servers(store):
        said = prune(store, server, _ledger(settings, store, server), now)
        alarms += len(said.alarms)
        print(
            server,
            f"{len(said.snapshots)} snapshots and {size(DEFAULT, said.hidden_bytes)} hidden",
            said.held,
            sep="  ",
        )
        _print(said.alarms)
    clear_leftovers(store, now)
    return 1 if alarms else 0


def _unhide(chosen: argparse.Namespace, settings: Settings, store: Store) -> int:
    print(unhide(store, chosen.server, _ledger(settings, store, chosen.server)), "objects are visible again.")
    return 0


def _drill(chosen: argparse.Namespace, settings: Settings, store: Store) -> int:
    bad = 0
    for server in [chosen.server] if chosen.server else servers(store):
        found = listing(store, server)
        if not found:
            continue
        with tempfile.TemporaryDirectory(dir=_scratch(settings)) as folder:
            try:
                said = restore(store, server, found[0].name, Path(folder))
                print(server, found[0].name, f"{said.files} files came back", sep="  ")
            except WorldError as wrong:
                bad += 1
                print(server, found[0].name, wrong.detail, sep="  ")
    return 1 if bad else 0


def _scratch(settings: Settings) -> Path | None:
    """Where a world has room beside the database; None: wherever the system has some."""
    work = settings.data_dir / "work"
    return next((each for each in (work, settings.data_dir) if each.is_dir()), None)


def _ledger(settings: Settings, store: Store, server: str) -> StoreLedger:
    return StoreLedger(store, server, settings.data_dir / "ledger" / server)


def _take(_: argparse.Namespace, settings: Settings, store: Store) -> int:
    try:
        print(copies.take(settings.database, settings.data_dir, store, datetime.now(UTC)).key)
    except DBAPIError as wrong:
        raise Misconfigured([f"The database cannot be used: {reason(wrong)}."]) from wrong
    return 0


def _copies(_: argparse.Namespace, __: Settings, store: Store) -> int:
    for each in copies.found(store):
        print(copies.name(each), size(DEFAULT, each.size), sep="  ")
    return 0


def _put_back(chosen: argparse.Namespace, settings: Settings, store: Store) -> int:
    with only_one(settings.data_dir):
        aside = copies.restore(store, chosen.name, settings.database, settings.data_dir)
    print("The database is as it was then." + (f" The one before lies in {aside}." if aside else ""))
    return 0


def _rebuild(_: argparse.Namespace, settings: Settings, store: Store) -> int:
    from bot.backup.rebuild import rebuild  # it needs all of core

    with only_one(settings.data_dir):
        found = asyncio.run(rebuild(settings, store))
    what = "1 server" if len(found) == 1 else f"{len(found)} servers"
    print(f"{what} came back, paused: {', '.join(found)}." if found else "No server was missing.")
    return 0


_Verb = Callable[[argparse.Namespace, Settings, Store], int]
_WORLDS: dict[str, _Verb] = {
    "ls": _ls,
    "check": _check,
    "restore": _restore,
    "collect": _collect,
    "unhide": _unhide,
    "drill": _drill,
}
_BACKUP: dict[str, _Verb] = {"take": _take, "ls": _copies, "restore": _put_back, "rebuild": _rebuild}
