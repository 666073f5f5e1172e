"""The table of APScheduler jobs. In memory only: what must survive a restart is a column."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]

from core.cluster.children import ChildFailed

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every: timedelta
    run: Callable[[], Awaitable[None]]


Ran = Callable[[str, float, bool], None]
"""Told of each run of a job: its name, the seconds it took, whether it succeeded."""


def make_scheduler(jobs: list[Job], ran: Ran = lambda _name, _seconds, _succeeded: None) -> AsyncIOScheduler:
    """Interval jobs that never overlap, never pile up and never are dropped for being late."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    for job in jobs:
        scheduler.add_job(
            _guarded(job, ran),
            "interval",
            seconds=job.every.total_seconds(),
            id=job.name,
            name=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    return scheduler


def _guarded(job: Job, ran: Ran) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        began, succeeded = time.perf_counter(), True
        try:
            await job.run()
        except ChildFailed as wrong:
            succeeded = False
            log.error("job failed", job=job.name, kind=wrong.kind, detail=wrong.detail)
        except Exception:
            succeeded = False
            log.exception("job failed", job=job.name)
        ran(job.name, time.perf_counter() - began, succeeded)

    return run
