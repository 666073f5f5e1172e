"""Real games in containers of podman, on the local cluster."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from boxes import needs_podman
from shipped import shipped

from tests.realgames import box
from tests.realgames.installed import needs
from tests.realgames.story import SETTINGS, Story

needs_podman()
pytestmark = [pytest.mark.containers, pytest.mark.realgames]


@pytest.mark.parametrize("game", box.GAMES)
async def test_played_in_a_container_the_story_is_the_same(game: str, tmp_path: Path) -> None:
    needs(game)
    box.made()
    folder = tmp_path / "games"
    folder.mkdir()
    for name in box.GAMES:
        text = (Path(__file__).parent / "games" / f"{name}.toml").read_text("utf-8")
        (folder / f"{name}.toml").write_text(re.sub(r"(?ms)^\[local\]\n.*?(?=^\[image\])", "", text), "utf-8")
    async with shipped(tmp_path, CONTAINERS="podman", GAMES_DIR=str(folder), **SETTINGS) as house:
        await Story(house, game, tmp_path).tell()
