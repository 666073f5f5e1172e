"""Real games from Debian's packages, each from its TOML file, through the shipped process and with real players: they
come and go, an empty server is warned about, a player calls that off, and a pause loses nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from reading import server_of
from shipped import Shipped, has

from bot.demo.guild.cast import CHAT
from tests.realgames.installed import GAMES
from tests.realgames.players.port import Player

pytestmark = pytest.mark.realgames


class Played:
    """One server of a game, and the people who play on it. All of it is done in Discord and in the game."""

    def __init__(self, house: Shipped, game: str, folder: Path) -> None:
        self.house, self.game, self._folder = house, game, folder
        self.port, self.secret = 0, ""

    async def create(self) -> None:
        await self.house.people["Ada"].slash(CHAT, "server create", game=self.game, name="Pond")
        card = await self.house.message("### Pond", "Running")
        spec = self.house.folder / "bot" / "servers" / server_of(card) / "spec.json"
        self.secret = json.loads(spec.read_text("utf-8"))["console_secret"]
        found = re.search(r"127\.0\.0\.1:(\d+)", json.dumps(card["components"]))
        assert found
        self.port = int(found[1])

    def player(self, name: str) -> Player:
        return GAMES[self.game].player(name, self.port, self._folder / name, self.secret)

    async def shows(self, online: int) -> None:
        """The card says that so many play."""
        await self.house.until(
            lambda found: next((m for m in found if has(m, "### Pond") and _online(m) == online), None)
        )

    async def pause(self) -> None:
        await self.house.people["Ada"].slash(CHAT, "server pause", server="Pond")
        await self.house.message("### Pond", "Paused")

    async def resume(self) -> None:
        await self.house.people["Ada"].slash(CHAT, "server resume", server="Pond")
        await self.house.message("### Pond", "Running")


def _online(message: dict[str, object]) -> int | None:
    found = re.search(r"Players: (\d+)", json.dumps(message))
    return int(found[1]) if found else None


@pytest.fixture
async def played(game: str, house: Shipped, tmp_path: Path) -> Played:
    played = Played(house, game, tmp_path)
    await played.create()
    return played


async def test_who_plays_is_seen_an_empty_server_is_warned_about_and_a_pause_keeps_the_world(played: Played) -> None:
    house = played.house
    async with played.player("Bo") as bo:
        await played.shows(1)
        await bo.place()
        assert await bo.finds()
    warning = await house.message("**Pond** has been empty since")
    await played.shows(0)
    async with played.player("Cy"):
        joined = "**Pond** stays on: " + ("Cy joined." if GAMES[played.game].names else "")
        stays = await house.message(joined)
        assert stays["id"] == warning["id"]
    await played.pause()
    await played.resume()
    async with played.player("Di") as di:
        assert await di.finds()
