"""`/guild quota` and `/guild games` as people meet them: discord.py as it is, Discord simulated, core real."""

from __future__ import annotations

from typing import Any

import pytest
from reading import buttons, texts

from core.guilds.access import Actor
from tests.guilds.conftest import Oak

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def ask(oak: Oak, command: str, *, who: Any = None, **options: Any) -> Any:
    """The message that Cy is answered, or who else asks."""
    result = await (who or oak.cy).slash(oak.channel, command, **options)
    return result.followups[-1] if result.followups else result.response


def words(shown: Any) -> str:
    return str(texts(shown.components) + shown.content).replace("**", "")


def admin(oak: Oak) -> Actor:
    return Actor(user=oak.cy.id, guild=oak.id, manages_guild=True)


# quota


async def test_memory_is_shown_set_and_unlimited_again(oak: Oak) -> None:
    assert "Memory at once: 0 MiB, no limit" in await oak.ask(oak.cy, "guild quota")
    assert "Memory at once: 0 MiB of 3 GiB" in await oak.ask(oak.cy, "guild quota", memory=3)
    await oak.create()
    assert "Memory at once: 96 MiB of 3 GiB" in await oak.ask(oak.cy, "guild status")
    assert "no limit" in await oak.ask(oak.cy, "guild quota", memory=0)


async def test_who_has_no_memory_left_is_told_what_to_pause(oak: Oak) -> None:
    await oak.ask(oak.cy, "guild quota", memory=3)
    said = await oak.ask(oak.ada, "server create", game="minecraft-java", size="medium", name="Castle")
    assert said == (
        "Castle needs 4.0 GiB of memory, and all servers here together may use 3.0 GiB; 0 B are in use. Pausing others "
        "is not enough: choose a smaller size, or ask an admin for more (/guild quota)."
    ).replace("/guild quota", "`/guild quota`")
    asked = await ask(oak, "server create", game="minecraft-java", name="Castle", who=oak.ada)
    await oak.ada.click(asked.message, custom_id=buttons(asked.components)["I accept"])
    said = await oak.ask(oak.ada, "server create", game="minecraft-java", name="Tower")
    assert said.startswith(
        "Tower needs 2.5 GiB of memory. All servers here may use 3.0 GiB at once, and those that run use 2.5 GiB. "
        "Pause something first, such as Castle, or ask an admin"
    )


async def test_who_goes_back_is_told_before_anything_is_done(oak: Oak, shelf: Any) -> None:
    server = await oak.create()
    await oak.ask(oak.ada, "world snapshot", server="Pond", note="castle")
    await oak.ask(oak.ada, "server pause", server="Pond")
    await oak.house.phase(server, "paused")
    await oak.house.quotas.set(admin(oak), {"memory": 50})
    said = await oak.ask(oak.ada, "world restore", server="Pond", snapshot="newest")
    assert said.startswith("Pond needs 96.0 MiB of memory, and all servers here together may use 50.0 MiB")
    assert (await oak.house.row(server)).volume == 1
    assert len(shelf.found) == 1


async def test_a_members_quota_is_set_shown_listed_and_removed(oak: Oak) -> None:
    assert "no limits of their own" in await oak.ask(oak.cy, "guild quota", **{"for": oak.ada})
    said = await oak.ask(oak.cy, "guild quota", **{"for": oak.ada}, servers=1, memory=4)
    assert said == (
        f"### What <@{oak.ada.id}> may have\n1 server, 4 GiB of memory at once\n"
        "Used now: 0 servers, 0 MiB of memory at once, 0 B of storage"
    )
    shown = await ask(oak, "guild quota", **{"for": oak.ada})
    assert words(shown) == said
    assert f"<@{oak.ada.id}>: 1 server, 4 GiB of memory at once" in await oak.ask(oak.cy, "guild quota")
    await oak.create()
    assert "Used now: 1 server, 96 MiB" in await oak.ask(oak.cy, "guild quota", **{"for": oak.ada})
    assert "as many servers" in await oak.ask(oak.ada, "server create", game="meadow", name="Two")
    for _ in range(2):
        gone = await oak.cy.click(shown.message, custom_id=buttons(shown.components)["Remove"])
        assert str(oak.ada.id) not in words(gone.response)
        shown = await ask(oak, "guild quota", **{"for": oak.ada}, per_member=1)
    await oak.cy.click(shown.message, custom_id=buttons(shown.components)["Remove"])
    await oak.create("Two")


async def test_a_roles_quota_holds_for_whoever_has_it_when_they_act(oak: Oak) -> None:
    [keepers] = [role for name, role in oak.channel.guild.roles.items() if name == "Keepers"]
    said = await oak.ask(oak.cy, "guild quota", **{"for": keepers}, per_member=5)
    assert said.startswith(
        f"### What <@&{keepers.id}> may have\n5 servers\n-# It holds for each member who has the role"
    )
    everyone = oak.channel.guild.default_role
    await oak.ask(oak.cy, "guild quota", **{"for": everyone}, per_member=1)
    await oak.create()
    assert "may have here (1)" in await oak.ask(oak.ada, "server create", game="meadow", name="Two")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"world": 5}, "are for everybody: leave `for` out"),
        ({"retention": "days"}, "are for everybody: leave `for` out"),
        ({"servers": 1, "per_member": 2}, "mean the same"),
    ],
)
async def test_what_makes_no_sense_for_one_member_is_said(oak: Oak, options: dict[str, Any], sentence: str) -> None:
    assert sentence in await oak.ask(oak.cy, "guild quota", **{"for": oak.ada}, **options)
    assert (await oak.house.quotas.status(admin(oak))).special == ()


# games


async def test_a_game_that_is_not_offered_is_neither_suggested_nor_made_nor_cloned(oak: Oak) -> None:
    server = await oak.create()
    said = await oak.ask(oak.cy, "guild games", game="meadow", offered="no")
    assert "Sizes: not offered" in said
    found = await oak.ada.autocomplete(oak.channel, "server create", "game", "")
    assert "meadow" not in [each["value"] for each in found]
    assert len(found) > 1
    refusal = "An admin decided that there are no new servers of Meadow here. There is: 7 Days to Die, "
    assert (await oak.ask(oak.ada, "server create", game="meadow", name="Lake")).startswith(refusal)
    assert (await oak.ask(oak.ada, "server clone", server="Pond", name="Lake")).startswith(refusal)
    await oak.ask(oak.ada, "server pause", server="Pond")
    await oak.house.phase(server, "paused")
    assert "waking up" in await oak.ask(oak.ada, "server resume", server="Pond")


async def test_the_pages_of_games_lead_from_all_to_one_and_its_sizes(oak: Oak) -> None:
    listed = await ask(oak, "guild games")
    assert "Meadow: small, medium, large" in words(listed)
    result = await oak.cy.select(listed.message, ["meadow"], custom_id="dm-games:game")
    assert "Sizes: small, medium, large" in words(result.response)
    result = await oak.cy.select(result.response.message, ["large"], custom_id="dm-games:sizes:meadow")
    assert "Sizes: large" in words(result.response)
    assert "does not come in this size here. There is: large." in (
        await oak.ask(oak.ada, "server create", game="meadow", size="small", name="Pond")
    )
    for label, sentence in (
        ("Do not offer it", "not offered"),
        ("Offer it", "Sizes: large"),
        ("All games", "Meadow: large"),
    ):
        custom_id = buttons(result.response.components)[label]
        result = await oak.cy.click(result.response.message, custom_id=custom_id)
        assert sentence in words(result.response)


async def test_a_game_with_a_dash_in_its_id_is_found_by_its_buttons(oak: Oak) -> None:
    shown = await ask(oak, "guild games", game="minecraft-java")
    result = await oak.cy.click(shown.message, custom_id=buttons(shown.components)["Do not offer it"])
    assert "not offered" in words(result.response)


async def test_games_are_completed_for_admins_and_offered_alone_asks_which(oak: Oak) -> None:
    await oak.ask(oak.cy, "guild games", game="meadow", offered="no")
    found = await oak.cy.autocomplete(oak.channel, "guild games", "game", "mea")
    assert [each["value"] for each in found] == ["meadow"]
    assert await oak.ask(oak.cy, "guild games", offered="no") == "Choose the `game`, too."


async def test_the_audit_tells_both_with_what_was_before(oak: Oak) -> None:
    await oak.ask(oak.cy, "guild quota", **{"for": oak.ada}, servers=1, memory=4)
    await oak.ask(oak.cy, "guild games", game="meadow", offered="no")
    await oak.ask(oak.cy, "guild quota", memory=8)
    await oak.ask(oak.cy, "guild setup", names="no")
    said = await oak.ask(oak.cy, "guild audit")
    for sentence in (
        f"What <@{oak.ada.id}> may have: Servers a member: default → 1; Memory at once: default → 4 GiB",
        "Chose the sizes of meadow: small, medium, large → none, it is not offered",
        "Memory at once: default → 8 GiB",
        "Names of players on cards and in notices: yes → no",
    ):
        assert sentence in said
