"""The shipped process with games of an operator's own: those in games/."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shipped import Shipped, shipped

from tests.realgames.installed import GAMES, needs


@pytest.fixture(params=GAMES)
def game(request: pytest.FixtureRequest) -> str:
    needs(request.param)
    return str(request.param)


@pytest.fixture
async def house(game: str, tmp_path: Path) -> AsyncIterator[Shipped]:
    """Warned after 5 s without players, paused 35 s later: who was called has time to come."""
    games = str(Path(__file__).parent / "games")
    async with shipped(tmp_path, GAMES_DIR=games, IDLE_AFTER="40", IDLE_WARN="35") as house:
        yield house
