"""The shipped process with games of an operator's own: those in games/."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shipped import Shipped, shipped

from tests.realgames.installed import GAMES, needs
from tests.realgames.players import minecraft


@pytest.fixture(params=GAMES)
def game(request: pytest.FixtureRequest) -> str:
    needs(request.param)
    return str(request.param)


@pytest.fixture
async def house(game: str, tmp_path: Path) -> AsyncIterator[Shipped]:
    """Warned after 5 s without players, paused 35 s later: who was called has time to come."""
    async with shipped(tmp_path, GAMES_DIR=str(games(tmp_path)), IDLE_AFTER="40", IDLE_WARN="35") as house:
        yield house


def games(folder: Path) -> Path:
    """All TOML files in one folder, with the places of what npm installed."""
    made = folder / "games"
    shutil.copytree(Path(__file__).parent / "games", made)
    template = (minecraft.HERE / "minecraft.toml").read_text("utf-8")
    filled = template.replace("HERE/", f"{minecraft.HERE}/").replace('"MODULES"', json.dumps(str(minecraft.MODULES)))
    (made / "minecraft.toml").write_text(filled, "utf-8")
    return made
