"""Real games as child processes of the shipped process, each from its TOML file, with real players."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from shipped import shipped

from tests.realgames.installed import GAMES, needs
from tests.realgames.players import minecraft
from tests.realgames.story import SETTINGS, Story

pytestmark = pytest.mark.realgames


@pytest.mark.parametrize("game", GAMES)
async def test_who_plays_is_seen_an_empty_server_is_warned_about_and_a_pause_keeps_the_world(
    game: str, tmp_path: Path
) -> None:
    needs(game)
    async with shipped(tmp_path, GAMES_DIR=str(games(tmp_path)), **SETTINGS) as house:
        await Story(house, game, tmp_path).tell()


def games(folder: Path) -> Path:
    """All TOML files in one folder, with the places of what npm installed."""
    made = folder / "games"
    shutil.copytree(Path(__file__).parent / "games", made)
    template = (minecraft.HERE / "minecraft.toml").read_text("utf-8")
    filled = template.replace("HERE/", f"{minecraft.HERE}/").replace('"MODULES"', json.dumps(str(minecraft.MODULES)))
    (made / "minecraft.toml").write_text(filled, "utf-8")
    return made
