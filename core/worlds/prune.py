"""Keeps snapshots few enough, and the store free of what it holds for a while only.

Which stay, retention.py decides; collect.py acts.

As a process of its own: `python -m core.worlds.prune` (see `main`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from . import process
from .collect import CollectResult, Ledger, collect, purge
from .ledger import StoreLedger
from .listing import Snapshot, listing
from .pack import packs_prefix
from .retention import MOST, POLICIES, Point, keep
from .store.port import Store

EXPORTS_FOR = timedelta(days=1)
HIDDEN_FOR = timedelta(days=30)
"""What is hidden can be brought back for so long; on B2 the bucket's lifecycle rule says the same."""

_OURS_FOR = timedelta(days=7)  # snapshots that the bot took for an Undo


@dataclass(frozen=True, slots=True)
class Cleared:
    """`exports` were hidden, `versions` deleted for good."""

    exports: int
    versions: int


@dataclass(frozen=True, slots=True)
class Pruned(CollectResult):
    """`stored`: bytes of all packs of this server that the store shows now; a receipt counts them likewise."""

    stored: int = 0


def prune(
    store: Store,
    server: str,
    ledger: Ledger,
    now: datetime,
    *,
    policy: str = MOST,
    named: Collection[str] = (),
    only: bool = False,
) -> Pruned:
    """Hide what `policy` (one of POLICIES) does not keep. `named`: what somebody may still go back to; `only` that is
    kept, and the newest. Raises StoreError."""
    found = listing(store, server, ledger)
    kept = set(named)
    if not only:
        kept |= keep([_point(each, now) for each in found], POLICIES[policy], now)
    done = collect(store, server, kept, now, ledger)
    stored = sum(version.size for version in store.list(packs_prefix(server)))
    return Pruned(done.snapshots, done.packs, done.hidden_bytes, done.alarms, done.held, stored)


def clear_leftovers(store: Store, now: datetime) -> Cleared:
    """What belongs to no server: downloads that are over, and what has been hidden for long."""
    over = [each.key for each in store.list("exports/") if each.at < now - EXPORTS_FOR]
    for key in over:
        store.hide(key)
    return Cleared(len(over), store.expire(now - HIDDEN_FOR))


def _point(each: Snapshot, now: datetime) -> Point:
    pinned = bool(each.note) and (not each.note.startswith("~") or each.at > now - _OURS_FOR)
    return Point(each.name, each.at, good=not each.gaps.files, pinned=pinned)


def main(arguments: list[str]) -> int:
    """JSON lines and exit codes as in process.py."""
    parser = argparse.ArgumentParser(prog="python -m core.worlds.prune")
    process.add_store(parser)
    parser.add_argument("ledgers", type=Path, help="a folder where a file a server was once")
    parser.add_argument("--keep", action="append", default=[], metavar="SNAPSHOT")
    parser.add_argument("--policy", default=MOST, choices=POLICIES, help="what else is kept")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--only", action="store_true", help="keep nothing else, but the newest")
    how.add_argument("--purge", action="store_true", help="hide all of it: the server is gone for good")
    how.add_argument(
        "--leftovers", action="store_true", help="no server's: downloads that are over, what was hidden long ago"
    )
    options = parser.parse_args(arguments)
    now = datetime.now(UTC)

    def work(store: Store) -> object:
        if options.leftovers:
            return clear_leftovers(store, now)
        ledger = StoreLedger(store, options.server, options.ledgers / options.server)
        if options.purge:
            return {"hidden": purge(store, options.server, ledger)}
        return prune(store, options.server, ledger, now, policy=options.policy, named=options.keep, only=options.only)

    return process.run(options, work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
