"""The bot with its announcer on a guild on loopback, all in this process, and a cluster in memory.

Faster than the shipped process, and it may be looked into; what is about a process as a whole is tried on that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from faults import Faults
from reading import texts
from sqlmodel import select
from wire import ADA, Wire, wired

from bot.demo.guild import cast
from bot.demo.guild.events import Message
from cogs.announcer import Announcer
from core.data.tables import CardRow, NoticeRow, ServerRow
from core.guilds.access import Actor
from core.words import Because, Desired, Phase

WITHIN = 60.0


class Town:
    def __init__(self, wire: Wire) -> None:
        self.wire, self.guild, self.faults = wire, wire.guild, Faults(wire.guild)
        self.cards, self.outbox = wire.core.cards, wire.core.outbox
        self.announcer: Announcer | None = None
        self._running: asyncio.Task[None] | None = None
        wire.core.changes.subscribe(self._touch)

    def _touch(self, server: str) -> None:
        if self.announcer is not None:
            self.announcer.touch(server)

    async def announce(self, crowded: Callable[[], bool] = lambda: False) -> None:
        """A new announcer, with nothing remembered."""

        async def operators() -> list[int]:
            return [int(cast.OWNER)]

        assert self.wire.client is not None
        client = self.wire.client
        self.announcer = Announcer(
            client,
            self.outbox,
            self.cards,
            self.wire.core.guilds,
            self.wire.now,
            operators=operators,
            following=self.wire.core.servers.following,
            language_of=client.faces.replies.languages.of,
            crowded=crowded,
        )
        self._running = asyncio.create_task(self.announcer.run())

    async def silence(self) -> None:
        """The announcer is gone, whatever it was doing."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        self.announcer = self._running = None

    # what people do

    async def create(self, name: str = "Pond", channel: str = cast.CHAT) -> str:
        """A server of Ada's that runs, whose card says so and whose notice is posted."""
        view = await self.wire.core.servers.creation.create(
            self.wire.actor(ADA), channel=int(channel), game="meadow", name=name, size=None
        )
        await self.wire.until(view.id, "running")
        await self.message(f"### {name}", "Running", channel=None)
        await self.message(f"**{name}** is ready", channel=None)
        return view.id

    async def pause(self, server: str) -> None:
        await self.wire.core.servers.power.pause(self.wire.actor(ADA), server)
        await self.wire.until(server, "paused")

    async def resume(self, server: str) -> None:
        await self.wire.core.servers.power.resume(self.wire.actor(ADA), server)
        await self.wire.until(server, "running")

    async def set_up(self, **rules: Any) -> None:
        cy = Actor(user=int(cast.CY), guild=int(cast.GUILD), name="Cy", manages_guild=True)
        await self.wire.core.guilds.setup(cy, rules)

    async def purged(self, count: int, channel: str = cast.SERVERS) -> None:
        """Servers that are gone for good, each with its card in the channel."""
        now = self.wire.now() - timedelta(days=1)
        for number in range(count):
            body: dict[str, Any] = {"content": f"gone {number}"}
            message = self.guild.world.messages.create(channel, cast.BOT, body, [])
            async with self.wire.database.begin() as session:
                server = f"gone{number:0>8}".translate(str.maketrans("0189", "abcd"))
                row = ServerRow(
                    id=server,
                    guild=int(cast.GUILD),
                    owner=int(ADA),
                    game="meadow",
                    name=f"Gone {number}",
                    name_key=f"gone {number}",
                    size="small",
                    channel=int(channel),
                    desired=Desired.DELETED,
                    because=Because.OWNER,
                    phase=Phase.DELETED,
                    phase_since=now,
                    changed_at=now,
                )
                card = CardRow(server=server, channel=int(channel), message=int(message.id), shown="x")
                card.shown_at = now + timedelta(minutes=1)
                session.add(row)
                await session.flush()
                session.add(card)

    # what there is

    def read(self, channel: str | None = cast.CHAT) -> list[Message]:
        """All messages of a channel, or of all, oldest first."""
        channels = [channel] if channel else list(self.guild.world.channels)
        return [each for name in channels for each in self.guild.world.messages.oldest_first(name, after=0)]

    def having(self, *words: str, channel: str | None = cast.CHAT) -> list[Message]:
        return [message for message in self.read(channel) if has(message, *words)]

    async def message(self, *words: str, channel: str | None = cast.CHAT, within: float = WITHIN) -> Message:
        """The newest message that has all these words, as soon as there is one."""
        return await self.until(lambda: next(iter(reversed(self.having(*words, channel=channel))), None), within)

    async def until(self, true: Callable[[], Any], within: float = WITHIN) -> Any:
        async with asyncio.timeout(within):
            while not (value := true()):
                await asyncio.sleep(0.02)
            return value

    async def cards_rest(self) -> None:
        """Wait until no card is to be looked at."""
        await self.until(lambda: self.announcer is not None and not self.announcer.cards_waiting)

    async def looked(self) -> None:
        """Wait until all cards were looked at once."""
        await self.until(lambda: self.announcer is not None and self.announcer.rounds)

    async def notice(self, kind: str, state: str, within: float = WITHIN) -> NoticeRow:
        """The newest notice of a kind, once it is in this state."""
        async with asyncio.timeout(within):
            while True:
                async with self.wire.database.session() as session:
                    found = list(await session.exec(select(NoticeRow).where(NoticeRow.kind == kind)))
                if found and found[-1].state == state:
                    return found[-1]
                await asyncio.sleep(0.02)

    async def card(self, server: str) -> CardRow:
        async with self.wire.database.session() as session:
            return (await session.exec(select(CardRow).where(CardRow.server == server))).one()


def has(message: Message, *words: str) -> bool:
    said = texts(message.data["components"]) + message.data["content"]
    return all(word in said for word in words)


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    async with wired(folder, departures=True) as wire:
        await wire.allow(10)
        made = Town(wire)
        await made.announce()
        try:
            yield made
        finally:
            await made.silence()
