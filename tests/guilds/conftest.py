"""A guild in a simulated Discord whose worlds lie on a shelf in memory; core is real."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import discord
import pytest
from reading import texts
from simcord.env import Env
from sqlmodel import select

from bot.client import Client
from cogs.faces import Faces
from cogs.replies import Replies
from core.data.tables import GuildRow, NoticeRow, ServerRow
from core.notices.codec import notice_of
from core.notices.kinds.notices import StorageNotice
from core.servers.host_rules import HostRules
from core.words import NoticeKind
from core.worlds.gaps import Gaps
from core.worlds.listing import Snapshot
from core.worlds.receipt import Receipt
from core.worlds.turns import Turns

GIB = 2**30
GUILD = 700


class Shelf:
    """The store, in memory."""

    def __init__(self) -> None:
        self.found: list[Snapshot] = []
        self.turns = Turns()

    async def snapshots(self, server: str) -> list[Snapshot]:
        return self.found


@dataclass
class Oak:
    """The Hollow Oak: ada owns servers, cy manages the guild."""

    env: Any
    channel: Any
    ada: Any
    cy: Any
    house: Any

    @property
    def id(self) -> int:
        return int(self.channel.guild.id)

    async def ask(self, who: Any, command: str, **options: Any) -> str:
        """What the answer says, without emphasis."""
        result = await who.slash(self.channel, command, **options)
        shown = result.followups[-1] if result.followups else result.response
        return str(texts(shown.components) + shown.content).replace("**", "")

    async def create(self, name: str = "Pond", *, stored: int = 0, world: int = 0) -> str:
        """A server that runs, with so many bytes of snapshots and of world."""
        await self.ask(self.ada, "server create", game="meadow", name=name)
        async with self.house.database.session() as session:
            query = select(ServerRow.id).where(ServerRow.guild == self.id, ServerRow.name == name)
            server = str((await session.exec(query)).one())
        await self.house.until(server, lambda row: row.phase == "running" and row.bound == 1)
        await hold(self.house, server, stored, world)
        return server


async def hold(house: Any, server: str, stored: int, world: int = 0) -> None:
    async with house.database.begin() as session:
        row = await session.get_one(ServerRow, server)
        row.stored_bytes, row.saved_bytes, row.saved_at = stored, world, datetime(2026, 1, 1, 12, tzinfo=UTC)
        session.add(row)


async def limit(house: Any, guild: int, **columns: Any) -> None:
    async with house.database.begin() as session:
        row = await session.get(GuildRow, guild) or GuildRow(id=guild)
        for name, value in columns.items():
            setattr(row, name, value)
        session.add(row)


async def warnings(house: Any, guild: int, server: str | None = None) -> list[int]:
    """The marks that a guild, or a server's world, was warned of."""
    query = select(NoticeRow).where(NoticeRow.guild == guild, NoticeRow.kind == NoticeKind.STORAGE)
    async with house.database.session() as session:
        found = await session.exec(query.order_by(NoticeRow.id))
        told = [notice_of(row.kind, row.data) for row in found if row.server == server]
    return [each.fill for each in told if isinstance(each, StorageNotice)]


@pytest.fixture
def rules(rules: HostRules) -> HostRules:
    return replace(rules, keeps_worlds=True)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def oak(house: Any, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Oak]:
    made = datetime(2026, 1, 1, 12, tzinfo=UTC)

    async def snapshot(server: str, *, note: str = "", full: bool = False) -> Receipt:
        number = len(shelf.found) + 1
        saved = Snapshot(f"000001-000001-{number:06}-{'0' * 32}", made, 100, 1, 10, note, Gaps(), False)
        shelf.found.insert(0, saved)
        return Receipt(saved.name, saved.at, saved.size)

    monkeypatch.setattr(house.cluster, "snapshot", snapshot)
    env = Env(
        Client(Faces.of(house.core, Replies()), house.database), check_errors=False, shard_count=1, settle_timeout=60
    )
    await env.start()
    guild = env.create_guild("The Hollow Oak")
    keepers = guild.create_role("Keepers", permissions=discord.Permissions(manage_guild=True))
    ada, cy = guild.add_member(env.create_user("ada")), guild.add_member(env.create_user("cy"), roles=[keepers])
    yield Oak(env, guild.create_text_channel("servers"), ada, cy, house)
    await env.shutdown()
