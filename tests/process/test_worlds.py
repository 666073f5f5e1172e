"""Worlds over the shipped process: saved while playing, brought back, lost and found, cloned, archived, downloaded."""

from __future__ import annotations

import io
import json
import re
import shutil
import signal
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from reading import server_of, texts
from shipped import Shipped, has, shipped
from visitor import plant

from bot.demo.guild.cast import CHAT

pytestmark = pytest.mark.process


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Shipped]:
    """Nothing pauses by itself."""
    async with shipped(tmp_path, IDLE_AFTER="0", SNAPSHOT_EVERY="1") as house:
        yield house


def world(house: Shipped, server: str, volume: int = 1) -> Path:
    return house.folder / "bot" / "servers" / server / "volumes" / str(volume) / "data"


async def pause(house: Shipped, name: str = "Pond") -> dict[str, Any]:
    await house.people["Ada"].slash(CHAT, "server pause", server=name)
    return await house.message(f"### {name}", "Paused")


async def resume(house: Shipped, name: str = "Pond") -> dict[str, Any]:
    await house.people["Ada"].slash(CHAT, "server resume", server=name)
    return await house.message(f"### {name}", "Running")


async def ask(house: Shipped, command: str, *words: str, who: str = "Ada", **options: Any) -> dict[str, Any]:
    await house.people[who].slash(CHAT, command, **options)
    return await house.message(*words, who=who)


async def choose(house: Shipped, typed: str) -> str:
    """The first snapshot that is offered to go back to."""
    found = await house.people["Ada"].autocomplete(CHAT, "world restore", "snapshot", server="Pond", snapshot=typed)
    return str(found[0]["value"])


async def test_the_card_says_when_the_world_was_saved_and_how_large_it_is(house: Shipped) -> None:
    card = await house.create()
    await plant(card)
    await house.message("### Pond", "World saved")


async def test_the_pause_notice_has_a_receipt(house: Shipped) -> None:
    await house.create()
    await pause(house)
    await house.message("was paused by", "World saved", "of it new · checked")


async def test_a_world_goes_back_and_forth(house: Shipped) -> None:
    card = await house.create()
    server = server_of(card)
    (world(house, server) / "castle").write_text("tall")
    await ask(house, "world snapshot", "The world of", "is saved", server="Pond", note="my castle")
    listed = await ask(house, "world snapshots", "Snapshots of Pond", "my castle", server="Pond")
    assert "World" not in texts(listed["components"])
    (world(house, server) / "castle").write_text("fallen")
    chosen = await choose(house, "castle")
    await ask(
        house,
        "world restore",
        "stops, its world goes back, then it starts again. The world as it is now is kept",
        server="Pond",
        snapshot=chosen,
    )
    told = await house.message("brought the world of **Pond** back")
    await house.message("### Pond", "Running")
    assert (world(house, server, 2) / "castle").read_text() == "tall"
    await house.press("Undo", told)
    await house.until(lambda found: len([m for m in found if has(m, "brought the world of **Pond** back")]) == 2)
    assert (world(house, server, 3) / "castle").read_text() == "fallen"
    assert len(await house.cards()) == 1


async def test_a_world_that_is_deleted_by_hand_comes_back_by_itself(house: Shipped) -> None:
    card = await house.create()
    server = server_of(card)
    (world(house, server) / "castle").write_text("tall")
    await pause(house)
    await house.message("was paused by", "World saved")
    shutil.rmtree(house.folder / "bot" / "servers" / server / "volumes")
    await resume(house)
    assert (world(house, server, 2) / "castle").read_text() == "tall"
    await house.message("The disk with the world of **Pond** is gone", "It is back as it was")


async def test_all_files_of_a_server_deleted_by_hand_come_back_too(house: Shipped) -> None:
    card = await house.create()
    server = server_of(card)
    (world(house, server) / "castle").write_text("tall")
    await pause(house)
    await house.message("was paused by", "World saved")
    await house.stop()
    shutil.rmtree(house.folder / "bot" / "servers" / server)
    await house.start()
    await resume(house)
    assert (world(house, server, 2) / "castle").read_text() == "tall"


async def test_an_archived_world_gives_its_disk_back_and_is_the_same_after_resume(house: Shipped) -> None:
    card = await house.create()
    server = server_of(card)
    (world(house, server) / "castle").write_text("tall")
    await ask(house, "world archive", "is being archived", server="Pond")
    await house.message("### Pond", "Archived")
    await house.message("was paused by", "World saved", "checked")
    await ask(house, "world archive", "is archived already", server="Pond")
    assert not world(house, server).exists()
    await resume(house)
    assert (world(house, server, 2) / "castle").read_text() == "tall"


async def test_a_clone_begins_as_the_original_was(house: Shipped) -> None:
    card = await house.create()
    (world(house, server_of(card)) / "castle").write_text("tall")
    await ask(house, "server clone", "is being made", server="Pond", name="Lake")
    copy = await house.message("### Lake", "Running")
    assert (world(house, server_of(copy)) / "castle").read_text() == "tall"


async def test_a_download_is_an_archive_of_the_world(house: Shipped) -> None:
    card = await house.create()
    server = server_of(card)
    (world(house, server) / "castle").write_text("tall")
    (world(house, server) / "loot").symlink_to(house.folder / "bot" / "servers" / server / "store.json")
    answer = await ask(house, "world download", "The world as it was", server="Pond")
    found = json.dumps(answer)
    address = re.search(r'"url": "(http[^"]+Pond\.zip[^"]*)"', found)
    assert address, found
    async with aiohttp.ClientSession() as web, web.get(address[1]) as got:
        archive = zipfile.ZipFile(io.BytesIO(await got.read()))
    assert archive.read("castle") == b"tall"
    assert archive.read("loot").endswith(b"store.json")
    assert b"folder:" not in archive.read("loot")


async def test_only_who_may_sees_what_a_world_was(house: Shipped) -> None:
    await house.create()
    said = await ask(house, "world snapshots", "Only Ada (owner) or an admin", who="Bo", server="Pond")
    assert said


async def test_killed_while_a_world_goes_back_it_still_does(house: Shipped) -> None:
    card = await house.create()
    server = server_of(card)
    (world(house, server) / "castle").write_text("tall")
    await ask(house, "world snapshot", "is saved", server="Pond", note="x")
    (world(house, server) / "castle").write_text("fallen")
    chosen = await choose(house, "x")
    await ask(house, "world restore", "goes back", server="Pond", snapshot=chosen)
    await house.stop(signal.SIGKILL)
    await house.start()
    await house.message("brought the world of **Pond** back")
    await house.message("### Pond", "Running")
    assert (world(house, server, 2) / "castle").read_text() == "tall"


async def send(house: Shipped, files: dict[str, bytes]) -> str:
    """A ZIP that Ada uploads; its id."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return str((await house.people["Ada"].upload("world.zip", data.getvalue()))["id"])


async def test_a_world_of_ones_own_takes_the_place_of_the_worlds_and_can_be_undone(house: Shipped) -> None:
    card = await house.create()
    server = server_of(card)
    (world(house, server) / "castle").write_text("old")
    file = await send(house, {"mine/castle": b"new", "mine/tower": b"high"})
    await ask(house, "world import", "takes in what you sent", server="Pond", file=file)
    told = await house.message("is in **Pond** now.", "What it was before is kept")
    assert (world(house, server, 2) / "castle").read_text() == "new"
    assert (world(house, server, 2) / "tower").read_text() == "high"
    await house.press("Undo", told)
    await house.message("brought the world of **Pond** back")
    assert (world(house, server, 3) / "castle").read_text() == "old"


async def test_a_hostile_archive_and_a_hostile_address_are_refused_and_leave_nothing(house: Shipped) -> None:
    card = await house.create()
    server = server_of(card)
    file = await send(house, {"../../evil": b"x"})
    await ask(house, "world import", "write outside of its own folder", server="Pond", file=file)
    await ask(house, "world import", "public https addresses only", server="Pond", url="https://127.0.0.1/world.zip")
    await ask(house, "world import", "one of the two", server="Pond")
    assert list((house.folder / "bot" / "work").iterdir()) == []
    assert not list(house.folder.rglob("evil"))
    assert not world(house, server, 2).exists()
