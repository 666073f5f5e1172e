"""Real games in pods of a real cluster. Their image has to be there (DORMOUSE_GAMES_IMAGE says so): box.py makes it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import kube
import pytest
from onkube import on_kubernetes

from tests.realgames.box import GAMES
from tests.realgames.story import SETTINGS, Story

kube.needs_cluster("DORMOUSE_GAMES_IMAGE")
pytestmark = [*kube.pytestmark, pytest.mark.realgames]

FIRST_PORT = 31920


@pytest.fixture
def namespace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kube.Namespace]:
    made = kube.make_namespace(tmp_path_factory.mktemp("kube"))
    yield made
    made.remove()


@pytest.mark.parametrize("game", GAMES)
async def test_played_in_a_pod_the_story_is_the_same(game: str, namespace: kube.Namespace, tmp_path: Path) -> None:
    first = FIRST_PORT + 10 * GAMES.index(game)
    games = str(Path(__file__).parent / "games")
    settings = SETTINGS | {"GAMES_DIR": games, "PUBLIC_HOST": os.environ["CLUSTER_NODE_IP"]}
    async with on_kubernetes(namespace, tmp_path, ports=f"{first}-{first + 9}", **settings) as house:
        await Story(house, game, tmp_path).tell()
