"""A data folder whose disk fills up: plain words, nothing lost, and all goes on once there is room again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from itertools import cycle
from pathlib import Path

import pytest
from reading import texts
from shipped import Shipped, has, shipped

from bot.demo.guild.cast import CHAT

pytestmark = pytest.mark.process


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MiB under the bot's data folder."""
    folder = tmp_path / "bot"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        if os.environ.get("CI"):
            pytest.fail("CI needs the right to mount a tmpfs", pytrace=False)
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
async def house(tmp_path: Path, small_disk: Path) -> AsyncIterator[Shipped]:
    async with shipped(tmp_path, IDLE_AFTER="0") as house:
        yield house


def fill(folder: Path) -> Path:
    """Take all the room that is left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    return ballast


async def keep(house: Shipped, who: str, hours: int) -> str:
    """What the member reads in the end."""
    answer = await house.people[who].slash(CHAT, "server keep", server="Pond", hours=hours)
    number = answer["message"]["id"]
    return str(
        await house.until(lambda found: next((texts(m["components"]) for m in found if m["id"] == number), None), who)
    )


async def test_what_cannot_be_written_is_refused_in_words_and_taken_later(house: Shipped, small_disk: Path) -> None:
    await house.create("Pond")
    ballast = fill(small_disk)
    everybody = cycle(("Ada", "Bo", "Cy"))  # nobody asks too fast
    said = [await keep(house, next(everybody), 1 + n % 24) for n in range(40)]  # the database has some room left
    assert any("own records right now. Nothing was changed; try again in a minute." in each for each in said)
    ballast.unlink()
    await house.people["Ada"].slash(CHAT, "server pause", server="Pond")
    await house.until(lambda found: any(has(m, "### Pond", "Paused") for m in found))
    assert '"event": "database away"' in house.log
    assert '"event": "bug"' not in house.log
    assert len(await house.cards()) == 1
