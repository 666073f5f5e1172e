"""Jobs by the clock go on whatever happens to the machine's time of day."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, tzinfo

import apscheduler.schedulers.base
import pytest

from bot import schedule
from bot.backup import copies
from bot.schedule import Job, make_scheduler
from bot.settings import Settings
from tests.conftest import House


class Clock(datetime):
    """The time of day, as somebody sets it."""

    by = timedelta(0)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.by


@pytest.mark.parametrize("by", [timedelta(hours=-2), timedelta(minutes=-1), timedelta(hours=2)])
async def test_a_job_goes_on_when_the_clock_is_set(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Clock)
    monkeypatch.setattr(schedule, "datetime", Clock)
    monkeypatch.setattr(Clock, "by", timedelta(0))
    ran = asyncio.Event()

    async def work() -> None:
        ran.set()

    scheduler = make_scheduler([Job("sweep", timedelta(seconds=0.05), work)])
    scheduler.start()
    try:
        async with asyncio.timeout(10):
            await ran.wait()
            Clock.by = by
            for _ in range(2):
                ran.clear()
                await ran.wait()
    finally:
        scheduler.shutdown()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_last_copy_that_was_taken_is_noted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    goes = False

    async def keep(_: Settings) -> None:
        if not goes:
            raise OSError("the store is away")

    monkeypatch.setattr(copies, "keep", keep)
    copy = next(job for job in schedule.jobs_of(house.core, Settings()) if job.name == "backup")
    with pytest.raises(OSError, match="away"):
        await copy.run()
    assert (await house.core.operations.health()).copied_at is None
    goes = True
    await copy.run()
    assert (await house.core.operations.health()).copied_at is not None
