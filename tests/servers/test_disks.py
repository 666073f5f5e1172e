"""How large the disk is that a server's cluster is asked for, and that its events tell."""

from __future__ import annotations

from typing import Any

from core.data.tables import GuildRow
from core.guilds.access import Actor
from core.servers.rows import RowContext
from core.words import Desired, Phase
from tests.conftest import GUILD

GIB = 2**30
ADA = Actor(user=1, guild=GUILD, name="Ada")


def disk(house: Any, row: Any, world: int | None = None) -> int:
    guild = GuildRow(id=GUILD, world_bytes=None if world is None else world * GIB)
    spec = house.parts.projections.spec(row, RowContext([], guild, ""), replicas=1)
    return int(spec.volume_bytes)


async def test_it_is_as_the_games_entry_says_and_no_larger_than_the_guild_wants(house: Any) -> None:
    row = await house.row(await house.create())
    assert disk(house, row) == GIB  # Meadow needs no more
    row.game = "minecraft-java"
    assert [disk(house, row, world) for world in (None, 40, 3)] == [10 * GIB, 10 * GIB, 7 * GIB]


async def test_a_guild_that_wants_smaller_worlds_changes_what_its_servers_are_to_be(house: Any) -> None:
    row = await house.row(await house.create())
    row.game = "minecraft-java"

    def wanted(world: int | None) -> str:
        guild = GuildRow(id=GUILD, world_bytes=None if world is None else world * GIB)
        return str(house.parts.projections.wanted(row, RowContext([], guild, "")).fingerprint)

    assert wanted(None) == wanted(10) != wanted(3)


async def test_the_cluster_is_asked_for_it(house: Any) -> None:
    server = await house.create()
    await house.phase(server, Phase.RUNNING)
    assert house.cluster.specs[server].volume_bytes == GIB


def told(house: Any, row: Any, world: int | None = None) -> int:
    guild = None if world is None else GuildRow(id=GUILD, world_bytes=world * GIB)
    return int(house.parts.projections.usage(row, guild).volume_bytes)


async def test_events_tell_the_disk_until_it_is_given_back(house: Any) -> None:
    row = await house.row(await house.create())
    assert told(house, row) == GIB
    row.desired, row.phase = Desired.ARCHIVED, Phase.ARCHIVED
    assert told(house, row) == 0


async def test_before_anybody_saw_it_events_tell_the_disk_that_is_asked_for(house: Any) -> None:
    row = await house.row(await house.create())
    row.id, row.game = "aaaaaaaaaaaa", "minecraft-java"
    assert [told(house, row, world) for world in (None, 40, 3)] == [10 * GIB, 10 * GIB, 7 * GIB]


async def test_events_tell_the_disk_as_large_as_it_is(house: Any) -> None:
    """Somebody made it larger by hand."""
    server = await house.create()
    await house.phase(server, Phase.RUNNING)
    house.cluster.claims[server] = 20 * GIB
    house.cluster.tell(server)
    await house.until(server, lambda _: house.parts.observed.of(server).claim == 20 * GIB)
    await house.servers.power.pause(ADA, server)
    await house.phase(server, Phase.PAUSED)
    assert (await house.events(server))[-1].volume_bytes == 20 * GIB
