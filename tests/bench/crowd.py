"""Members at a bot: a steady trickle to compare two bots, and a thousand at once."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass, field
from itertools import cycle

from measuring import Load, cpu_of, median, percentile
from sides import Side, Timed, member_ids

from bot.demo.guild import cast

GAP = 0.04
"""Seconds between two members at the same bot: 25 a second, whether earlier ones were answered or not."""
PEOPLE = 100
POND = "Pond 1"
ASKED: dict[str, tuple[str, dict[str, str]]] = {
    "/server show": ("show", {"server": POND}),
    "/server list": ("list", {}),
    "/server keep": ("keep", {"server": POND}),
    "autocomplete": ("show", {"typed": "po"}),
}


@dataclass(slots=True)
class Samples:
    """Seconds. `failed` are those that were not acknowledged within Discord's 3 s, or never answered."""

    acknowledged: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    failed: int = 0

    def add(self, timed: Timed) -> None:
        if timed.acknowledged is None or timed.answered is None:
            self.failed += 1
            return
        self.acknowledged.append(timed.acknowledged)
        self.answered.append(timed.answered)

    @property
    def median(self) -> float:
        return median(self.answered)

    @property
    def p99(self) -> float:
        return percentile(self.answered, 0.99)


@dataclass(frozen=True, slots=True)
class Trickle:
    """By side. `cpu` is seconds of the bot's process for one interaction, all that it does besides included;
    `others` the share of the machine that went to programs that have nothing to do with this."""

    samples: dict[str, dict[str, Samples]]
    cpu: dict[str, float]
    others: float


async def trickle(sides: list[Side], seconds: float) -> Trickle:
    """The sides take turns, half a gap apart; the load is open, not one by one."""
    found = {side.name: {what: Samples() for what in ASKED} for side in sides}
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[None]] = []
    people = cycle(map(str, member_ids(PEOPLE)))  # nobody asks faster than one may

    async def one(side: Side, what: str) -> None:
        command, options = ASKED[what]
        found[side.name][what].add(await side.ask(next(people), command, **options))

    for side in sides:  # the first of each kind compiles and caches
        for command, options in ASKED.values():
            timed = await side.ask(cast.ADA, command, **options)
            assert "Pond" in json.dumps(timed.answer), (side.name, command, timed)  # a refusal is quick, but no result
    load = Load(os.getpid(), *(side.process.pid for side in sides if side.process))
    began, gap = loop.time(), GAP / len(sides)
    for number, what in enumerate(cycle(ASKED)):
        if (at := began + number * GAP) > began + seconds:
            break
        for turn, side in enumerate(sides):
            await asyncio.sleep(max(0.0, at + turn * gap - loop.time()))
            tasks.append(asyncio.create_task(one(side, what)))
    await asyncio.gather(*tasks)
    (_, *used), others = load.read()
    each = len(tasks) / len(sides)
    return Trickle(found, {side.name: cpu / each for side, cpu in zip(sides, used, strict=True)}, others)


@dataclass(slots=True)
class Rush:
    """Many at once: seconds from the first press."""

    samples: Samples
    acknowledged_before_first_answer: int


async def rush(side: Side, members: int) -> Rush:
    """So many different members type `/server show` in the same moment."""
    samples = Samples()
    for timed in await asyncio.gather(*(side.ask(str(user), "show", server=POND) for user in member_ids(members))):
        samples.add(timed)
    first = min(samples.answered, default=0.0)
    return Rush(samples, sum(at <= first for at in samples.acknowledged))


async def settle(side: Side, *, at_most: float = 120.0, share: float = 0.08) -> float:
    """Wait until the bot uses less than `share` of a core over a second; the seconds that took."""
    assert side.process is not None
    loop = asyncio.get_running_loop()
    began = loop.time()
    before = cpu_of(side.process.pid)
    while loop.time() - began < at_most:
        await asyncio.sleep(1.0)
        now = cpu_of(side.process.pid)
        if now - before < share:
            break
        before = now
    return loop.time() - began - 1.0
