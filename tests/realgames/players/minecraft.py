"""mineflayer, a client of Minecraft: Java Edition, where `make test-minecraft` has put it."""

from __future__ import annotations

from pathlib import Path

from tests.realgames.players.port import Program

HERE = Path(__file__).parents[1] / "minecraft"
MODULES = Path(__file__).parents[3] / ".minecraft" / "node_modules"
_PLACE = "3 4 3"
_PLACED = "diamond_block"


class Minecraft(Program):
    async def join(self) -> None:
        script = str(HERE / "player.cjs")
        await self.start("node", script, self.host, str(self.port), self.name, "1.16.5", NODE_PATH=str(MODULES))
        await self.hears("spawned")

    async def place(self) -> None:
        await self.say(f"/setblock {_PLACE} {_PLACED}")
        while not await self.finds():
            pass

    async def finds(self) -> bool:
        await self.say(f"block {_PLACE}")
        return _PLACED in await self.hears("stands")
