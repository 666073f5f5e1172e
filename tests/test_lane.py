"""Work by key, and queues."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from core.lane import Lane
from core.queues import Queues


@asynccontextmanager
async def running(work: Callable[[Lane, str], Awaitable[None]], *, at_once: int) -> AsyncIterator[Lane]:
    async def one(key: str) -> None:
        await work(lane, key)

    lane = Lane(one, at_once=at_once, failed=lambda *_: None)
    task = asyncio.create_task(lane.run())
    try:
        yield lane
    finally:
        lane.stop()
        await task


async def test_work_that_waits_for_others_holds_up_nobody() -> None:
    other_side, done = asyncio.Event(), asyncio.Event()

    async def work(lane: Lane, key: str) -> None:
        if key == "last":
            done.set()
            return
        lane.leave(key)
        await other_side.wait()

    async with running(work, at_once=2) as lane:
        for number in range(5):
            lane.touch(f"waits {number}")
        lane.touch("last")
        await asyncio.wait_for(done.wait(), 5)
        other_side.set()


async def test_a_slot_that_was_given_back_is_not_given_back_twice() -> None:
    inside, most, done = 0, 0, asyncio.Event()

    async def work(lane: Lane, key: str) -> None:
        nonlocal inside, most
        if key.startswith("leaves"):
            lane.leave(key)
            lane.leave(key)
            return
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        if key == "stays 9":
            done.set()

    async with running(work, at_once=2) as lane:
        for number in range(10):
            lane.touch(f"leaves {number}")
        for number in range(10):
            lane.touch(f"stays {number}")
        await asyncio.wait_for(done.wait(), 5)
    assert most == 2


async def test_a_queue_keeps_the_order_in_which_people_came() -> None:
    queues, order = Queues(), list[tuple[int, bool]]()

    async def take(number: int) -> None:
        async with queues.of("channel") as waited:
            await asyncio.sleep(0)
            order.append((number, waited))

    await asyncio.gather(*(take(number) for number in range(4)))
    assert order == [(0, False), (1, True), (2, True), (3, True)]


async def test_who_stands_behind_lets_others_go_first_for_a_while() -> None:
    queues, order = Queues(), list[str]()

    async def take(who: str, behind: float) -> None:
        async with queues.of("channel", behind=behind):
            await asyncio.sleep(0)
            order.append(who)

    await asyncio.gather(take("first", 0), take("patient", 60), take("less patient", 30), take("last", 0))
    assert order == ["first", "last", "less patient", "patient"]


async def test_who_gives_up_waiting_holds_up_nobody() -> None:
    queues = Queues()

    async def take() -> None:
        async with queues.of("channel"):
            pass

    async with queues.of("channel"):
        waiting = [asyncio.create_task(take()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
    waiting[1].cancel()  # its turn has just come
    await asyncio.wait_for(waiting[2], 5)


async def test_queues_of_different_things_do_not_wait_for_each_other() -> None:
    queues = Queues()
    async with queues.of("here"), queues.of("there") as waited:
        assert not waited
