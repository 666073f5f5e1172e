"""A save from elsewhere, as a member brings it to a server whose game knows one by the name of its file."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from reading import server_of, texts
from shipped import Shipped, shipped

from bot.demo.guild.cast import CHAT
from core.games.catalogue import BUILT_IN

pytestmark = pytest.mark.process

IMPORTS = """
[imports]
world = "worlds"
files = ["{name}.wld"]
backups = ["*.bak"]
name = "greeting"

[join]"""
"""Meadow stands for a game that is started with the name of its world: it greets with it."""


def of_hills(folder: Path) -> Path:
    folder.mkdir()
    made = (BUILT_IN / "meadow.toml").read_text().replace("[join]", IMPORTS, 1)
    (folder / "meadow.toml").write_text(made)
    return folder


async def test_a_lone_world_file_is_taken_and_the_server_loads_it(tmp_path: Path) -> None:
    async with shipped(tmp_path, IDLE_AFTER="0", GAMES_DIR=str(of_hills(tmp_path / "games"))) as house:
        server = server_of(await house.create())
        said = await brought(house, "Green_Hills.wld", b"relogic hills")
        for words in ("takes in what you sent", "Taken: Green\\_Hills.wld.", "loads the world **Green\\_Hills**"):
            assert words in said
        told = await house.message("is in **Pond** now.", "What it was before is kept")
        data = house.folder / "bot" / "servers" / server / "volumes" / "2" / "data"
        assert (data / "worlds" / "Green_Hills.wld").read_bytes() == b"relogic hills"
        await house.press("Undo", told)
        await house.message("brought the world of **Pond** back")
        said = await brought(house, "both.zip", two("Hills.wld", "Dunes.wld"))
        assert "more than one world in that: Dunes, Hills" in said
        said = await brought(house, "one.zip", two("Worlds/Hills.wld", "Worlds/Hills.wld.bak"))
        assert "Left out: Worlds/Hills.wld.bak." in said


async def brought(house: Shipped, name: str, data: bytes) -> str:
    file = str((await house.people["Ada"].upload(name, data))["id"])
    before = {message["id"] for message in await house.messages()}
    await house.people["Ada"].slash(CHAT, "world import", server="Pond", file=file)
    words = ("takes in what you sent", "comes into", "Nothing was changed")
    said = await house.until(
        lambda found: next(
            (
                text
                for message in found
                if message["id"] not in before
                and any(word in (text := texts(message["components"]) + message["content"]) for word in words)
            ),
            None,
        )
    )
    return str(said)


def two(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return data.getvalue()
