"""`make bench`: how fast Dormouse is, beside a bare discord.py bot and plain SQL in the same run.

`python tests/bench [--quick]`, with the repository and tests/support on PYTHONPATH. The whole run writes its
tables into docs/performance.md, the quick one only prints.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import flood
import imports
import postgres
import report
from crowd import POND, Rush, Trickle, rush, settle, trickle
from imports import LATE, LIBRARIES
from in_memory import OBSERVED
from measuring import Memory
from passes import Pass
from seed import World, fill, make, sqlite_url
from sides import IN_MEMORY, PEER, ROOT, SHIPPED, Side
from targets import Asked

from bot.demo.guild import cast
from core.cluster.local.cluster import LocalCluster

FEW = 10


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything. Seconds and numbers."""

    many: int
    running: int
    starts: int
    trickle: float
    trickle_many: float
    members: int
    rounds: int
    flooded: int
    channels: int
    postgres: bool


WHOLE = Size(
    10_000,
    1_000,
    starts=3,
    trickle=12,
    trickle_many=24,
    members=1000,
    rounds=2,
    flooded=1000,
    channels=50,
    postgres=True,
)
QUICK = Size(
    2_000, 200, starts=1, trickle=4, trickle_many=4, members=300, rounds=1, flooded=100, channels=10, postgres=False
)


class Bench:
    def __init__(self, size: Size, folder: Path) -> None:
        self.size = size
        self.folder = folder
        self.few, self.many = f"{FEW} servers", f"{size.many:,} servers"
        self.sections: list[str] = []

    async def run(self) -> str:
        world = make(servers=self.size.many, running=self.size.running)
        async with self._sides(world) as (peer, few, many):
            del world
            await self._starts(peer, few, many)
            await self._live(peer, few, many)
        await self._flood()
        await self._passes()
        await self._targets()
        self._imports()
        return "\n\n".join(self.sections)

    @contextlib.asynccontextmanager
    async def _sides(self, world: World) -> AsyncIterator[tuple[Side, Side, Side]]:
        sides: list[Side] = []
        for name, command in (("bare discord.py", PEER), (self.few, SHIPPED), (self.many, IN_MEMORY)):
            (folder := self.folder / f"side{len(sides)}").mkdir()
            sides.append(Side(name, command, folder))
        peer, few, many = sides
        await fill(
            sqlite_url(few.folder / "dormouse.db"), make(servers=FEW, running=0, volumes=False), few.folder / OBSERVED
        )
        await fill(sqlite_url(many.folder / "dormouse.db"), world, many.folder / OBSERVED)
        try:
            for side in sides:
                await side.open(self.size.members)
            yield peer, few, many
        finally:
            for side in sides:
                await side.close()
            cluster = LocalCluster(few.folder / "servers")
            await cluster.start(halted=True)
            await cluster.halt(20)
            await cluster.close()

    async def _starts(self, *sides: Side) -> None:
        """Each twice more than counted: the first start registers the commands."""
        starts: dict[str, list[float]] = {side.name: [] for side in sides}
        for number in range(self.size.starts + 1):
            for side in sides:
                took = await side.start()
                if number:
                    starts[side.name].append(took)
                if number < self.size.starts:
                    await side.stop()
                elif side.name == self.many:
                    self.busy = {side.name: await settle(side)}
        self.starts = starts

    async def _live(self, peer: Side, few: Side, many: Side) -> None:
        memory = [(side.name, side.memory()) for side in (peer, few, many)]
        await _resume(few)
        await settle(few)
        with gc_quiet():
            at_few = await trickle([peer, few], self.size.trickle)
            await many.inside()
            at_many = await trickle([peer, many], self.size.trickle_many)
            inside = await many.inside()
            rushes: dict[str, list[Rush]] = {side.name: [] for side in (peer, few, many)}
            for _ in range(self.size.rounds):
                for side in (peer, few, many):
                    await settle(side, at_most=10)
                    rushes[side.name].append(await rush(side, self.size.members))
        self._say_interactions(at_few, at_many, inside["longest_block"], peer.name)
        self._add(f"{self.size.members:,} members at once", report.rushes(rushes))
        targets = {self.few: report.MEMORY["idle"], self.many: report.MEMORY["many"]}
        used: list[tuple[str, Memory, float | None]] = [
            *((f"{name}, idle", each, targets.get(name)) for name, each in memory),
            *((f"{side.name}, after the above", side.memory(), targets.get(side.name)) for side in (peer, few, many)),
        ]
        self._add("Memory", report.memory(used))
        self._add("Start", report.starts(self.starts, self.busy))
        self._add("What is loaded while it runs", report.modules(inside["modules"], LATE))

    def _say_interactions(
        self,
        few: Trickle,
        many: Trickle,
        longest_block: float,
        peer: str,
    ) -> None:
        self._add(f"Interactions, {self.few}", report.interactions(few, peer))
        block = f"The event loop's longest block meanwhile: {longest_block * 1000:.0f} ms."
        self._add(
            f"Interactions, {self.many}, {self.size.running:,} of them running and swept every 15 s",
            f"{report.interactions(many, peer)}\n\n{block}",
        )

    async def _flood(self) -> None:
        (folder := self.folder / "flood").mkdir()
        found = await flood.run(folder, self.size.flooded, self.size.channels)
        what = "Everything changes at once; each server has a card to edit and, when its node is lost, a notice to send"
        self._add(what, report.floods(found))

    async def _passes(self) -> None:
        world = make(servers=self.size.many, running=self.size.many)
        found = {"SQLite": await self._pass(sqlite_url(self.folder / "passes.db"), world)}
        if self.size.postgres and postgres.binaries() is not None:
            with postgres.server() as address:
                found["PostgreSQL"] = await self._pass(f"{address}/postgres", world)
        self._add(f"One pass over {self.size.many:,} running servers", report.passes(found))

    async def _targets(self) -> None:
        world = make(servers=self.size.many, running=self.size.many)
        output = await self._inside("targets.py", sqlite_url(self.folder / "targets.db"), world)
        found = [Asked(**each) for each in json.loads(output)]
        self._add(
            f"{self.size.many:,} games that answer, asked by the sweep and by each bare library", report.asked(found)
        )

    async def _pass(self, url: str, world: World) -> list[Pass]:
        return [Pass(**each) for each in json.loads(await self._inside("passes.py", url, world))]

    async def _inside(self, program: str, url: str, world: World) -> bytes:
        """What a program of this folder prints, over a database with this world."""
        observed = self.folder / OBSERVED
        await fill(url, world, observed)
        path = os.pathsep.join((str(ROOT), str(ROOT / "tests" / "support")))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name(program)),
            url,
            str(observed),
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path},
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        return output

    def _imports(self) -> None:
        self._add("What imports cost", report.imports([imports.measure(name) for name in LIBRARIES]))

    def _add(self, title: str, text: str) -> None:
        section = f"### {title}\n\n{text}"
        print(f"\n{section}", flush=True)
        self.sections.append(section)


@contextlib.contextmanager
def gc_quiet() -> Iterator[None]:
    """No collection in the measuring process while it measures."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _resume(side: Side) -> None:
    """One real game server, and wait until it runs."""
    await side.ask(cast.ADA, "resume", server=POND)
    with contextlib.closing(sqlite3.connect(side.folder / "dormouse.db")) as database:
        async with asyncio.timeout(30):
            while database.execute("SELECT phase FROM servers WHERE name = ?", (POND,)).fetchone() != ("running",):
                await asyncio.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute, smaller numbers, nothing written")
    quick = parser.parse_args().quick
    folder = Path(tempfile.mkdtemp(prefix="dormouse-bench-"))
    began = time.monotonic()
    print(f"On {report.machine()}.", flush=True)
    try:
        text = asyncio.run(Bench(QUICK if quick else WHOLE, folder).run())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    took = f"`make bench` on {report.machine()}, {time.monotonic() - began:.0f} s."
    print(f"\n{took}")
    if not quick:
        report.keep(f"{took}\n\n{text}")


if __name__ == "__main__":
    main()
