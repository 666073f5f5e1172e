"""What admins and members of a guild read about its storage: discord.py as it is, Discord simulated, core real."""

from __future__ import annotations

import pytest
from reading import buttons, texts

from core.data.tables import ServerRow
from tests.guilds.conftest import GIB, Oak, hold, limit

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FULL = "The storage for all worlds here is full: 100 GiB of 100 GiB. Nothing was changed"


async def test_status_shows_what_each_server_takes_largest_first(oak: Oak) -> None:
    await oak.create("Pond", stored=30 * GIB, world=2 * GIB)
    await oak.create("Lake", stored=60 * GIB, world=4 * GIB)
    said = await oak.ask(oak.cy, "guild status")
    assert "2 servers of 10 · 2 Running" in said
    assert "Storage: 90.0 GiB of 200 GiB" in said
    assert "45 %" in said
    assert said.index("Lake · 60.0 GiB") < said.index("Pond · 30.0 GiB")
    assert "World: 2.0 GiB of 10.0 GiB · saved <t:" in said
    assert "Snapshots kept: the newest 10" in said


async def test_status_of_a_guild_without_servers(oak: Oak) -> None:
    assert "0 servers of 10\n\nStorage: 0 B of 200 GiB" in await oak.ask(oak.cy, "guild status")


async def test_quota_without_options_shows_and_with_them_sets(oak: Oak) -> None:
    said = await oak.ask(oak.cy, "guild quota")
    assert "Servers a member: 2" in said
    assert "Storage: 0 B of 200 GiB (at most 200 GiB)" in said
    said = await oak.ask(oak.cy, "guild quota", per_member=1, servers=3, world=5, storage=40, retention="days")
    assert "Servers a member: 1" in said
    assert "Servers in all: 3" in said
    assert "A world: 5.0 GiB (at most 10.0 GiB)" in said
    assert "of 40.0 GiB (at most 200 GiB)" in said
    assert "the newest 5, one an hour for half a day, one a day for a week" in said
    await oak.create()
    assert "as many servers as a member may have" in await oak.ask(oak.ada, "server create", game="meadow", name="Two")


async def test_more_than_the_host_gives_is_refused_with_what_it_gives(oak: Oak) -> None:
    said = await oak.ask(oak.cy, "guild quota", storage=500)
    assert said == "Whoever runs this bot gives each community at most 200 GiB of storage. Choose less, or ask them."


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("world snapshot", {"server": "Pond"}),
        ("server clone", {"server": "Pond", "name": "Lake"}),
        ("world import", {"server": "Pond", "url": "https://example.org/world.zip"}),
    ],
)
async def test_a_full_guild_takes_nothing_more_by_hand(oak: Oak, command: str, options: dict[str, str]) -> None:
    server = await oak.create(stored=100 * GIB)
    await limit(oak.house, oak.id, storage_bytes=100 * GIB)
    assert FULL in await oak.ask(oak.ada, command, **options)
    await hold(oak.house, server, 99 * GIB)
    assert FULL not in await oak.ask(oak.ada, command, **options)


async def test_a_full_guild_still_pauses_resumes_and_goes_back(oak: Oak) -> None:
    server = await oak.create()
    await oak.ask(oak.ada, "world snapshot", server="Pond", note="castle")
    await hold(oak.house, server, 100 * GIB)
    await limit(oak.house, oak.id, storage_bytes=100 * GIB)
    chosen = "000001-000001-000001-" + "0" * 32
    assert "goes back" in await oak.ask(oak.ada, "world restore", server="Pond", snapshot=chosen)
    await oak.house.until(server, lambda row: row.phase == "running" and row.bound == 2)
    await oak.ask(oak.ada, "server pause", server="Pond")
    await oak.house.phase(server, "paused")
    await oak.ask(oak.ada, "server resume", server="Pond")
    await oak.house.phase(server, "running")


async def test_going_back_says_that_a_paused_server_starts_and_offers_to_pause_it(oak: Oak) -> None:
    server = await oak.create()
    await oak.ask(oak.ada, "world snapshot", server="Pond", note="castle")
    chosen = "000001-000001-000001-" + "0" * 32
    said = await oak.ask(oak.ada, "world restore", server="Pond", snapshot=chosen)
    assert said == (
        "Pond stops, its world goes back, then it starts again. The world as it is now is kept: Undo brings it back."
    )
    await oak.house.until(server, lambda row: row.phase == "running" and row.bound == 2)
    await oak.ask(oak.ada, "server pause", server="Pond")
    await oak.house.phase(server, "paused")
    result = await oak.ada.slash(oak.channel, "world restore", server="Pond", snapshot=chosen)
    shown = result.followups[-1] if result.followups else result.response
    said = texts(shown.components).replace("**", "")
    assert said.startswith("The world of Pond goes back, and Pond starts with it. Press Pause if it is to wait.")
    await oak.ada.click(shown.message, custom_id=buttons(shown.components)["Pause"])
    await oak.house.phase(server, "paused")


async def test_a_world_that_is_put_away_is_not_said_to_be_unsaved(oak: Oak) -> None:
    server = await oak.create()
    async with oak.house.database.begin() as session:
        row = await session.get_one(ServerRow, server)
        row.bound, row.source = 0, "000001-000001-000001-" + "0" * 32  # as an archived one
        session.add(row)
    said = await oak.ask(oak.ada, "world snapshot", server="Pond")
    assert said.startswith("The world of Pond is not on a disk right now")


async def test_a_world_that_is_too_large_is_not_cloned(oak: Oak) -> None:
    await oak.create(stored=GIB, world=10 * GIB)
    said = await oak.ask(oak.ada, "server clone", server="Pond", name="Lake")
    assert said.startswith("The world of Pond is as large as a world may be: 10.0 GiB of 10.0 GiB.")
