"""The table of APScheduler jobs. In memory only: what must survive a restart is a column."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]

from bot import from_settings
from bot.backup import copies
from bot.settings import Settings
from core.activity import recorder, tidying
from core.assemble import Core
from core.children import ChildFailed
from core.cluster.port import Cluster
from core.errors import ClusterError
from core.guilds import quotas
from core.idle import last_minute, timekeeper
from core.notices.kinds.alarms import BackupAlarm
from core.servers import blocking, collecting, departures, drill, host_problems, late_snapshots, left_owners, questions

log = structlog.get_logger()
KEYS_EVERY = timedelta(hours=1)  # servers' keys to the store: a look costs one request for a thousand
BACKUPS_FAILED = 3  # in a row: then whoever runs the bot is told


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]


def jobs_of(core: Core, settings: Settings) -> list[Job]:
    """What this process does by the clock, while it is the one that does."""
    backup = core.alarms.after(BackupAlarm, BACKUPS_FAILED, partial(copies.keep, settings))
    jobs = [
        Job("sweep", from_settings.sweep_every(settings), core.sweep.run),
        Job("last minute", last_minute.EVERY, core.sweep.last_minute.run),
        Job("schedules", min(from_settings.sweep_every(settings), timekeeper.EVERY), core.timekeeper.run),
        Job("activity", recorder.EVERY, core.recorder.run),
        Job("activity kept", tidying.EVERY, core.tidying.run),
        Job("late snapshots", late_snapshots.EVERY, core.late_snapshots.run),
        Job("keys", KEYS_EVERY, partial(_tidy_keys, core.cluster)),
        Job("questions", questions.KEPT / 24, core.parts.questions.forget_old),
        Job("host problems", host_problems.EVERY, core.host_problems.run),
        Job("backup", copies.EVERY, partial(_copy, backup, core)),
        Job("blocks", min(from_settings.sweep_every(settings), blocking.EVERY), core.operations.settle_blocks),
        Job("departures", departures.EVERY, core.departures.settle),
        Job("owners", left_owners.EVERY, core.servers.left_owners.look),
        Job("storage", quotas.WATCH_EVERY, core.quotas.watch),
    ]
    if core.upkeep is not None:
        jobs += [
            Job("worlds", collecting.EVERY, core.upkeep.collecting.run),
            Job("drill", drill.EVERY, core.upkeep.drills.run),
        ]
    return jobs


async def _copy(backup: Callable[[], Awaitable[None]], core: Core) -> None:
    await backup()
    await core.operations.note_copy()


async def _tidy_keys(cluster: Cluster) -> None:
    try:
        await cluster.tidy_keys()
    except ClusterError as wrong:
        log.warning("keys not tidied", problem=wrong.problem, detail=wrong.detail)


class SteadyScheduler(AsyncIOScheduler):  # type: ignore[misc]
    """Keeps intervals also where the machine's clock is set back.

    APScheduler sleeps by a clock that cannot be set back, but compares with the time of day: set back by two hours, it
    would run nothing for two hours. No job is ever due later than one interval from now; one that is, is due now.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.ongoing: set[asyncio.Task[None]] = set()

    async def end(self, within: float) -> None:
        """No job begins any more. Those that run are cancelled, and have `within` seconds to let go."""
        self.shutdown(wait=False)
        if self.ongoing:
            await asyncio.wait(self.ongoing, timeout=within)

    def _process_jobs(self) -> float | None:
        now = datetime.now(self.timezone)
        for job in self.get_jobs():
            if job.next_run_time is not None and job.next_run_time - now > job.trigger.interval:
                job.modify(next_run_time=now)
        waits: float | None = super()._process_jobs()
        return waits


Ran = Callable[[str, float, bool], None]
"""Told of each run of a job: its name, the seconds it took, whether it succeeded."""


def make_scheduler(jobs: list[Job], ran: Ran = lambda _name, _seconds, _succeeded: None) -> SteadyScheduler:
    """Interval jobs that never overlap, never pile up and never are dropped for being late."""
    scheduler = SteadyScheduler(timezone="UTC")
    for job in jobs:
        scheduler.add_job(
            _guarded(job, ran, scheduler.ongoing),
            "interval",
            seconds=job.every.total_seconds(),
            id=job.name,
            name=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    return scheduler


def _guarded(job: Job, ran: Ran, ongoing: set[asyncio.Task[None]]) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        if (task := asyncio.current_task()) is not None:
            ongoing.add(task)
            task.add_done_callback(ongoing.discard)
        began, succeeded = time.perf_counter(), True
        try:
            await job.run()
        except asyncio.CancelledError:
            return  # we are being stopped; the next start goes on with it
        except ChildFailed as wrong:
            succeeded = False
            log.error("job failed", job=job.name, kind=wrong.kind, detail=wrong.detail)
        except Exception:
            succeeded = False
            log.exception("job failed", job=job.name)
        ran(job.name, time.perf_counter() - began, succeeded)

    return run
