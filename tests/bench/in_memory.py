"""`dormouse run` with its cluster and its games in memory, so that thousands of servers can run on one machine.

The App is the shipped one (`bot.app.build`). SIGUSR1 writes what it looks like inside
to the file named by BENCH_REPORT: the modules that are loaded, and the event loop's longest block since the last time.
SIGUSR2 takes away the node that all servers run on.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from fakecluster import FakeCluster
from measuring import Ticker
from seed import PLAYERS_MAX

import bot.app
from bot.settings import load
from bot.telemetry import logs
from cogs.faces import Faces
from core.cluster.port import Changed, Listed, News, NodeAway, Observed
from core.games.form.reached import Query as Rule
from core.games.query.port import Endpoint, Players, Query
from core.words import Occupied, PodPhase

OBSERVED = "observed.pickle"
"""In the data folder: what the cluster begins with."""


class Cluster(FakeCluster):
    """Begins with what was seeded."""

    listed: tuple[Observed, ...] = ()

    def begin_with(self, listed: tuple[Observed, ...]) -> None:
        self.listed = listed
        self._volumes = {each.server: set(each.volumes) for each in listed}

    def lose_the_node(self) -> None:
        """That all servers run on."""
        for each in self.listed:
            if each.pod is PodPhase.READY:
                self._send(Changed(replace(each, away=NodeAway("node1", self.now()))))

    async def watch(self) -> AsyncIterator[News]:
        queue: asyncio.Queue[News] = asyncio.Queue()
        self._watchers.append(queue)
        yield Listed(self.listed)
        while True:
            yield await queue.get()


class Busy(Query):
    """Somebody plays everywhere, as a game on the same machine would tell: after one turn of the loop."""

    async def players(self, endpoint: Endpoint, rule: Rule, *, token: str = "") -> Players:
        await asyncio.sleep(0)
        return Players(Occupied(("Bo",), 1), PLAYERS_MAX)


def modules() -> dict[str, list[int]]:
    """Top-level package -> how many of its modules are loaded, and the bytes of their files."""
    number: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        top = name.partition(".")[0]
        number[top] += 1
        if file and os.path.exists(file):
            size[top] += os.path.getsize(file)
    return {top: [number[top], size[top]] for top, _ in size.most_common()}


def of_here(kind: type[Faces], *given: Any, made: Any = Faces.of, **named: Any) -> Faces:
    """The small Discord has one guild: as far as it knows the bot left all others, so nobody may mind that."""
    faces: Faces = made(*given, **named)
    return replace(faces, departures=None, left_owners=None)


async def run() -> None:
    settings, _ = load()
    cluster = Cluster()
    cluster.begin_with(pickle.loads((settings.data_dir / OBSERVED).read_bytes()))
    Faces.of = classmethod(of_here)  # type: ignore[assignment, method-assign]
    app = await bot.app.build(settings, cluster=cluster, queries={"http": Busy()})
    async with Ticker() as ticker:

        def report() -> None:
            inside = {"longest_block": ticker.reset(), "modules": modules()}
            Path(os.environ["BENCH_REPORT"]).write_text(json.dumps(inside))

        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, report)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, cluster.lose_the_node)
        await app.run()


if __name__ == "__main__":
    logs.set_up()
    asyncio.run(run())
