"""Pure: how many played when, as buckets of 5 minutes, of an hour, and of a day, all by UTC.

Between two looks that both know who plays, as many play as the earlier one saw. A bucket adds that up: `seconds` are
players times seconds, and `known` the seconds of which that is known. So buckets that are put together keep both sums,
and an average is one divided by the other. Where nothing is known nothing is added: unknown is never empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

FINE, HOUR, DAY = 300, 3600, 86400
"""Seconds that a bucket spans."""
FINE_FOR, HOURS_FOR, DAYS_FOR = timedelta(hours=49), timedelta(days=35), timedelta(days=400)
"""So long buckets of a span are kept; then those that are shorter than a day become part of the next longer one."""
ROLLED = ((FINE, HOUR, FINE_FOR), (HOUR, DAY, HOURS_FOR))
"""What becomes what, and when."""
MOST_ROWS = FINE_FOR // timedelta(seconds=FINE) + HOUR // FINE + HOURS_FOR // timedelta(hours=1) + 24 + DAYS_FOR.days
"""Buckets of a server that ran in every minute of the time for which they are kept."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """`start` in seconds since 1970. `low` and `high`: the fewest and most players that a look saw. `cpu` in
    millicores and `memory` in MiB: the most that the game was seen to use, 0 where nobody knows."""

    start: int
    span: int = FINE
    known: int = 0
    seconds: int = 0
    low: int = 0
    high: int = 0
    cpu: int = 0
    memory: int = 0

    @property
    def end(self) -> int:
        return self.start + self.span

    @property
    def average(self) -> float | None:
        """Players; None where nothing is known."""
        return self.seconds / self.known if self.known else None


def start_of(at: datetime, span: int = FINE) -> int:
    """Where the bucket begins in which a time lies."""
    return int(at.timestamp()) // span * span


def time_of(start: int) -> datetime:
    return datetime.fromtimestamp(start, UTC)


def spread(since: datetime, until: datetime, online: int) -> Iterator[Bucket]:
    """A time in which so many played, as buckets. Whole seconds: parts of one are the next time's."""
    begin, end = int(since.timestamp()), int(until.timestamp())
    while begin < end:
        start = begin // FINE * FINE
        stop = min(end, start + FINE)
        yield Bucket(start, FINE, stop - begin, online * (stop - begin), online, online)
        begin = stop


def together(one: Bucket, other: Bucket) -> Bucket:
    """Two of the same time as one: the sums are kept, and the extremes."""
    return Bucket(  # not `replace`: every look at a server comes here
        one.start,
        one.span,
        known=one.known + other.known,
        seconds=one.seconds + other.seconds,
        low=min(one.low, other.low),
        high=max(one.high, other.high),
        cpu=max(one.cpu, other.cpu),
        memory=max(one.memory, other.memory),
    )


def rolled(buckets: Iterable[Bucket], span: int) -> list[Bucket]:
    """As buckets of a longer span, in order."""
    found: dict[int, Bucket] = {}
    for bucket in buckets:
        start = bucket.start // span * span
        part = replace(bucket, start=start, span=span)
        found[start] = together(found[start], part) if start in found else part
    return [found[start] for start in sorted(found)]
