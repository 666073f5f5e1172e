"""The story of a server of a real game, all of it in Discord and in the game: who plays is seen, an empty server is
warned about, a player calls that off, and a pause loses nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from reading import server_of, texts
from shipped import Shipped, has

from bot.demo.guild.cast import CHAT
from core.servers.passwords import Passwords
from tests.realgames.installed import GAMES
from tests.realgames.players.port import Player

MASTER_KEY = "of-a-test-that-plays-real-games"
SETTINGS = {"IDLE_AFTER": "40", "IDLE_WARN": "35", "MASTER_KEY": MASTER_KEY}
"""Warned after 5 s without players, paused 35 s later: who is called has time to come."""


class Story:
    def __init__(self, house: Shipped, game: str, folder: Path) -> None:
        self._house, self._game, self._folder = house, game, folder
        self._where, self._secret = ("", 0), ""

    async def tell(self) -> None:
        house = self._house
        await self._create()
        async with self._player("Bo") as bo:
            await self._shows(1)
            await bo.place()
            assert await bo.finds()
        warning = await house.message("**Pond** has been empty since")
        await self._shows(0)
        async with self._player("Cy"):
            joined = "Cy joined." if GAMES[self._game].names else ""
            stays = await house.message(f"**Pond** stays on: {joined}")
            assert stays["id"] == warning["id"]
        await self._ask("pause", "Paused")
        await self._ask("resume", "Running")
        async with self._player("Di") as di:
            assert await di.finds()

    async def _create(self) -> None:
        await self._house.people["Ada"].slash(CHAT, "server create", game=self._game, name="Pond")
        card = await self._house.message("### Pond", "Running")
        self._secret = Passwords(MASTER_KEY.encode()).of("console", server_of(card))
        found = re.search(r"([\d.]+):(\d+)", texts(card["components"]))
        assert found
        self._where = found[1], int(found[2])

    def _player(self, name: str) -> Player:
        return GAMES[self._game].player(name, self._where, self._folder / name, self._secret)

    async def _shows(self, online: int) -> None:
        """The card says that so many play."""

        def says_so(message: dict[str, Any]) -> bool:
            found = re.search(r"Players: (\d+)", texts(message["components"]))
            return has(message, "### Pond") and found is not None and int(found[1]) == online

        await self._house.until(lambda messages: any(map(says_so, messages)))

    async def _ask(self, verb: str, becomes: str) -> None:
        await self._house.people["Ada"].slash(CHAT, f"server {verb}", server="Pond")
        await self._house.message("### Pond", becomes)
