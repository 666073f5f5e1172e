"""A week, or more, as it might have been on a server: for pictures that are looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from core.activity import report
from core.activity.buckets import DAY, FINE, HOUR, Bucket, rolled, time_of
from core.activity.report import Longest, NotSeen, Report, ServerHours
from core.activity.saved import Fact, Saved, saved

NOW = datetime(2026, 11, 30, 18, 7, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")


def made_up(days: int = 7, *, most: int = 6, guild: bool = False, seed: int = 1) -> Report:
    random, since = Random(seed), NOW - timedelta(days=days)
    fine: list[Bucket] = []
    facts: list[Fact] = []
    on = False
    for start in range(int(since.timestamp()) // FINE * FINE, int(NOW.timestamp()), FINE):
        at = time_of(start).astimezone(ZONE)
        evening = at.hour >= 17 or (at.weekday() >= 5 and at.hour >= 11)
        crowd = max(0.0, most * (1 - abs(at.hour + at.minute / 60 - 20.5) / 4.5)) if evening else 0.0
        online = min(most, round(crowd * random.uniform(0.4, 1.1)))
        if online and not on:
            facts.append(Fact(at, "resumed", 4096))
        if on and not online and not evening:
            facts += [Fact(at, "paused", 4096, "idle"), Fact(at, "phase", 0)]
        on = (on and evening) or bool(online)
        if on:
            fine.append(
                Bucket(start, FINE, FINE, online * FINE - 90 * (online > 1), max(0, online - 1), online, 640, 2900)
            )
    kept = fine if days <= 2 else rolled(fine, HOUR) if days <= 35 else rolled(rolled(fine, HOUR), DAY)
    return Report(
        since=since,
        until=NOW,
        days=days,
        zone=ZONE,
        points=report.points(kept, since, NOW, report.step_of(days)),
        step=report.step_of(days),
        played=report.played(kept),
        high=max((each.high for each in kept), default=0),
        hours=report.hours(fine, ZONE, days),
        saved=saved(facts, since, NOW) if fine else Saved(),
        server="" if guild else "abcdefghijkl",
        name="" if guild else "Pond",
        cpu=640 if fine else 0,
        memory=2900 if fine else 0,
        longest=Longest(timedelta(hours=3, minutes=20), "Bo") if fine else None,
        not_seen=(NotSeen("Di", NOW - timedelta(days=41)),) if fine else (),
        servers=(ServerHours("Pond", timedelta(hours=41)), ServerHours("Lake", timedelta(hours=8))) if guild else (),
        may_forget=not guild,
    )
