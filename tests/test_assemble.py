"""The core is built in one place, by a call that starts nothing."""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from fakecluster import FakeCluster

from core.assemble import assemble
from core.data.database import Database
from core.games.catalogue import BUILT_IN, Catalogue
from core.servers.host_rules import HostRules

ROOT = Path(__file__).parents[1]
BUILT = {
    "Alarms",
    "Cards",
    "Collecting",
    "Controller",
    "Drills",
    "Guilds",
    "LateSnapshots",
    "Operations",
    "Outbox",
    "OwnerNotes",
    "Quotas",
    "ServerParts.build",
    "Servers.build",
    "Sweep",
    "Worlds",
}
"""What core.assemble builds, and nobody else."""


def built_by(file: Path) -> list[str]:
    calls = [each.func for each in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(each, ast.Call)]
    return [name for name in map(ast.unparse, calls) if name in BUILT]


def test_only_assemble_builds_the_core() -> None:
    here = ROOT / "core" / "assemble.py"
    others = [file for room in ("bot", "cogs", "core", "tests") for file in (ROOT / room).rglob("*.py") if file != here]
    assert {str(file.relative_to(ROOT)): found for file in others if (found := built_by(file))} == {}
    assert set(built_by(here)) == BUILT


async def test_it_starts_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'none.db'}")
    cluster, rules = FakeCluster(), HostRules("127.0.0.1", range(25500, 25504), b"key")
    before = asyncio.all_tasks()
    assemble(database, Catalogue.load(BUILT_IN), cluster, rules, lambda: datetime.now(UTC))
    assert asyncio.all_tasks() == before
    assert cluster.calls == []
    assert not (tmp_path / "none.db").exists()


def test_it_loads_nothing_heavy_that_may_not_be_needed() -> None:
    heavy = ("alembic", "b2sdk", "discord", "kubernetes")
    asked = f"import sys, core.assemble; print([name for name in {heavy} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
