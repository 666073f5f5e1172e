"""Storage over the shipped process: warnings in the guild, alarms to operators, downloads too large for Discord."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import sqlite3
import zipfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from ports import ports
from reading import buttons, texts
from shipped import Shipped, shipped

from bot.demo.guild import cast

pytestmark = pytest.mark.process


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Shipped]:
    """Nothing pauses or is saved by itself; downloads are served where the bot says."""
    face = f"127.0.0.1:{ports().partition('-')[0]}"
    more = {"IDLE_AFTER": "0", "SNAPSHOT_EVERY": "3600", "WEB": face, "PUBLIC_URL": f"http://{face}"}
    async with shipped(tmp_path, **more) as house:
        yield house


def write(house: Shipped, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(house.folder / "bot" / "dormouse.db", timeout=20)) as database, database:
        assert database.execute(statement, values).rowcount


async def test_the_guild_is_warned_in_its_channel_and_sees_which_server_takes_it(house: Shipped) -> None:
    await house.create()
    write(house, "UPDATE servers SET stored_bytes = ?", 900 * 2**20)
    await house.people["Cy"].slash(cast.CHAT, "guild quota", storage=1)
    warned = await house.message("The worlds here take 900 MiB of 1.0 GiB", "Largest: **Pond** (900 MiB)")
    assert not warned.get("ephemeral_for")
    await house.people["Cy"].slash(cast.CHAT, "guild status")
    await house.message("**Storage:** 900 MiB of 1.0 GiB", "87 %", "**Pond** · ", who="Cy")


async def test_an_alarm_reaches_whoever_runs_the_bot_by_direct_message(house: Shipped) -> None:
    data = json.dumps({"alarm": "drill", "about": "abcdefghijkl", "guild": 7, "why": "a pack is gone"})
    columns = "guild, kind, episode, data, trace, state, revision, sent_revision, destination, attempts"
    now = "2026-01-01 00:00:00.000000"
    write(
        house,
        f"INSERT INTO notices ({columns}, next_at, created_at) VALUES (0,'alarm',0,?,'t','pending',1,0,0,0,?,?)",
        data,
        now,
        now,
    )
    cy = house.people["Cy"]
    async with asyncio.timeout(60):
        while True:
            found = await cy.read(cast.DIRECT_CHANNELS[cy.id], limit=100)
            said = "\n".join(texts(each["components"]) for each in found)
            if "did not come back on trial" in said:
                break
            await asyncio.sleep(0.1)
    assert "> a pack is gone" in said
    assert "`dormouse worlds drill abcdefghijkl`" in said


async def test_a_download_too_large_for_discord_is_a_link_that_opens(house: Shipped) -> None:
    card = await house.create()
    server = next(iter(buttons(card["components"]).values())).split(":")[2]
    world = house.folder / "bot" / "servers" / server / "volumes" / "1" / "data"
    castle = os.urandom(9 * 2**20)
    (world / "castle").write_bytes(castle)
    await house.people["Ada"].slash(cast.CHAT, "world download", server="Pond")
    answer = await house.message("The link works until", within=60)
    found = re.search(r'"url": "(http[^"]+)"', json.dumps(answer))
    assert found
    link = found[1]
    async with aiohttp.ClientSession() as web:
        async with web.get(link) as got:
            assert got.headers["Content-Disposition"] == 'attachment; filename="Pond.zip"'
            whole = await got.read()
        async with web.get(link, headers={"Range": "bytes=1000-1999"}) as got:
            assert (got.status, await got.read()) == (206, whole[1000:2000])
        async with web.get(link[:-1] + ("0" if link[-1] != "0" else "1")) as got:
            assert got.status == 404
    assert zipfile.ZipFile(io.BytesIO(whole)).read("castle") == castle
