"""Members against the real discord.py client in a simulated Discord; core is real, the cluster is in memory.

What works in the background (the controller) is started outside the client, as bot/app.py does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import discord
import pytest
from simcord.env import Env

from bot.client import Client
from cogs.faces import Faces
from cogs.replies import Replies
from core.guilds.access import Actor

Env._settle_internal.__kwdefaults__["idle"] = 0.005  # seconds that a verb waits for more; 50 ms otherwise


@dataclass
class Guild:
    env: Any
    channel: Any
    ada: Any
    bo: Any
    cy: Any
    house: Any
    client: Callable[[], Client]  # another client on the same core, as after a restart

    async def create(self, name: str = "Pond", who: Any = None) -> str:
        await (who or self.ada).slash(self.channel, "server create", game="meadow", name=name)
        server = (await self.house.servers.lookup.get(self.admin, name)).id
        await self.house.phase(server, "running")
        return str(server)

    @property
    def admin(self) -> Actor:
        return Actor(user=self.cy.id, guild=self.channel.guild.id, name="cy", manages_guild=True)


@pytest.fixture
async def guild(house: Any) -> AsyncIterator[Guild]:
    faces = Faces.of(house.core, Replies())

    def client() -> Client:
        return Client(faces, house.database)

    env = Env(client(), check_errors=False, shard_count=1, settle_timeout=60)
    await env.start()
    made = env.create_guild("The Hollow Oak")
    channel = made.create_text_channel("servers")
    keepers = made.create_role("Keepers", permissions=discord.Permissions(manage_guild=True))
    ada = made.add_member(env.create_user("ada"))
    bo = made.add_member(env.create_user("bo"))
    cy = made.add_member(env.create_user("cy"), roles=[keepers])
    yield Guild(env, channel, ada, bo, cy, house, client)
    await env.shutdown()
