"""What a running server takes at its next start: settings and size, chosen while somebody plays."""

from __future__ import annotations

from typing import Any

import pytest

from core.data.tables import ServerRow
from core.errors import BadInput, LimitReached, NotAllowed, Refusal
from core.notices.events import read
from core.notices.kinds.events import Edited
from core.servers.views import SIZE
from tests.conftest import ADA, BO, CY

SMALL, MEDIUM, LARGE = 96, 160, 256
"""MiB of Meadow's sizes."""


async def running(house: Any, name: str = "Pond") -> str:
    server = await house.create(name)
    await house.phase(server, "running")
    return str(server)


async def started_anew(house: Any, server: str) -> ServerRow:
    before = (await house.row(server)).run
    await house.servers.power.restart(ADA, server)
    row: ServerRow = await house.until(
        server, lambda row: row.run == before + 1 and row.phase == "running" and row.ready_at is not None
    )
    return row


def told(house: Any, server: str) -> tuple[str, str]:
    """Size and season, as the cluster was told last."""
    spec = house.cluster.specs[server]
    return spec.size.id, spec.settings["season"]


async def test_an_edit_throws_nobody_out_and_the_next_start_takes_it(house: Any) -> None:
    server = await running(house)
    uid = house.cluster.pods[server].uid
    await house.servers.editing.edit(ADA, server, {"season": "winter"})
    view = await house.servers.editing.resize(ADA, server, "large")
    assert view.pending == (SIZE, "season")
    assert (view.size_now, view.settings_now["season"], view.settings["season"]) == ("small", "spring", "winter")
    await house.controller.reconcile(server)
    assert (told(house, server), house.cluster.pods[server].uid) == (("small", "spring"), uid)
    row = await started_anew(house, server)
    assert (told(house, server), row.run_size, row.run_settings) == (("large", "winter"), None, None)
    assert (await house.servers.lookup.get(ADA, server)).pending == ()


async def test_a_crash_and_a_lost_pod_go_on_with_what_it_was_started_with(house: Any) -> None:
    server = await running(house)
    await house.servers.editing.edit(ADA, server, {"season": "winter"})
    house.cluster.crash(server)
    await house.until(server, lambda row: row.crash_count == 1)
    house.cluster.end(server)
    await house.controller.reconcile(server)
    assert told(house, server) == ("small", "spring")
    assert (await house.servers.lookup.get(ADA, server)).pending == ("season",)


async def test_who_chooses_back_what_runs_leaves_nothing_to_take(house: Any) -> None:
    server = await running(house)
    await house.servers.editing.edit(ADA, server, {"season": "winter"})
    await house.servers.editing.resize(ADA, server, "large")
    await house.servers.editing.edit(ADA, server, {"season": "spring"})
    assert (await house.servers.editing.resize(ADA, server, "small")).pending == ()
    assert (await house.row(server)).run_size is None


async def test_a_paused_server_has_nothing_pending_and_wakes_as_chosen(house: Any) -> None:
    server = await running(house)
    await house.servers.editing.edit(ADA, server, {"season": "winter"})
    await house.servers.power.pause(ADA, server)
    row = await house.phase(server, "paused")
    assert (row.settings["season"], (await house.servers.lookup.get(ADA, server)).pending) == ("winter", ())
    await house.servers.editing.resize(ADA, server, "medium")
    await house.servers.power.resume(ADA, server)
    await house.phase(server, "running")
    assert told(house, server) == ("medium", "winter")


async def test_what_runs_is_billed_as_it_runs_and_the_audit_says_what_was_chosen(house: Any) -> None:
    server = await running(house)
    await house.servers.editing.resize(ADA, server, "large")
    await started_anew(house, server)
    memory = {each.kind: each.memory for each in await house.events(server)}
    assert (memory["edited"], memory["restarted"]) == (SMALL, LARGE)
    [edited] = [each for each in await house.events(server) if each.kind == "edited"]
    assert read(edited) == Edited(("size",), {"size": "small"}, {"size": "large"}, by=ADA.user)


async def test_a_size_that_memory_does_not_allow_is_refused_and_one_that_was_chosen_is_kept_free(house: Any) -> None:
    one, two = await running(house, "One"), await running(house, "Two")
    await house.quotas.set(CY, {"memory": SMALL + MEDIUM})
    with pytest.raises(LimitReached, match=r"memory\.guild_full"):
        await house.servers.editing.resize(ADA, one, "large")
    assert (await house.row(one)).size == "small"
    await house.servers.editing.resize(ADA, one, "medium")
    with pytest.raises(LimitReached, match=r"memory\.guild_full"):
        await house.servers.editing.resize(ADA, two, "medium")
    await started_anew(house, one)
    await house.servers.editing.resize(ADA, one, "small")
    with pytest.raises(LimitReached):  # it still runs with more
        await house.servers.editing.resize(ADA, two, "medium")
    await started_anew(house, one)
    await house.servers.editing.resize(ADA, two, "medium")


async def test_a_size_is_one_of_the_games_that_the_guild_offers(house: Any) -> None:
    server = await running(house)
    with pytest.raises(BadInput, match=r"create\.size"):
        await house.servers.editing.resize(ADA, server, "huge")
    await house.core.games.choose_sizes(CY, "meadow", ["medium"])
    with pytest.raises(Refusal, match=r"games\.size_withheld"):
        await house.servers.editing.resize(ADA, server, "large")
    await house.servers.editing.resize(ADA, server, "medium")
    await house.servers.editing.resize(ADA, server, "small")  # it runs with that
    with pytest.raises(NotAllowed):
        await house.servers.editing.resize(BO, server, "medium")


async def test_a_size_that_ran_once_and_is_withheld_since_is_not_chosen_for_a_paused_server(house: Any) -> None:
    server = await running(house)
    await house.servers.editing.resize(ADA, server, "medium")
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    await house.core.games.choose_sizes(CY, "meadow", ["medium"])
    with pytest.raises(Refusal, match=r"games\.size_withheld"):
        await house.servers.editing.resize(ADA, server, "small")


async def test_a_world_that_does_not_fit_the_disk_of_a_size_is_not_squeezed_into_it(house: Any) -> None:
    server = await running(house)
    async with house.database.begin() as session:
        (await session.get_one(ServerRow, server, with_for_update=True)).saved_bytes = 2 * 2**30
    with pytest.raises(Refusal, match=r"edit\.disk_too_small"):
        await house.servers.editing.resize(ADA, server, "large")  # Meadow's disks have 1 GiB
    assert (await house.row(server)).size == "small"


async def test_a_size_of_a_game_that_is_gone_stays(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await running(house)
    monkeypatch.delitem(house.core.catalogue._games, "meadow")
    with pytest.raises(Refusal, match=r"edit\.no_game"):
        await house.servers.editing.resize(ADA, server, "large")


async def test_a_size_that_is_taken_out_of_the_game_leaves_its_servers_the_next_smaller_one(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await running(house)
    await house.servers.editing.resize(ADA, server, "large")
    await started_anew(house, server)
    await house.servers.editing.resize(ADA, server, "small")  # `large` runs still
    meadow = house.core.catalogue.find("meadow")
    fewer = meadow.model_copy(update={"sizes": tuple(each for each in meadow.sizes if each.id != "large")})
    monkeypatch.setitem(house.core.catalogue._games, "meadow", fewer)
    await house.controller.reconcile(server)
    assert told(house, server)[0] == "medium"
    await house.servers.power.pause(ADA, server)
    await house.phase(server, "paused")
    await house.servers.power.resume(ADA, server)
    await house.phase(server, "running")
    assert told(house, server)[0] == "small"
