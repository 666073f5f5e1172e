"""`dormouse worlds` and `dormouse backup`: the store alone, the database lost, and lost with its copies."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from onb2 import dormouse
from reading import buttons
from shipped import Shipped, shipped

from bot.demo.guild.cast import CHAT

pytestmark = pytest.mark.process


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Shipped]:
    async with shipped(tmp_path, IDLE_AFTER="0", SNAPSHOT_EVERY="1") as house:
        yield house


async def asleep(house: Shipped) -> str:
    """A server with a castle, paused and saved; its id."""
    card = await house.create()
    server = next(iter(buttons(card["components"]).values())).split(":")[2]
    (house.folder / "bot" / "servers" / server / "volumes" / "1" / "data" / "castle").write_text("tall")
    await house.people["Ada"].slash(CHAT, "server pause", server="Pond")
    await house.message("was paused by", "World saved")
    return server


async def test_the_store_is_enough_to_look_check_drill_and_bring_back(house: Shipped, tmp_path: Path) -> None:
    server = await asleep(house)
    code, said = await dormouse("worlds", "ls", environ=house.environ)
    assert (code, said.split()[0]) == (0, server)
    code, said = await dormouse("worlds", "check", environ=house.environ)
    assert (code, said.split()[-1]) == (0, "well")
    assert (await dormouse("worlds", "drill", environ=house.environ))[0] == 0
    assert (await dormouse("worlds", "collect", environ=house.environ))[0] == 0
    code, said = await dormouse("worlds", "restore", server, "newest", str(tmp_path / "back"), environ=house.environ)
    assert code == 0, said
    assert (tmp_path / "back" / "castle").read_text() == "tall"
    for pack in (house.folder / "bot" / "store" / "worlds" / server / "packs").rglob("*.data"):
        pack.write_bytes(pack.read_bytes()[:-1] + b"x")
    code, said = await dormouse("worlds", "check", environ=house.environ)
    assert (code, "damaged" in said) == (1, True)


async def test_a_lost_database_comes_back_from_its_copy(house: Shipped) -> None:
    await asleep(house)
    assert (await dormouse("backup", "take", environ=house.environ))[0] == 0
    code, said = await dormouse("backup", "restore", "newest", environ=house.environ)
    assert (code, "Another Dormouse is running" in said) == (1, True)
    await house.stop()
    (house.folder / "bot" / "dormouse.db").unlink()
    code, said = await dormouse("backup", "restore", "newest", environ=house.environ)
    assert code == 0, said
    await house.start()
    await house.people["Ada"].slash(CHAT, "server resume", server="Pond")
    await house.message("### Pond", "Running")
    assert len(await house.cards()) == 1


async def test_without_a_copy_servers_are_rebuilt_from_what_else_there_is(house: Shipped) -> None:
    server = await asleep(house)
    await house.stop()
    (house.folder / "bot" / "dormouse.db").unlink()
    code, said = await dormouse("backup", "rebuild", environ=house.environ)
    assert (code, "Pond" in said) == (0, True)
    shutil.rmtree(house.folder / "bot" / "servers" / server / "volumes")
    await house.start()
    await house.people["Ada"].slash(CHAT, "server resume", server="Pond")
    await house.until(lambda _: (house.folder / "bot/servers" / server / "volumes/2/data/castle").exists())
