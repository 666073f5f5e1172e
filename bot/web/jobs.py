"""What takes longer than somebody waits for an answer: it goes on by itself, and is asked for by its id.

Jobs are kept in this process alone. Where it ends, so do they; what they did stands in the audit.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.errors import LimitReached, NotFound
from core.servers.worlds import Download

WAITS = 8.0
"""Seconds for which the answer waits, so that short work has its result at once."""
KEPT = 3600.0
"""Seconds for which the result of one that ended is kept."""
MOST = 10
"""Of one person at once; as many that ended are kept of one."""
MOST_BYTES = 64 * 1024 * 1024
"""Of results that are kept, of all people together; the oldest go first."""


@dataclass(slots=True)
class Job:
    """`do`: the operation that began it. `server`: its id."""

    id: str
    user: int
    do: str
    server: str
    began_at: datetime
    task: asyncio.Task[Any]
    ended_at: datetime | None = None
    ended: float | None = None


@dataclass(slots=True)
class Jobs:
    _jobs: dict[str, Job] = field(default_factory=dict)

    def begin(self, user: int, do: str, server: str, work: Coroutine[Any, Any, Any]) -> Job:
        """LimitReached where they have so many under way."""
        now = time.monotonic()
        self._jobs = {key: job for key, job in self._jobs.items() if job.ended is None or now - job.ended < KEPT}
        if sum(job.user == user and job.ended is None for job in self._jobs.values()) >= MOST:
            work.close()
            raise LimitReached("pace.wait", wait=timedelta(minutes=1))
        task = asyncio.create_task(work, name=f"job {do}")
        job = Job(secrets.token_hex(8), user, do, server, datetime.now(UTC), task)

        def over(ended: asyncio.Task[Any]) -> None:
            job.ended_at, job.ended = datetime.now(UTC), time.monotonic()
            if not ended.cancelled():
                ended.exception()  # whoever asks for the job is told
            self._tidy(user)

        task.add_done_callback(over)
        self._jobs[job.id] = job
        return job

    def _tidy(self, user: int) -> None:
        ended = sorted((job for job in self._jobs.values() if job.ended is not None), key=lambda job: job.ended or 0.0)
        theirs = [job for job in ended if job.user == user]
        gone, held = theirs[:-MOST], sum(map(_bytes, ended))
        for job in ended:
            if held > MOST_BYTES and _bytes(job):
                gone.append(job)
                held -= _bytes(job)
        for job in gone:
            self._jobs.pop(job.id, None)

    async def soon(self, job: Job) -> bool:
        """Whether it ended within WAITS."""
        await asyncio.wait([job.task], timeout=WAITS)
        return job.task.done()

    def get(self, user: int, job: str) -> Job:
        """NotFound where they have none such."""
        found = self._jobs.get(job)
        if found is None or found.user != user:
            raise NotFound("web.no_job")
        return found


def _bytes(job: Job) -> int:
    """That its result holds."""
    if job.task.cancelled() or job.task.exception() is not None:
        return 0
    result = job.task.result()
    return len(result.data) if isinstance(result, Download) else 0
