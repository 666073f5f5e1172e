"""`dormouse worlds` and `dormouse backup`: the store alone, the database lost, and lost with its copies."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from reading import buttons
from shipped import ROOT, Shipped, shipped

from bot.demo.guild.cast import CHAT

pytestmark = pytest.mark.process


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Shipped]:
    async with shipped(tmp_path, IDLE_AFTER="0", SNAPSHOT_EVERY="1") as house:
        yield house


async def dormouse(house: Shipped, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=ROOT,
        env=house.environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


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
    code, said = await dormouse(house, "worlds", "ls")
    assert (code, said.split()[0]) == (0, server)
    code, said = await dormouse(house, "worlds", "check")
    assert (code, said.split()[-1]) == (0, "well")
    assert (await dormouse(house, "worlds", "drill"))[0] == 0
    assert (await dormouse(house, "worlds", "collect"))[0] == 0
    code, said = await dormouse(house, "worlds", "restore", server, "newest", str(tmp_path / "back"))
    assert code == 0, said
    assert (tmp_path / "back" / "castle").read_text() == "tall"
    for pack in (house.folder / "bot" / "store" / "worlds" / server / "packs").rglob("*.data"):
        pack.write_bytes(pack.read_bytes()[:-1] + b"x")
    code, said = await dormouse(house, "worlds", "check")
    assert (code, "damaged" in said) == (1, True)


async def test_a_lost_database_comes_back_from_its_copy(house: Shipped) -> None:
    await asleep(house)
    assert (await dormouse(house, "backup", "take"))[0] == 0
    code, said = await dormouse(house, "backup", "restore", "newest")
    assert (code, "Another Dormouse is running" in said) == (1, True)
    await house.stop()
    (house.folder / "bot" / "dormouse.db").unlink()
    code, said = await dormouse(house, "backup", "restore", "newest")
    assert code == 0, said
    await house.start()
    await house.people["Ada"].slash(CHAT, "server resume", server="Pond")
    await house.message("### Pond", "Running")
    assert len(await house.cards()) == 1


async def test_without_a_copy_servers_are_rebuilt_from_what_else_there_is(house: Shipped) -> None:
    server = await asleep(house)
    await house.stop()
    (house.folder / "bot" / "dormouse.db").unlink()
    code, said = await dormouse(house, "backup", "rebuild")
    assert (code, "Pond" in said) == (0, True)
    shutil.rmtree(house.folder / "bot" / "servers" / server / "volumes")
    await house.start()
    await house.people["Ada"].slash(CHAT, "server resume", server="Pond")
    await house.until(lambda _: (house.folder / "bot/servers" / server / "volumes/2/data/castle").exists())
