"""What is deleted by hand, with the worlds on a B2: a volume, all of the node's data, the database, and its copies."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from onb2 import OnB2, on_b2
from shipped import Shipped
from visitor import plant

pytestmark = pytest.mark.process


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[OnB2]:
    async with on_b2(tmp_path) as place:
        yield place


def servers(house: Shipped) -> Path:
    return house.folder / "bot" / "servers"


async def back(place: OnB2, server: str) -> None:
    """Pond runs on a volume of its own again, as it was saved."""
    await place.house.until(lambda _: (place.world(server, 2) / "castle").exists(), within=60)
    await place.card("Running")
    await place.house.message("The disk with the world of **Pond** is gone", "It is back as it was")
    assert (place.world(server, 2) / "castle").read_text() == "tall"
    assert len(await place.house.cards()) == 1


class TestTheDisk:
    async def test_a_volume_deleted_while_it_sleeps_is_back_at_the_next_resume(self, place: OnB2) -> None:
        server = await place.create()
        await place.pause()
        shutil.rmtree(servers(place.house) / server / "volumes")
        await place.ask("server resume", server="Pond")
        await back(place, server)

    async def test_a_volume_deleted_while_somebody_plays_is_back_by_itself(self, place: OnB2) -> None:
        server = await place.create()
        await plant(await place.card("Running"))
        await place.saved()
        shutil.rmtree(servers(place.house) / server / "volumes")
        await back(place, server)

    async def test_the_nodes_data_deleted_while_it_sleeps_is_back_at_the_next_resume(self, place: OnB2) -> None:
        server = await place.create()
        await place.pause()
        await place.house.stop()
        shutil.rmtree(servers(place.house))
        await place.house.start()
        await place.ask("server resume", server="Pond")
        await back(place, server)

    async def test_the_nodes_data_deleted_while_somebody_plays_is_back_by_itself(self, place: OnB2) -> None:
        server = await place.create()
        await plant(await place.card("Running"))
        await place.saved()
        shutil.rmtree(servers(place.house) / server)
        await back(place, server)
