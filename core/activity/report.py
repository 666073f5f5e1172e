"""Pure: what an answer about activity says, from buckets. Its picture and its text show the same of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from core.activity.buckets import HOUR, HOURS_FOR, Bucket, time_of
from core.activity.saved import Saved

DEFAULT_DAYS, MOST_DAYS = 7, 365
MOST_POINTS = 130
"""More than that are too close to be told apart on a phone."""
STEPS = tuple(timedelta(seconds=each) for each in (900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 7 * 86400))
FIRST = timedelta(minutes=10)
"""Before that there is nothing to show."""
MOST_BUSY = 3
NOT_SEEN_FOR = timedelta(days=30)
MOST_NOT_SEEN = 10
MOST_SERVERS = 5


@dataclass(frozen=True, slots=True)
class Point:
    """A step of the chart. `average` None: nothing is known of it, mostly because no game ran."""

    at: datetime
    average: float | None
    high: int


@dataclass(frozen=True, slots=True)
class Longest:
    """`name` empty: somebody was on so long, maybe several after each other. `exact`: beginning and end were seen; else
    it may have been longer."""

    lasted: timedelta
    name: str = ""
    exact: bool = True


@dataclass(frozen=True, slots=True)
class NotSeen:
    name: str
    last: datetime


@dataclass(frozen=True, slots=True)
class ServerHours:
    name: str
    played: timedelta


@dataclass(frozen=True, slots=True)
class Report:
    """`server`: its id, and `name`; empty where it is about all servers of a guild. `played`: the time of all players
    together. `high`: the most at once, on one server. `hours`: players on average in each hour of the day in `zone`.
    `cpu` in millicores and `memory` in MiB: the most that a game used, 0 where nobody knows. `named`: players are.
    `may_forget`: the reader may have a name forgotten."""

    since: datetime
    until: datetime
    days: int
    zone: tzinfo
    points: tuple[Point, ...]
    step: timedelta
    played: timedelta
    high: int
    hours: tuple[float, ...]
    saved: Saved
    server: str = ""
    name: str = ""
    cpu: int = 0
    memory: int = 0
    longest: Longest | None = None
    not_seen: tuple[NotSeen, ...] = ()
    servers: tuple[ServerHours, ...] = ()
    named: bool = True
    may_forget: bool = False

    @property
    def busiest(self) -> tuple[int, ...]:
        """Hours of the day in which most is played, the busiest first."""
        order = sorted(range(24), key=lambda hour: -self.hours[hour])
        return tuple(hour for hour in order[:MOST_BUSY] if self.hours[hour] >= 0.05)

    @property
    def is_empty(self) -> bool:
        """Next to nothing is known of that time."""
        known = any(point.average is not None for point in self.points)
        return not known and self.saved.ran + self.saved.slept < FIRST


def step_of(days: int) -> timedelta:
    return next((step for step in STEPS if timedelta(days=days) / step <= MOST_POINTS), STEPS[-1])


def points(buckets: Iterable[Bucket], since: datetime, until: datetime, step: timedelta) -> tuple[Point, ...]:
    """`buckets`: in each those of all servers that are meant. How many play on all of these at once: of each step, the
    sum of the averages; so the time that is known of several servers counts once."""
    number = -(-(until - since) // step)
    seconds, known, high = [0] * number, [0] * number, [0] * number
    for bucket in buckets:
        place = int((_middle(bucket) - since) / step)
        if not 0 <= place < number or not bucket.known:
            continue
        seconds[place] += bucket.seconds
        known[place] += min(bucket.known, bucket.span)
        high[place] = max(high[place], bucket.high)
    return tuple(
        Point(since + step * place, seconds[place] / known[place] if known[place] else None, high[place])
        for place in range(number)
    )


def hours(buckets: Iterable[Bucket], zone: tzinfo, days: int) -> tuple[float, ...]:
    """Players on average in each hour of the day, of that many days: while no game runs, nobody plays. Buckets longer
    than an hour say nothing of it."""
    seconds, days = [0] * 24, max(1, min(days, HOURS_FOR.days))
    for bucket in buckets:
        if bucket.span <= HOUR:
            seconds[time_of(bucket.start).astimezone(zone).hour] += bucket.seconds
    return tuple(each / (HOUR * days) for each in seconds)


def played(buckets: Iterable[Bucket]) -> timedelta:
    return timedelta(seconds=sum(bucket.seconds for bucket in buckets))


def _middle(bucket: Bucket) -> datetime:
    return time_of(bucket.start) + timedelta(seconds=bucket.span / 2)
