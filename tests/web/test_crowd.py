"""A thousand calls of the API at once, beside people who use Discord: both are answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from members import Members as Everybody
from webface import serving
from wire import ADA, BO, wired

from bot.demo.guild import cast
from core.accounts.scopes import READ
from core.guilds.access import Actor
from core.guilds.members import Members

pytestmark = pytest.mark.deep
CALLERS, EACH = 100, 10


async def test_a_thousand_calls_at_once_keep_nobody_in_discord_waiting(tmp_path: Path) -> None:
    async with wired(tmp_path) as wire:
        server = await wire.create()
        members = Members(Everybody(), wire.core.now)
        async with serving(replace(wire.core, members=members)) as face:
            actors = [Actor(user=number, guild=int(cast.GUILD), name="A program") for number in range(1, CALLERS + 1)]
            tokens = [await face.token(actor, READ) for actor in actors]
            paths = [f"/api/v1/servers/{server}", "/api/v1/servers"] * (EACH // 2)

            async def call(http: aiohttp.ClientSession, token: str, path: str) -> int:
                async with http.get(face.url + path, headers={"Authorization": f"Bearer {token}"}) as got:
                    await got.read()
                    return got.status

            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
                calling = asyncio.gather(*(call(http, token, path) for token in tokens for path in paths))
                said = [
                    await wire.command(person, "server show", server="Pond") for person in (ADA, BO) for _ in range(10)
                ]
                statuses = Counter(await calling)
    assert {each.kind for each in said} == {"message"}
    assert all("Pond" in each.text for each in said)
    assert statuses == {200: CALLERS * EACH}
