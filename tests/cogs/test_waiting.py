"""Whoever waits for a turn is told so where the answer will stand, and the answer takes the word's place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from wire import ADA, Wire, wired

from bot.demo.guild import cast, components
from bot.demo.guild.events import Event, MessageUpdated
from core.worlds import turns


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> turns.Turns:
    """Those of the bot in the test."""
    made = turns.Turns()
    monkeypatch.setattr("core.worlds.shelf.Turns", lambda: made)
    return made


@pytest.fixture
async def wire(tmp_path: Path, places: turns.Turns) -> AsyncIterator[Wire]:
    async with wired(tmp_path) as made:
        yield made


async def test_a_member_sees_that_others_go_first_and_then_the_answer(
    wire: Wire, places: turns.Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_FIRST_WORD", 0.0)
    pond = await wire.create()
    shown: asyncio.Queue[str] = asyncio.Queue()

    def note(event: Event) -> None:
        if isinstance(event, MessageUpdated) and event.message.ephemeral_for == ADA:
            shown.put_nowait("\n".join(components.texts(event.message.data["components"])))

    wire.guild.world.emitter.listeners.append(note)
    async with AsyncExitStack() as busy:
        for _ in range(turns.EACH):
            await busy.enter_async_context(others(places))
        asked = asyncio.create_task(wire.command(ADA, "world restore", server=pond, snapshot="the newest"))
        assert (await shown.get()).startswith("Your turn will come: 2 others go first.")
        assert not asked.done()
    said = await asked
    assert said.kind == "message"
    assert "Your turn will come" not in said.text


class others:  # noqa: N801
    """A turn that somebody else of the guild has."""

    def __init__(self, places: turns.Turns) -> None:
        self._turn = places.of(int(cast.GUILD))
        self._taken, self._over = asyncio.Event(), asyncio.Event()

    async def _keep(self) -> None:
        async with self._turn:
            self._taken.set()
            await self._over.wait()

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._keep())
        await self._taken.wait()

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        await self._task
