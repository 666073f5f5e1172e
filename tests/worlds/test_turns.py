"""How many pieces of heavy work run at once, who waits, and that nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import TryAgain
from core.worlds import turns as module
from core.worlds.turns import HOUSE, Turns, tell

A, B, C = 1, 2, 3


class Work:
    """Pieces that go on until they are told to end, and what ran together."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.running: Counter[int] = Counter()
        self.most: Counter[int] = Counter()
        self.most_at_once = 0
        self.done: list[int] = []
        self._ends: list[tuple[int, asyncio.Event]] = []

    def ask(self, guild: int, told: Callable[[int], object] | None = None) -> asyncio.Task[None]:
        return asyncio.create_task(self._piece(guild, told))

    async def _piece(self, guild: int, told: Callable[[int], object] | None) -> None:
        async def say(ahead: int) -> None:
            if told is not None:
                told(ahead)

        tell(say)
        async with self.turns.of(guild):
            self.running[guild] += 1
            self.most[guild] = max(self.most[guild], self.running[guild])
            self.most_at_once = max(self.most_at_once, self.running.total())
            ended = asyncio.Event()
            self._ends.append((guild, ended))
            try:
                await ended.wait()
                self.done.append(guild)
            finally:
                self.running[guild] -= 1

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def end_one(self) -> None:
        await self.settle()
        self._ends.pop(0)[1].set()
        await self.settle()

    async def end_all(self, *tasks: asyncio.Task[None]) -> None:
        while not all(task.done() for task in tasks):
            await self.end_one()


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.setattr(module, "_FIRST_WORD", 0.0)
    monkeypatch.setattr(module, "_NEXT_WORD", 0.0)
    return Work(Turns())


async def test_never_more_than_the_bounds_and_everybody_has_their_turn(work: Work) -> None:
    asked = [work.ask(guild) for guild in (A, B) for _ in range(20)]
    await work.end_all(*asked)
    assert len(work.done) == 40
    assert (work.most_at_once, work.most[A], work.most[B]) == (module.AT_ONCE, module.EACH, module.EACH)


async def test_a_guild_that_asks_for_much_makes_only_itself_wait(work: Work) -> None:
    flood = [work.ask(A) for _ in range(39)]
    await work.settle()
    late = work.ask(B)
    await work.settle()
    assert work.running[B] == 1
    await work.end_all(late)
    assert work.done.count(A) <= 2
    await work.end_all(*flood)


async def test_guilds_take_turns(work: Work) -> None:
    asked = [work.ask(guild) for guild in (A, B, C) for _ in range(10)]
    await work.end_all(*asked)
    for end in range(6, 31, 6):
        shares = Counter(work.done[:end]).values()
        assert max(shares) - min(shares) <= 2


async def test_who_waits_hears_how_many_go_first(work: Work) -> None:
    heard: list[int] = []
    before = [work.ask(A) for _ in range(4)]
    await work.settle()
    last = work.ask(A, heard.append)
    await work.end_all(*before, last)
    assert heard[0] == 4
    assert heard == sorted(heard, reverse=True)
    assert heard[-1] >= 1


async def test_who_gives_up_while_waiting_is_forgotten(work: Work) -> None:
    before = [work.ask(A) for _ in range(module.EACH)]
    await work.settle()
    given_up, after = work.ask(A), work.ask(A)
    await work.settle()
    given_up.cancel()
    await work.end_all(*before, after)
    assert given_up.cancelled()
    assert len(work.done) == module.EACH + 1


async def test_who_gives_up_at_work_frees_their_place(work: Work) -> None:
    before = [work.ask(A) for _ in range(module.EACH)]
    await work.settle()
    after = work.ask(A)
    await work.settle()
    assert work.running[A] == module.EACH
    before[0].cancel()
    await work.settle()
    assert work.running[A] == module.EACH  # the next one has begun
    for task in (*before, after):
        task.cancel()


async def test_who_is_given_a_place_at_the_moment_they_give_up_hands_it_on(work: Work) -> None:
    before = [work.ask(A) for _ in range(module.EACH)]
    await work.settle()
    unlucky, after = work.ask(A), work.ask(A)
    await work.settle()
    for task in before:
        task.cancel()
    unlucky.cancel()  # both in the same turn of the loop
    await work.end_all(after)
    assert work.done == [A]
    assert not work.turns._running
    assert not work.turns._waiting


async def test_who_waits_too_long_is_asked_to_come_again(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.01)
    before = [work.ask(A) for _ in range(module.EACH)]
    await work.settle()
    with pytest.raises(TryAgain, match="too_many_wait"):
        await work.ask(A)
    monkeypatch.undo()
    await work.end_all(*before, work.ask(A))


async def test_the_house_has_one_place_and_waits_as_long_as_it_takes(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [work.ask(HOUSE) for _ in range(3)]
    members = [work.ask(A), work.ask(B)]
    await work.settle()
    assert (work.running[HOUSE], work.running[A], work.running[B]) == (1, 1, 1)
    await work.end_all(*asked, *members)
    assert work.most[HOUSE] == 1


async def test_who_has_a_turn_needs_no_other(work: Work) -> None:
    """Else work that is done in steps would wait for itself."""
    for _ in range(3):
        async with work.turns.of(A), work.turns.of(A), work.turns.of(HOUSE):
            pass
    assert not work.turns._running


async def test_a_turn_that_is_over_is_no_turn(work: Work) -> None:
    """A task that was started in one goes on without it."""
    begun = asyncio.Event()

    async def later() -> int:
        await begun.wait()
        async with work.turns.of(A):
            return work.turns._running[A]

    async with work.turns.of(A):
        task = asyncio.create_task(later())
    begun.set()
    assert await task == 1


async def test_a_word_that_does_not_get_through_keeps_nobody_from_their_turn(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WORD_WITHIN", 0.01)

    async def hang(_: int) -> None:
        await asyncio.Event().wait()

    async def piece() -> None:
        tell(hang)
        async with work.turns.of(A):
            pass

    before = [work.ask(A) for _ in range(module.EACH)]
    await work.settle()
    told = asyncio.create_task(piece())
    await work.end_all(*before)
    await told


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["ask", "end", "cancel"]), st.integers(0, 3), st.integers(0, 30))))
def test_whatever_happens_no_place_is_lost_and_none_is_given_twice(steps: list[tuple[str, int, int]]) -> None:
    async def story() -> None:
        work, asked = Work(Turns()), []
        for what, guild, number in steps:
            if what == "ask":
                asked.append(work.ask(guild))
            elif what == "end" and work._ends:
                work._ends.pop(number % len(work._ends))[1].set()
            elif what == "cancel" and asked:
                asked[number % len(asked)].cancel()
            if number % 2:
                await work.settle()
            assert work.running.total() <= module.AT_ONCE
        for _ in range(len(asked) + 1):
            await work.settle()
            for _, end in work._ends:
                end.set()
        with suppress(asyncio.CancelledError):
            async with asyncio.timeout(10):
                await asyncio.gather(*asked, return_exceptions=True)
        assert all(task.done() for task in asked)
        assert not work.turns._running
        assert not work.turns._waiting
        assert work.most_at_once <= module.AT_ONCE
        assert all(work.most[guild] <= module.EACH for guild in work.most)

    asyncio.run(story())
