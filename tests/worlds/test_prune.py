"""Tending one server's snapshots: what a policy keeps, and what the store holds afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.worlds.ledger import FileLedger
from core.worlds.listing import listing
from core.worlds.pack import packs_prefix
from core.worlds.prune import prune
from tests.worlds.around import SERVER


def later(**after: float) -> datetime:
    return datetime.now(UTC) + timedelta(**after)


@pytest.fixture
def six(take: Any, world: Path) -> list[str]:
    """Six snapshots of one day, oldest first, each with something of its own."""
    names = []
    for number in range(6):
        (world / "castle").write_bytes(os.urandom(3000 + number))
        names.append(take().name)
    return names


def left(store: Any) -> list[str]:
    return [each.name for each in reversed(listing(store, SERVER))]


def test_a_full_guilds_policy_keeps_the_newest_three(store: Any, six: list[str], tmp_path: Path) -> None:
    done = prune(store, SERVER, FileLedger(tmp_path / "ledger"), later(days=2), policy="lean")
    assert left(store) == six[3:]
    assert done.snapshots == tuple(six[:3])


def test_the_oldest_stays_where_somebody_may_go_back_to_it(store: Any, six: list[str], tmp_path: Path) -> None:
    prune(store, SERVER, FileLedger(tmp_path / "ledger"), later(days=2), policy="lean", named=[six[0]])
    assert left(store) == [six[0], *six[3:]]


def test_who_knows_no_policy_keeps_most(store: Any, six: list[str], tmp_path: Path) -> None:
    prune(store, SERVER, FileLedger(tmp_path / "ledger"), later(days=2))
    assert left(store) == six


def test_it_says_what_the_store_shows_afterwards(store: Any, six: list[str], tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "ledger")
    before = prune(store, SERVER, ledger, later(days=2), policy="lean").stored
    done = prune(store, SERVER, ledger, later(days=5), policy="lean")
    assert done.packs > 0
    assert done.stored == before - done.hidden_bytes
    assert done.stored == sum(each.size for each in store.list(packs_prefix(SERVER)))


def test_the_process_takes_the_policy_by_name(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "core.worlds.prune", "--store", f"folder:{tmp_path / 'store'}"]
    command += ["--server", SERVER, str(tmp_path / "ledgers"), "--policy=lean"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert json.loads(done.stdout)["result"]["stored"] == 0
