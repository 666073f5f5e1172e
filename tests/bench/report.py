"""The figures as Markdown tables, printed and kept between two marks of docs/performance.md."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crowd import Rush, Trickle
from flood import Flood
from imports import Import
from measuring import Memory, median, percentile
from passes import Pass
from targets import WITHIN, Asked

FILE = Path(__file__).parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- measured: written by `make bench` -->", "<!-- end of what was measured -->"
MEDIAN_ABOVE, P99_ABOVE = 3.0, 25.0
"""Targets: milliseconds above the bare bot."""
MEMORY = {"idle": 150.0, "many": 250.0}
"""Targets: MiB."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def machine() -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{os.cpu_count()} cores, {round(pages / 1024**3)} GiB of memory"


def floods(found: Iterable[Flood]) -> str:
    rows = [
        (
            f"{each.what} ({each.servers:,} in {each.channels} channels)",
            f"{each.seconds:.0f}",
            f"{each.least:.0f}",
            f"{each.seconds / each.least:.1f}",
            f"{each.requests:,}",
            str(each.refused),
            f"{each.press:.2f}",
        )
        for each in found
    ]
    head = ("", "s until every card is true", "least", "ratio", "requests", "refused", "longest press, s")
    return table(head, rows)


def interactions(found: Trickle, peer: str) -> str:
    """One table for each pair; what is beyond a target is bold."""
    rows, used = [], found.cpu
    for side, by_command in found.samples.items():
        if side == peer:
            continue
        for what, samples in by_command.items():
            bare = found.samples[peer][what]
            more, more_p99 = ms(samples.median - bare.median), ms(samples.p99 - bare.p99)
            rows.append(
                (
                    what,
                    f"{ms(bare.median):.1f}",
                    f"{ms(samples.median):.1f}",
                    _within(more, MEDIAN_ABOVE, f"{more:+.1f}"),
                    f"{samples.median / bare.median:.1f}",
                    f"{ms(bare.p99):.1f}",
                    f"{ms(samples.p99):.1f}",
                    _within(more_p99, P99_ABOVE, f"{more_p99:+.1f}"),
                    str(len(samples.answered)) + (f", {samples.failed} failed" if samples.failed else ""),
                )
            )
    head = ("ms to the result", "bare", "Dormouse", "more", "ratio", "bare p99", "Dormouse p99", "more", "samples")
    cpu = ", ".join(f"{side} {ms(seconds):.1f}" for side, seconds in used.items())
    return f"{table(head, rows)}\n\nCPU of the bot for one interaction, ms: {cpu}. {others(found.others)}"


def others(share: float) -> str:
    return f"Other programs had {share:.0%} of the machine meanwhile."


def rushes(found: Mapping[str, Sequence[Rush]]) -> str:
    rows = []
    for side, rounds in found.items():
        acknowledged = [at for rush in rounds for at in rush.samples.acknowledged]
        answered = [at for rush in rounds for at in rush.samples.answered]
        first = median([rush.acknowledged_before_first_answer for rush in rounds])
        shares = (0.5, 0.9, 0.99, 1.0)
        rows.append(
            (
                side,
                *(f"{percentile(acknowledged, share):.2f}" for share in shares),
                *(f"{percentile(answered, share):.2f}" for share in shares),
                str(int(first)),
                _within(sum(rush.samples.failed for rush in rounds), 0, None),
            )
        )
    head = (
        "s",
        "ack p50",
        "p90",
        "p99",
        "max",
        "result p50",
        "p90",
        "p99",
        "max",
        "acks before the 1st result",
        "failed",
    )
    return table(head, rows)


def passes(found: Mapping[str, Sequence[Pass]]) -> str:
    rows = []
    for database, each in found.items():
        peer: Pass | None = None
        for one in each:
            ratio = f"{one.cpu / peer.cpu:.1f}" if peer and not one.peer else ""
            peer = one if one.peer else peer
            name = f"*peer: {one.what}*" if one.peer else one.what
            rows.append((database, name, f"{one.wall:.2f}", f"{one.cpu:.2f}", ratio, f"{ms(one.longest_block):.0f}"))
    return table(("on", "pass", "wall s", "CPU s", "CPU, of the peer's", "longest block of the loop, ms"), rows)


def asked(found: Iterable[Asked]) -> str:
    rows = [
        (
            each.protocol,
            each.library,
            f"{each.bare:.2f}",
            f"{each.swept:.2f}",
            _within(each.swept / each.bare, WITHIN, f"{each.swept / each.bare:.2f}"),
            f"{ms(each.longest_block):.0f}",
        )
        for each in found
    ]
    head = ("CPU s", "library", "bare", "the sweep", "ratio", "longest block of the loop, ms")
    return f"{table(head, rows)}\n\nTarget: {WITHIN:g} times the bare library's CPU, the sweep's own SQL included."


def memory(found: Sequence[tuple[str, Memory, float | None]]) -> str:
    rows = [
        (
            name,
            f"{used.rss:.0f}",
            f"{used.pss:.0f}",
            "" if target is None else _within(used.rss, target, f"{target:.0f}"),
        )
        for name, used, target in found
    ]
    return table(("MiB", "RSS", "PSS", "target"), rows)


def starts(found: Mapping[str, Sequence[float]], busy: Mapping[str, float]) -> str:
    rows = [
        (name, f"{median(each):.2f}", f"{max(each):.2f}", f"{busy[name]:.0f}" if name in busy else "")
        for name, each in found.items()
    ]
    return table(("s", "to the first answer, median", "slowest", "then busy for"), rows)


def imports(found: Sequence[Import]) -> str:
    rows = [
        (f"`{one.name}`", f"{one.seconds * 1000:.0f}", f"{one.memory:.0f}", str(one.modules))
        for one in sorted(found, key=lambda one: -one.memory)
    ]
    return table(("alone, in a fresh interpreter", "ms", "MiB", "modules"), rows)


def modules(found: Mapping[str, Sequence[int]], late: Mapping[str, str], most: int = 24) -> str:
    """The largest packages that a bot has loaded which answers commands; those in `late` should not be there."""
    rows = [
        (f"`{name}`", str(number), f"{size / 1024:.0f}", f"**{late[name]}**" if name in late else "")
        for name, (number, size) in found.items()
        if name in late or size
    ]
    unwanted = [row for row in rows[most:] if row[3]]
    return table(("loaded", "modules", "KiB of files", ""), [*rows[:most], *unwanted])


def keep(text: str) -> None:
    """Put `text` between the marks of docs/performance.md."""
    before, _, rest = FILE.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    FILE.write_text(f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}", "utf-8")


def ms(seconds: float) -> float:
    return seconds * 1000


def _within(value: float, target: float, text: str | None) -> str:
    text = f"{value:g}" if text is None else text
    return text if value <= target else f"**{text}**"
