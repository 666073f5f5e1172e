"""The games that are played here: who plays them, and the Debian packages that have them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.realgames.players.bzflag import BZFlag
from tests.realgames.players.freeciv import Freeciv
from tests.realgames.players.luanti import Luanti
from tests.realgames.players.mumble import Mumble
from tests.realgames.players.openttd import OpenTTD
from tests.realgames.players.port import Player
from tests.realgames.players.teeworlds import Teeworlds


@dataclass(frozen=True)
class RealGame:
    """`program` is there once `packages` are installed. `names`: its query tells who plays, not only how many."""

    player: type[Player]
    program: str
    packages: str
    names: bool = True


GAMES = {
    "bzflag": RealGame(BZFlag, "/usr/games/bzfs", "bzflag-server"),
    "freeciv": RealGame(Freeciv, "/usr/games/freeciv-server", "freeciv-server"),
    "luanti": RealGame(Luanti, "/usr/games/minetestserver", "minetest-server"),
    "mumble": RealGame(Mumble, "/usr/sbin/murmurd", "mumble-server", names=False),
    "openttd": RealGame(OpenTTD, "/usr/games/openttd", "openttd openttd-opengfx", names=False),
    "teeworlds": RealGame(Teeworlds, "/usr/games/teeworlds-server", "teeworlds-server", names=False),
}


def needs(game: str) -> None:
    """Skips the test, with the reason, where the game is not installed; CI needs all of them."""
    found = GAMES[game]
    if not Path(found.program).exists():
        if os.environ.get("CI"):
            pytest.fail(f"CI needs {found.packages}", pytrace=False)
        pytest.skip(f"{game} is not installed (Debian: {found.packages})")
