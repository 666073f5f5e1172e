"""Who writes next, where there is one writer."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from core.data.writers import IN_A_ROW, Writers, waited_for


class Desk:
    """Writes the names of those whose turn it is."""

    def __init__(self) -> None:
        self.writers = Writers()
        self.wrote: list[str] = []
        self.opens = asyncio.Event()

    def come(self, name: str, *, person: bool = False) -> asyncio.Task[None]:
        async def write() -> None:
            if person:
                waited_for()
            async with self.writers:
                await self.opens.wait()
                self.wrote.append(name)

        return asyncio.create_task(write())

    async def write_all(self, *tasks: asyncio.Task[None]) -> list[str]:
        await asyncio.sleep(0)  # everybody stands in the queue
        self.opens.set()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        return self.wrote


async def test_a_person_goes_before_what_is_done_by_the_clock() -> None:
    desk = Desk()
    tasks = [desk.come("first"), *(desk.come(f"clock {n}") for n in range(3)), desk.come("Ada", person=True)]
    assert await desk.write_all(*tasks) == ["first", "Ada", "clock 0", "clock 1", "clock 2"]


async def test_what_is_done_by_the_clock_goes_on_while_people_keep_coming() -> None:
    desk = Desk()
    people = [desk.come(f"person {n}", person=True) for n in range(2 * IN_A_ROW + 2)]
    wrote = await desk.write_all(*people, desk.come("clock"))
    assert wrote.index("clock") == IN_A_ROW + 1  # the first one had to wait for nobody


async def test_whoever_is_cancelled_keeps_nobody_waiting() -> None:
    desk = Desk()
    first, second, third = desk.come("first"), desk.come("second"), desk.come("third")
    await asyncio.sleep(0)
    second.cancel()
    assert await desk.write_all(first, second, third) == ["first", "third"]


async def test_a_turn_that_comes_with_the_cancellation_is_given_on() -> None:
    desk = Desk()
    first, second, third = desk.come("first"), desk.come("second"), desk.come("third")
    await asyncio.sleep(0)
    desk.opens.set()
    while not desk.wrote:
        await asyncio.sleep(0)
    second.cancel()
    assert await desk.write_all(first, second, third) == ["first", "third"]


async def test_the_desk_is_free_when_everybody_went() -> None:
    desk = Desk()
    await desk.write_all(desk.come("first"), desk.come("second"))
    async with asyncio.timeout(5), desk.writers:
        pass
