"""The games that are played here: who plays them, and what installs them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.realgames.players.bzflag import BZFlag
from tests.realgames.players.freeciv import Freeciv
from tests.realgames.players.luanti import Luanti
from tests.realgames.players.minecraft import MODULES, Minecraft
from tests.realgames.players.mumble import Mumble
from tests.realgames.players.openttd import OpenTTD
from tests.realgames.players.port import Player
from tests.realgames.players.teeworlds import Teeworlds


@dataclass(frozen=True)
class RealGame:
    """`program` is there once `by` was done. `names`: its query tells who plays, not only how many. `everywhere`: CI
    has it."""

    player: type[Player]
    program: str
    by: str
    names: bool = True
    everywhere: bool = True


GAMES = {
    "bzflag": RealGame(BZFlag, "/usr/games/bzfs", "apt-get install bzflag-server"),
    "freeciv": RealGame(Freeciv, "/usr/games/freeciv-server", "apt-get install freeciv-server"),
    "luanti": RealGame(Luanti, "/usr/games/minetestserver", "apt-get install minetest-server"),
    "flying-squid": RealGame(Minecraft, f"{MODULES}/mineflayer", "make test-minecraft", names=False, everywhere=False),
    "mumble": RealGame(Mumble, "/usr/sbin/murmurd", "apt-get install mumble-server", names=False),
    "openttd": RealGame(OpenTTD, "/usr/games/openttd", "apt-get install openttd openttd-opengfx", names=False),
    "teeworlds": RealGame(Teeworlds, "/usr/games/teeworlds-server", "apt-get install teeworlds-server"),
}


def needs(game: str) -> None:
    """Skips the test, with the reason, where the game is not installed."""
    found = GAMES[game]
    if not Path(found.program).exists():
        if os.environ.get("CI") and found.everywhere:
            pytest.fail(f"CI needs {game} ({found.by})", pytrace=False)
        pytest.skip(f"{game} is not installed ({found.by})")
