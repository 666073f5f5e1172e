"""The figures of the cluster as Markdown; each part is kept between two marks of its own in docs/performance.md."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from statistics import median

from quiet import Quiet
from report import FILE, ms, table
from resuming import Resumed
from starting import KINDS, Start
from to_ready import Pair, Took

RESUME = 1.5
"""Target: of the bare game's time."""
RATIO, CPU, MEMORY, BLOCK = 1.05, 0.6, 100.0, 0.050
"""Targets: of kubectl's time; seconds for 10,000 objects of a kind; MiB above idle; seconds."""
MOMENTS: Mapping[str, Callable[[Took], float]] = {
    "the pod is there": lambda took: took.pod,
    "it is Ready": lambda took: took.ready,
    "who asked is told": lambda took: took.told,
}


def to_ready(pairs: Sequence[Pair]) -> str:
    took = [(each.dormouse, each.kubectl) for each in pairs]
    return _beside(took, "`/server create`", "kubectl", RATIO)


def resuming(pairs: Sequence[Resumed]) -> str:
    return _beside([(each.dormouse, each.bare) for each in pairs], "**Resume**", "the bare game", RESUME)


def _beside(pairs: Sequence[tuple[Took, Took]], our_name: str, their_name: str, target: float) -> str:
    rows = []
    for what, moment in MOMENTS.items():
        ours, theirs = [moment(each) for each, _ in pairs], [moment(each) for _, each in pairs]
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        ratio, (low, high) = median(ratios), _interval(ratios)
        text = f"{ratio:.2f}"
        rows.append(
            (
                what,
                f"{median(ours):.2f}",
                f"{median(theirs):.2f}",
                f"**{text}**" if what == "it is Ready" and ratio > target else text,
                f"{low:.2f} to {high:.2f}",
                f"{min(ours):.2f} to {max(ours):.2f}",
                f"{min(theirs):.2f} to {max(theirs):.2f}",
            )
        )
    head = (
        "s, medians",
        our_name,
        their_name,
        "ratio of a pair",
        "95 %",
        f"range of {our_name}",
        f"range of {their_name}",
    )
    return f"{table(head, rows)}\n\n{len(pairs)} pairs."


def _interval(values: Sequence[float], resamples: int = 2000) -> tuple[float, float]:
    """Of the median, by bootstrap."""
    chance = random.Random(1)
    medians = sorted(median(chance.choices(values, k=len(values))) for _ in range(resamples))
    return medians[resamples // 40], medians[-resamples // 40]


def starts(dormouse: Sequence[Start], kinds: Sequence[Start], typed: Sequence[Start]) -> str:
    per = 10_000 / dormouse[0].servers
    rows = []
    for kind in KINDS:
        ours, theirs = (median(each.by_kind[kind] for each in side) for side in (kinds, typed))
        rows.append((kind, _within(ours * per, CPU), f"{theirs * per:.2f}", f"{theirs / ours:.0f}"))
    ours, theirs = (median(each.cpu for each in side) for side in (dormouse, typed))
    rows.append(("all five, as the bot starts", f"{ours * per:.2f}", f"{theirs * per:.2f}", f"{theirs / ours:.0f}"))
    cpu = table(("CPU s for 10,000 objects", "Dormouse", "typed client", "ratio"), rows)
    return f"{cpu}\n\n{_rest(dormouse, typed)}"


def _rest(dormouse: Sequence[Start], typed: Sequence[Start]) -> str:
    rows = []
    for name, each in (("Dormouse", dormouse), ("typed client", typed)):
        target = name == "Dormouse"
        block, own = max(one.block for one in each), max(one.own_block for one in each)
        memory = median(one.above_idle for one in each)
        rows.append(
            (
                name,
                f"{median(one.wall for one in each):.1f}",
                f"**{memory:.0f}**" if target and memory > MEMORY else f"{memory:.0f}",
                f"**{ms(block):.0f}**" if target and block > BLOCK else f"{ms(block):.0f}",
                f"**{ms(own):.0f}**" if target and own > BLOCK else f"{ms(own):.0f}",
            )
        )
    head = ("", "wall s", "MiB above idle", "longest block of the loop, ms", "of which its own computing, ms")
    return f"{table(head, rows)}\n\n{len(dormouse)} starts of Dormouse, {len(typed)} of the typed client."


def quiet(found: Quiet) -> str:
    servers, hours = found.running + found.paused, found.seconds / 3600
    rows = [
        (
            "beside the watches",
            str(found.others),
            f"{found.others / hours / servers:.2f}",
            f"{found.others / hours:.0f}",
        ),
        ("watches that ended and were continued", str(found.watches), "", f"{found.watches / hours:.0f}"),
    ]
    head = ("requests", f"in {found.seconds / 60:.1f} min", "a server and hour", "an hour in all")
    asked = ", ".join(f"{times} × {what}" for what, times in sorted(found.asked.items())) or "nothing at all"
    return f"{found.running} running and {found.paused} paused servers: {asked}.\n\n{table(head, rows)}"


def keep(part: str, text: str) -> None:
    begin, end = f"<!-- {part}: written by `make bench-cluster` -->", f"<!-- end of {part} -->"
    before, _, rest = FILE.read_text("utf-8").partition(begin)
    after = rest.partition(end)[2]
    FILE.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}", "utf-8")


def _within(value: float, target: float) -> str:
    return f"{value:.2f}" if value <= target else f"**{value:.2f}**"
