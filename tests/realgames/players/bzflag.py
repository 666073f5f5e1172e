"""bzadmin, BZFlag's client without pictures: an observer who chats, and operator with the password."""

from __future__ import annotations

from tests.realgames.players.port import Program

BANNED = "203.0.113.7"


class BZFlag(Program):
    async def join(self) -> None:
        await self.start("/usr/games/bzadmin", "-ui", "stdboth", f"{self.name}@{self.host}:{self.port}")
        await self.hears(f"'{self.name}' joined the game")

    async def place(self) -> None:
        await self.say(f"/password {self.secret}")
        await self.hears("You are now an administrator")
        await self.say(f"/ban {BANNED} 0 for good")
        await self.hears("Pattern added")

    async def finds(self) -> bool:
        await self.say(f"/password {self.secret}")
        await self.hears("You are now an administrator")
        await self.say("/banlist")
        await self.hears("IP Ban List")
        await self.say("/uptime")  # the end, whatever the list has
        return BANNED in await self.hears(BANNED, "uptime")
