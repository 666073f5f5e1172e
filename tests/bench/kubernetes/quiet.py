"""What a bot asks of the Kubernetes API while nothing happens: its servers run or are paused, and nobody plays."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass

from pods import WITHIN
from sides import Side

from bot.demo.guild import cast

FIRST_LOOKS = 40
"""Seconds for what a start asks once: the first two sweeps."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """`asked` by verb and resource, in so many seconds."""

    running: int
    paused: int
    seconds: float
    asked: Counter[str]

    @property
    def watches(self) -> int:
        return sum(times for what, times in self.asked.items() if what.startswith("watch "))

    @property
    def others(self) -> int:
        return self.asked.total() - self.watches


async def listen(side: Side, run: list[str], seconds: float) -> Quiet:
    """Of a bot that counts (counted.py) and was just started; the paused servers `run` are resumed first."""
    for name in run:
        await side.ask(cast.ADA, "resume", server=name)
    async with asyncio.timeout(WITHIN):
        while _phases(side)["running"] < len(run):
            await asyncio.sleep(0.2)
    await asyncio.sleep(FIRST_LOOKS)
    before, began = await _asked(side), time.perf_counter()
    await asyncio.sleep(seconds)
    asked, seconds = await _asked(side) - before, time.perf_counter() - began
    phases = _phases(side)
    return Quiet(phases["running"], phases["paused"], seconds, asked)


async def _asked(side: Side) -> Counter[str]:
    return Counter(await side.inside())


def _phases(side: Side) -> Counter[str]:
    with closing(sqlite3.connect(side.folder / "dormouse.db")) as database:
        return Counter(phase for (phase,) in database.execute("SELECT phase FROM servers"))
