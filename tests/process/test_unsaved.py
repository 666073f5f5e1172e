"""What is not saved is said wherever people look: a store that takes no key, and files that cannot be read."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
import unprivileged
from b2server import Key
from onb2 import BUCKET, LONG, NEEDED, PREFIX, OnB2, dormouse, on_b2, store_settings
from reading import server_of
from shipped import Shipped, shipped

from bot.demo.guild import cast
from core.worlds.listing import listing
from core.worlds.store import open_store
from core.worlds.store.folder import FolderStore

pytestmark = pytest.mark.process
FAILED = "The newest save failed"


async def alarm(house: Shipped, *words: str) -> str:
    """What the application's owner was told by direct message."""
    person = house.people["Cy"]
    async with asyncio.timeout(LONG):
        while True:
            for message in await person.read(cast.DIRECT_CHANNELS[person.id], limit=100):
                text = str(message["content"]) + str(message["components"])
                if all(word in text for word in words):
                    return text
            await asyncio.sleep(0.05)


async def check(place: OnB2) -> str:
    """What `dormouse check` says of worlds."""
    _, said = await dormouse("check", environ=place.house.environ)
    return said


def new_key(place: OnB2) -> Key:
    return place.b2.account.add_key(NEEDED, bucket=BUCKET, prefix=PREFIX)


async def test_a_key_that_is_deleted_at_the_store_is_said_and_healed_by_another(tmp_path: Path) -> None:
    async with on_b2(tmp_path, hurried=2, only_late=True) as place:
        server = await place.create()
        await place.saved()
        before = len(listing(place.store, server))
        (place.world(server) / "castle").write_text("taller")
        with place.b2.lock:
            del place.b2.account.keys[place.key.id]
        await place.pause()
        card = await place.card("Paused", FAILED, "The last good save is from")
        assert "checked" not in str(card)
        notice = await place.house.message("**Pond** was paused", FAILED, "The last good save is from", within=LONG)
        assert "checked" not in str(notice)
        assert "No world can be saved" in await alarm(place.house, "No world can be saved")
        said = await check(place)
        assert f"The world of {server}" in said
        assert "could not be saved: the store refuses the key" in said

        key = new_key(place)
        await place.house.stop()
        place.house.environ |= {"DORMOUSE_B2_KEY_ID": key.id, "DORMOUSE_B2_KEY": key.secret}
        await place.house.start()
        await place.card("Paused", "World saved")
        await place.house.message("**Pond** was paused", "checked", within=LONG)
        place.store = open_store(place.environ["DORMOUSE_STORE"], store_settings(place.b2, key))
        assert len(listing(place.store, server)) > before
        assert "could not be saved" not in await check(place)
        assert key.secret not in place.house.log


async def test_a_game_that_runs_takes_the_new_key_too(tmp_path: Path) -> None:
    """On this machine its agent reads the key anew for each save."""
    async with on_b2(tmp_path, SNAPSHOT_EVERY="1") as place:
        server = await place.create()
        await place.saved()
        with place.b2.lock:
            del place.b2.account.keys[place.key.id]
        (place.world(server) / "castle").write_text("taller")
        await place.card("Running", FAILED)
        key = new_key(place)
        await place.house.stop()
        place.house.environ |= {"DORMOUSE_B2_KEY_ID": key.id, "DORMOUSE_B2_KEY": key.secret}
        await place.house.start()
        await place.card("Running", "World saved")


class TestGaps:
    @pytest.fixture
    async def house(self, tmp_path: Path) -> Any:
        python = unprivileged.python(tmp_path)
        async with shipped(tmp_path, command=[python, "-m", "bot", "run"], IDLE_AFTER="0") as house:
            yield house

    async def ask(self, house: Shipped, command: str, **options: Any) -> str:
        place = OnB2.__new__(OnB2)
        place.house = house
        return await place.ask(command, **options)

    async def test_what_a_snapshot_lacks_is_said_until_one_has_it(self, house: Shipped) -> None:
        server = server_of(await house.create())
        world = house.folder / "bot" / "servers" / server / "volumes" / "1" / "data"
        treasure = world / "treasure"
        treasure.write_text("gold")
        treasure.chmod(0o000)
        os.mkfifo(world / "pipe")
        lacks = "The newest save lacks 1 file that could not be read as it is: `treasure`"
        assert lacks in await self.ask(house, "world snapshot", server="Pond", note="by hand")
        await house.message("### Pond", lacks, within=LONG)
        assert "lacks 1 file · by hand · 1 device or socket left out" in await self.ask(
            house, "world snapshots", server="Pond"
        )
        code, said = await dormouse("worlds", "ls", server, environ=house.environ)
        assert (code, "lacks 1 file: 'treasure' (unreadable)  left out: 1 fifo" in said) == (0, True), said
        code, said = await dormouse("worlds", "check", server, environ=house.environ)
        assert (code, "lacks 1 file: 'treasure' (unreadable)" in said) == (1, True), said
        _, said = await dormouse("check", environ=house.environ)
        assert f"The newest snapshot of {server}" in said
        treasure.chmod(0o600)
        assert "lacks" not in await self.ask(house, "world snapshot", server="Pond", note="again")
        assert listing(FolderStore(house.folder / "bot" / "store"), server)[0].gaps.files == 0
        await house.until(lambda found: not any("lacks" in str(each) for each in found if "### Pond" in str(each)))
        assert (await dormouse("worlds", "check", server, environ=house.environ))[0] == 0
