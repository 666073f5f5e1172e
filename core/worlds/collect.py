"""Hides what nobody needs any more, and notices what somebody else hid: FORMAT.md, "Garbage" (with the proof).

Only the controller collects, one at a time for each server.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Protocol

from .errors import Damaged
from .listing import Pile, load_pile, newest, piles, silent
from .pack import Finding, Report, packs_prefix
from .store.port import NotThere, Store, Version

AGE = timedelta(hours=48)
"""What is younger is never hidden, and what was hidden since then still counts: twice a snapshot's deadline."""

_YOUNG = timedelta(hours=1)  # a manifest that may be newer than the list on which `keep` was decided


class Ledger(Protocol):
    """The keys that this controller decided to hide. Durable when a call returns."""

    def __contains__(self, key: object, /) -> bool: ...

    def add(self, keys: Collection[str]) -> None: ...

    def remove(self, keys: Collection[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class CollectResult:
    """`hidden_bytes`: of packs; the store's lifecycle rule frees them later. `alarms`: for the operator, at once.

    `held`: why no pack was hidden in this run, though some may be garbage; empty if all went as usual.
    """

    snapshots: tuple[str, ...]
    packs: int
    hidden_bytes: int
    alarms: tuple[Finding, ...]
    held: str = ""


def collect(store: Store, server: str, keep: Container[str], now: datetime, ledger: Ledger) -> CollectResult:
    """Hide snapshots whose name is not in `keep`, then packs that no manifest needs.

    Whatever `keep` says, the newest right snapshot stays, and so do those younger than an hour. Safe beside any number
    of running snapshots and restores, and to repeat after a crash. Raises StoreError.
    """
    packs = _packs(store, server)  # before the manifests: what commits meanwhile is seen there
    manifests = piles(store, server)
    alarms = [*_hidden_by_others(manifests, packs, ledger), *_overwritten(store, packs)]
    dropped = _drop(store, server, manifests, keep, now, ledger)
    try:
        named = _named(store, server, manifests, now, ledger, alarms.append)
    except Damaged as error:
        return CollectResult(dropped, 0, 0, tuple(alarms), held=error.detail)
    garbage = [
        versions[0]
        for key, versions in packs.items()
        if not versions[0].hidden and key not in named and versions[0].at <= now - AGE
    ]
    ledger.remove([key for key in named if key in ledger])
    ledger.add([version.key for version in garbage])
    for version in garbage:
        store.hide(version.key)
    return CollectResult(dropped, len(garbage), sum(version.size for version in garbage), tuple(alarms))


def purge(store: Store, server: str, ledger: Ledger) -> int:
    """Hide all of a server that is gone for good; how many keys. The server has no writer any more: see to that."""
    keys = [version.key for version in store.list(f"worlds/{server}/")]
    ledger.add(keys)
    for key in keys:
        store.hide(key)
    return len(keys)


def unhide(store: Store, server: str, ledger: Ledger) -> int:
    """Make visible whatever of this server still can be, by whomever it was hidden; how many keys."""
    tops = {key: next(versions) for key, versions in groupby(_all(store, server), key=lambda version: version.key)}
    hidden = [key for key, top in tops.items() if top.hidden]
    done = 0
    for key in hidden:
        try:
            store.unhide(key)
            done += 1
        except NotThere:
            continue
    ledger.remove(hidden)
    return done


def _all(store: Store, server: str) -> Iterable[Version]:
    return store.list_versions(f"worlds/{server}/")


def _packs(store: Store, server: str) -> dict[str, tuple[Version, ...]]:
    listed = store.list_versions(packs_prefix(server))
    return {key: tuple(versions) for key, versions in groupby(listed, key=lambda version: version.key)}


def _hidden_by_others(
    manifests: list[Pile], packs: dict[str, tuple[Version, ...]], ledger: Ledger
) -> Iterable[Finding]:
    tops = [(pile.key, pile.versions[0]) for pile in manifests] + [(key, each[0]) for key, each in packs.items()]
    for key, top in tops:
        if top.hidden and key not in ledger:
            yield Finding(key, "hidden, but not by us", healed=False)


def _overwritten(store: Store, packs: dict[str, tuple[Version, ...]]) -> Iterable[Finding]:
    """Packs with more than one content. Two that are right come of a put that was repeated, and are no alarm."""
    for key, versions in packs.items():
        contents = [version for version in versions if not version.hidden]
        if len(contents) < 2 or versions[0].hidden:
            continue
        try:
            right = sha256(store.get(key)).hexdigest() == key.rpartition("/")[2]
        except NotThere:
            continue
        if not right:
            yield Finding(key, "overwritten with something else", healed=False)


def _drop(
    store: Store, server: str, manifests: list[Pile], keep: Container[str], now: datetime, ledger: Ledger
) -> tuple[str, ...]:
    found = newest(store, server, manifests, silent)
    newest_right = found[0] if found else None
    visible = [pile for pile in manifests if pile.visible]
    going = [
        pile
        for pile in visible
        if str(pile.name) not in keep and pile is not newest_right and pile.versions[0].at <= now - _YOUNG
    ]
    if newest_right is None:
        going = []  # nothing can be restored any more: whatever is left may be what a person mends it from
    staying = {pile.key for pile in visible} - {pile.key for pile in going}
    ledger.remove([key for key in staying if key in ledger])
    ledger.add([pile.key for pile in going])
    for pile in going:
        store.hide(pile.key)
    return tuple(str(pile.name) for pile in going)


def _named(store: Store, server: str, manifests: list[Pile], now: datetime, ledger: Ledger, report: Report) -> set[str]:
    """Keys of packs that may not be hidden. Raises `Damaged` if a manifest that has a say cannot be read."""
    prefix, named = packs_prefix(server), set()
    for pile in manifests:
        since = pile.hidden_since()
        if since is not None and since <= now - AGE and pile.key in ledger:
            continue
        if not pile.contents:
            report(Finding(pile.key, "only a marker is left", healed=False))
            continue
        manifest = load_pile(store, server, pile, report)
        named |= {prefix + name.hex() for name, _ in manifest.packs}
    return named
