"""What the libraries cost to import, each in a fresh interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIBRARIES = (
    "aiohttp",
    "discord",
    "sqlmodel.ext.asyncio.session",
    "alembic.command",
    "apscheduler.schedulers.asyncio",
    "pydantic_settings",
    "structlog",
    "babel.numbers",
    "prometheus_client",
    "asyncpg",
    "bot.app",
)
LATE = {
    "alembic": "only a migration needs it",
    "mako": "only alembic's templates need it",
    "asyncpg": "only PostgreSQL needs it",
    "rich": "structlog takes it where it is installed; of our requirements only a developer's tools bring it",
    "pygments": "only `rich` needs it",
    "opengsq": "only games whose protocol it speaks need it",
    "websockets": "only Rust's console needs it",
}
"""Top-level packages that should come when they are used, and what would use them."""
_SCRIPT = """
import json, sys, time
from measuring import Memory
before, began = Memory.of(), time.perf_counter()
__import__(sys.argv[1])
print(json.dumps([time.perf_counter() - began, Memory.of().rss - before.rss, len(sys.modules)]))
"""


@dataclass(frozen=True, slots=True)
class Import:
    """Seconds, and MiB of RSS above the bare interpreter."""

    name: str
    seconds: float
    memory: float
    modules: int


def measure(name: str) -> Import:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join((str(ROOT), str(Path(__file__).parent)))}
    best: list[list[float]] = []
    for _ in range(2):  # the first may have to read from the disk
        ran = subprocess.run(
            [sys.executable, "-c", _SCRIPT, name], env=environ, cwd=ROOT, check=True, capture_output=True, text=True
        )
        best.append(json.loads(ran.stdout))
    seconds, memory, modules = min(best)
    return Import(name, seconds, memory, int(modules))
