"""Which snapshots a server has, and the manifest of one of them (FORMAT.md, "Reading")."""

from __future__ import annotations

import os
from collections.abc import Container
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from . import manifest as format
from .errors import Damaged, NoSnapshot
from .gaps import Gaps
from .manifest import HEADER_READ, Header, Manifest, Name
from .pack import Finding, Report
from .store.port import NotThere, Store, Version

_READERS = 8  # headers read at once


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A restorable point in time, as people see it. Sizes in bytes; `at` is when reading the world began (UTC)."""

    name: str
    at: datetime
    size: int
    files: int
    new_bytes: int
    note: str
    gaps: Gaps
    hidden: bool  # by somebody who is not the controller


@dataclass(frozen=True, slots=True)
class Pile:
    """All versions of one manifest's key, newest first."""

    name: Name
    key: str
    versions: tuple[Version, ...]

    @property
    def visible(self) -> bool:
        return not self.versions[0].hidden

    @property
    def contents(self) -> tuple[Version, ...]:
        """Newest first."""
        return tuple(version for version in self.versions if not version.hidden)

    def hidden_since(self) -> datetime | None:
        """When the marker that lies on top was laid; of several in a row the first."""
        since = None
        for version in self.versions:
            if not version.hidden:
                break
            since = version.at
        return since


def snapshots_prefix(server: str) -> str:
    return f"worlds/{server}/snapshots/"


def snapshot_key(server: str, name: Name | str) -> str:
    return f"{snapshots_prefix(server)}{name}"


def piles(store: Store, server: str) -> list[Pile]:
    """Every manifest there ever was and that the store still has, oldest name first. Keys of other kinds are passed."""
    prefix, found = snapshots_prefix(server), []
    for key, versions in groupby(store.list_versions(prefix), key=lambda version: version.key):
        try:
            name = Name.parse(key.removeprefix(prefix))
        except ValueError:
            continue
        if snapshot_key(server, name) == key:  # and not, say, the same number with more zeros
            found.append(Pile(name, key, tuple(versions)))
    return sorted(found, key=lambda pile: pile.name)


def pile_of(store: Store, server: str, name: Name | str) -> Pile:
    """All versions of this one. Raises `NoSnapshot` where there never was such a snapshot, or none is left."""
    try:
        parsed = name if isinstance(name, Name) else Name.parse(name)
    except ValueError as error:
        raise NoSnapshot(str(error)) from error
    pile = Pile(parsed, snapshot_key(server, parsed), store.versions(snapshot_key(server, parsed)))
    if not pile.contents:
        raise NoSnapshot(f"{pile.key}: there is none")
    return pile


def load(store: Store, server: str, name: Name | str, report: Report) -> Manifest:
    """The manifest of this name. Raises `NoSnapshot`, or `Damaged` where no version of it is right."""
    return load_pile(store, server, pile_of(store, server, name), report)


def load_pile(store: Store, server: str, pile: Pile, report: Report) -> Manifest:
    """As `load`. A marker on top is not reported: who laid it is known to the ledger only."""
    return fetch(store, server, pile, report)[0]


def fetch(store: Store, server: str, pile: Pile, report: Report) -> tuple[Manifest, bytes]:
    """The manifest, decoded and as it is kept; from an older version where the newest is wrong."""
    wrong = False
    for version in pile.contents:
        try:
            data = store.get(pile.key, version=version.id)
            decoded = format.decode(data)
            if decoded.header.world != server or decoded.header.name(data) != pile.name:
                raise ValueError("the manifest of another snapshot")
        except (NotThere, ValueError):
            wrong = True
            continue
        if wrong:
            report(Finding(pile.key, "the newest version is not what its name says", healed=True))
        return decoded, data
    report(Finding(pile.key, "no version of the manifest is right", healed=False))
    raise Damaged(f"{pile.key}: no version of the manifest is right", (pile.key,))


def newest(store: Store, server: str, known: list[Pile], report: Report) -> tuple[Pile, Manifest] | None:
    """The newest of `known` that is visible and right; None where there is none. Damaged ones are reported."""
    for pile in reversed(known):
        if pile.visible:
            try:
                return pile, load_pile(store, server, pile, report)
            except Damaged:
                continue
    return None


def listing(store: Store, server: str, own_hides: Container[str] | None = None) -> list[Snapshot]:
    """What can be restored, newest first.

    With the ledger (`own_hides`: keys), snapshots that somebody else hid are listed too and say so. Manifests of which
    not even the header can be read are left out: `verify` names them.
    """

    with ThreadPoolExecutor(_READERS) as pool:
        found = list(pool.map(lambda pile: _shown(store, server, pile, own_hides), reversed(piles(store, server))))
    return [snapshot for snapshot in found if snapshot is not None]


def files_of(store: Store, server: str, name: str) -> list[str]:
    """The paths of all files in a snapshot. Raises `NoSnapshot`, `Damaged`, StoreError."""
    manifest = load_pile(store, server, pile_of(store, server, name), lambda _: None)
    return [os.fsdecode(each.path) for each in manifest.entries if each.kind is format.Kind.FILE]


def latest(store: Store, server: str) -> Snapshot | None:
    """The first of `listing`, for less."""
    shown = (_shown(store, server, pile, None) for pile in reversed(piles(store, server)))
    return next((snapshot for snapshot in shown if snapshot is not None), None)


def _shown(store: Store, server: str, pile: Pile, own_hides: Container[str] | None) -> Snapshot | None:
    hidden = not pile.visible
    if not pile.contents or (hidden and (own_hides is None or pile.key in own_hides)):
        return None
    for version in pile.contents:
        try:
            data = store.get(pile.key, 0, HEADER_READ, version=version.id)
            header = format.decode_header(data)
        except (ValueError, NotThere):
            continue
        if header.name(data) == pile.name and header.world == server:
            return _snapshot(pile.name, header, hidden)
    return None


def _snapshot(name: Name, header: Header, hidden: bool) -> Snapshot:
    return Snapshot(
        name=str(name),
        at=time_of(header.at),
        size=header.size,
        files=header.files,
        new_bytes=header.new,
        note=header.note,
        gaps=header.gaps,
        hidden=hidden,
    )


def time_of(ns: int) -> datetime:
    """Nanoseconds since 1970 as a time. Absurd ones, in manifests of strangers, end at the year 9999."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=min(ns // 1000, 253_402_300_799_000_000))


def silent(_: Finding) -> None:
    """A `Report` for callers who only want the result."""
