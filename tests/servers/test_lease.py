"""One of several processes acts; another takes over when it is gone, and hears of what the first one changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from core.data import lease
from core.data.database import Database
from core.data.lease import Lease, follow

two_processes = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class Counted(Lease):
    """How often it tried to get hold of the lease."""

    tries = 0

    async def _once(self, work: Callable[[], Awaitable[None]]) -> bool:
        self.tries += 1
        return await super()._once(work)


class Process:
    """One of two, as far as a lease goes."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.lease = Counted(self.database, "control")
        self.acting = 0
        self.began = 0
        self.task = asyncio.create_task(self.lease.hold(self.act))

    async def act(self) -> None:
        self.acting, self.began = self.acting + 1, self.began + 1
        try:
            await asyncio.Event().wait()
        finally:
            self.acting -= 1

    async def end(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        await self.database.close()


async def wait_for(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.02)


@pytest.fixture
async def two(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Process, Process]]:
    monkeypatch.setattr(lease, "TRY", 0.05)
    monkeypatch.setattr(lease, "PING", 0.05)
    first = Process(database_url)
    await wait_for(lambda: first.lease.held)
    second = Process(database_url)
    yield first, second
    await first.end()
    await second.end()


@two_processes
async def test_one_acts_and_the_other_takes_over_when_it_ends(two: tuple[Process, Process]) -> None:
    first, second = two
    await wait_for(lambda: second.lease.tries > 3)
    assert (first.acting, second.acting) == (1, 0)
    await first.end()
    await wait_for(lambda: second.acting == 1)


@two_processes
async def test_who_lost_the_database_stops_acting_before_it_acts_again(two: tuple[Process, Process]) -> None:
    first, second = two
    async with second.database.alone() as connection:
        mine = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        await connection.execute(text(mine))
    await wait_for(lambda: first.began + second.began >= 2)
    await wait_for(lambda: first.acting + second.acting == 1)


async def test_sqlite_holds_it_at_once(tmp_path: Any) -> None:
    alone = Process(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await wait_for(lambda: alone.acting == 1)
    assert alone.lease.held
    await alone.end()


async def test_what_another_process_changed_is_heard_of_once(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "FOLLOW", 0.02)
    heard: list[str] = []
    looks = 0

    def now() -> datetime:
        nonlocal looks
        looks += 1
        return datetime.now(UTC)

    async def look(times: int) -> None:
        wanted = looks + times
        await wait_for(lambda: looks > wanted)

    following = asyncio.create_task(follow(house.database, now, heard.append))
    server = await house.create()
    await house.phase(server, "running")
    await wait_for(lambda: server in heard)
    changed = None
    while changed != (changed := (await house.row(server)).changed_at):  # the controller may not be done with it yet
        await look(1)
        before = len(heard)
        await look(10)
    assert len(heard) == before, "nothing changed, so nothing was said"
    following.cancel()
