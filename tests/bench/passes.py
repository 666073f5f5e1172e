"""One pass of the controller and of the sweep over every server, beside the plain SQL that nobody could do without.

`python passes.py URL OBSERVED` runs on a database that `seed` filled with running servers, and prints JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import pickle
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from in_memory import Cluster
from measuring import Memory, Ticker
from seed import PLAYERS_MAX, make_core
from sqlalchemy import bindparam, select, update

from core.cluster.port import Listed, News, Observed
from core.data.database import Database
from core.data.tables import PortRow, ServerRow
from core.games.form.reached import Query as Rule
from core.games.query.port import Endpoint, Players, Query
from core.idle.sweep import BATCH
from core.words import Empty, Evidence, Occupied


@dataclass(frozen=True, slots=True)
class Pass:
    """Seconds. `cpu` is the whole process', database driver included (PostgreSQL's own is not)."""

    what: str
    peer: bool
    wall: float
    cpu: float
    longest_block: float
    memory: float


class Told(Query):
    """Every game says the same."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence

    async def players(self, endpoint: Endpoint, rule: Rule, *, token: str = "") -> Players:
        await asyncio.sleep(0)
        return Players(self.evidence, PLAYERS_MAX)


def taken(controller: Any) -> asyncio.Event:
    """Set once it has taken the cluster's list."""
    event, take = asyncio.Event(), controller._take

    async def take_and_tell(news: News) -> None:
        await take(news)
        if isinstance(news, Listed):
            event.set()

    controller._take = take_and_tell
    return event


async def measure(what: str, work: Callable[[], Awaitable[None]], *, peer: bool = False) -> Pass:
    gc.collect()
    async with Ticker() as ticker:
        await asyncio.sleep(0.05)
        ticker.reset()
        wall, cpu = time.perf_counter(), time.process_time()
        await work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        await asyncio.sleep(0.01)
        return Pass(what, peer, wall, cpu, ticker.reset(), Memory.of().rss)


async def plain_read(database: Database) -> None:
    """What a controller has to know: every server with its ports."""
    async with database.engine.connect() as connection:
        rows = (await connection.execute(select(ServerRow.__table__))).all()  # type: ignore[attr-defined]
        ports = (await connection.execute(select(PortRow.__table__))).all()  # type: ignore[attr-defined]
    assert len(rows) == len(ports)


async def plain_write(database: Database) -> None:
    """What a sweep has to keep: who plays and since when that is known, a batch to a transaction."""
    table = ServerRow.__table__  # type: ignore[attr-defined]
    query = select(table.c.id).where(table.c.desired == "running", table.c.phase == "running")
    change = update(table).where(table.c.id == bindparam("server")).values(known_at=bindparam("at"))
    async with database.engine.connect() as connection:
        ids = list((await connection.execute(query)).scalars())
    now = datetime.now(UTC)
    for start in range(0, len(ids), BATCH):
        async with database.engine.begin() as connection:
            await connection.execute(change, [{"server": each, "at": now} for each in ids[start : start + BATCH]])


async def run(url: str, listed: tuple[Observed, ...]) -> list[Pass]:
    database = Database(url)
    cluster = Cluster()
    cluster.begin_with(listed)
    queries: dict[str, Query] = {}
    core = make_core(database, cluster, queries)
    core.parts.observed.by_server = {seen.server: seen for seen in cluster.listed}

    async def control() -> None:
        core.parts.observed.stale_since = core.now()  # as at a start: nothing is known before the list
        listed = taken(core.controller)
        task = asyncio.create_task(core.controller.run())
        await listed.wait()
        while core.controller.waiting:
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def sweep(evidence: Evidence) -> Callable[[], Awaitable[None]]:
        queries["http"] = Told(evidence)
        return core.sweep.run

    busy, empty = Occupied(("Bo",), 1), Empty()
    await plain_read(database)
    found = [
        await measure("read all rows and ports", lambda: plain_read(database), peer=True),
        await measure("controller, a full list, nothing to do", control),
        await measure("note for each row that it was seen", lambda: plain_write(database), peer=True),
        await measure("sweep, somebody plays everywhere", sweep(busy)),
        await measure("sweep, everybody has just left", sweep(empty)),
    ]
    await database.close()
    return found


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is the result
    gc.collect()
    gc.freeze()  # as the App does when it has started
    print(
        json.dumps(
            [asdict(each) for each in asyncio.run(run(sys.argv[1], pickle.loads(Path(sys.argv[2]).read_bytes())))]
        )
    )
