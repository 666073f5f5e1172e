"""Which snapshots to keep. Pure: the caller lists, and hands the answer to collect."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .manifest import Name


@dataclass(frozen=True, slots=True)
class Policy:
    """How many to keep of each; a period counts only if it holds a snapshot, so a paused world loses nothing."""

    last: int = 10
    hourly: int = 24
    daily: int = 7
    weekly: int = 4
    monthly: int = 3
    young: timedelta = timedelta(hours=1)  # everything younger stays


DEFAULT, LEAN, MOST = "months", "lean", "year"
CHOICES = ("days", "weeks", DEFAULT, MOST)
"""What a guild may choose, by how far back one can go."""

POLICIES = {
    "days": Policy(last=5, hourly=12, daily=7, weekly=0, monthly=0),
    "weeks": Policy(last=10, hourly=24, daily=7, weekly=8, monthly=0),
    DEFAULT: Policy(),
    MOST: Policy(last=10, hourly=24, daily=14, weekly=8, monthly=12),
    LEAN: Policy(last=3, hourly=0, daily=3, weekly=0, monthly=0),
}
"""LEAN is for where there is no room: enough to go back from a mistake that was noticed in time. MOST keeps whatever
any of them would: it is for who does not know what the guild chose."""


@dataclass(frozen=True, slots=True)
class Point:
    """One snapshot. `good`: as far as one knows, it can be played on (all of the world is in it, and it was verified or
    not yet doubted)."""

    name: str
    at: datetime
    good: bool = True
    pinned: bool = False  # taken by hand, with a note: kept until somebody lets go of it


def keep(points: Iterable[Point], policy: Policy, now: datetime) -> frozenset[str]:
    """Names to keep: per period (UTC) the newest good one, or the newest if none is good.

    Always kept: the newest, the newest good one, pinned ones, and what claims to be of the future, since its clock
    cannot be judged. Newest means the largest name, as everywhere.
    """
    newest_first = sorted(points, key=lambda point: Name.parse(point.name), reverse=True)
    good_first = sorted(newest_first, key=lambda point: not point.good)  # stable: newest first among each
    kept = {point.name for point in newest_first[: max(1, policy.last)]}
    kept |= {point.name for point in good_first[:1]}
    kept |= {point.name for point in newest_first if point.pinned or point.at > now - policy.young}
    for count, period in (
        (policy.hourly, _hour),
        (policy.daily, _day),
        (policy.weekly, _week),
        (policy.monthly, _month),
    ):
        best: dict[object, Point] = {}
        for point in good_first:
            best.setdefault(period(point.at.astimezone(UTC)), point)
        in_order = sorted(best.values(), key=lambda point: point.at, reverse=True)
        kept |= {point.name for point in in_order[:count]}
    return frozenset(kept)


def _hour(at: datetime) -> object:
    return at.date(), at.hour


def _day(at: datetime) -> object:
    return at.date()


def _week(at: datetime) -> object:
    return at.isocalendar()[:2]


def _month(at: datetime) -> object:
    return at.year, at.month
