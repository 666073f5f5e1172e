"""What members do and read, one behaviour each: discord.py as it is, Discord simulated, core real."""

from __future__ import annotations

from typing import Any

import pytest
from reading import buttons, texts


def words(result: Any) -> str:
    """Everything that an answer says."""
    shown = result.followups[-1] if result.followups else result.response
    return (texts(shown.components) + shown.content).replace("**", "")


async def test_create_is_answered_only_to_the_one_who_asked(guild: Any) -> None:
    result = await guild.ada.slash(guild.channel, "server create", game="meadow", name="Pond")
    assert "Pond is being made" in words(result)
    assert result.ephemeral


async def test_a_name_that_is_taken_is_refused_in_words(guild: Any) -> None:
    await guild.create("Pond")
    result = await guild.bo.slash(guild.channel, "server create", game="meadow", name="POND")
    assert words(result) == "There is a server called Pond here already. Choose another name."


async def test_a_game_that_is_not_offered_is_refused_with_those_that_are(guild: Any) -> None:
    result = await guild.ada.slash(guild.channel, "server create", game="doom", name="Pond")
    assert "Meadow" in words(result)


async def test_the_third_server_of_a_member_is_refused_and_an_admin_may(guild: Any) -> None:
    await guild.create("One")
    await guild.create("Two")
    result = await guild.ada.slash(guild.channel, "server create", game="meadow", name="Three")
    assert "as many servers as a member may have" in words(result)


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        ("pause", "Only ada (owner) or an admin can pause Pond."),
        ("restart", "Only ada (owner) or an admin can restart Pond."),
        ("edit", "Only ada (owner) or an admin can edit Pond."),
        ("delete", "Only ada (owner) or an admin can delete Pond."),
    ],
)
async def test_a_player_is_told_who_can(guild: Any, command: str, refusal: str) -> None:
    await guild.create("Pond")
    assert words(await guild.bo.slash(guild.channel, f"server {command}", server="Pond")) == refusal


async def test_a_player_may_keep_it_awake_and_resume_it(guild: Any) -> None:
    server = await guild.create("Pond")
    assert "stays awake until" in words(await guild.bo.slash(guild.channel, "server keep", server="Pond", hours=2))
    await guild.ada.slash(guild.channel, "server pause", server="Pond")
    await guild.house.phase(server, "paused")
    assert "is waking up" in words(await guild.bo.slash(guild.channel, "server resume", server="Pond"))
    await guild.house.phase(server, "running")


async def test_an_admin_may_do_everything(guild: Any) -> None:
    server = await guild.create("Pond")
    await guild.cy.slash(guild.channel, "server pause", server="Pond")
    await guild.house.phase(server, "paused")


async def test_a_server_that_does_not_exist_is_said_so(guild: Any) -> None:
    assert words(await guild.ada.slash(guild.channel, "server show", server="Nope")) == "There is no such server here."


async def test_autocomplete_shows_only_what_this_member_may_act_on(guild: Any) -> None:
    await guild.create("Pond")
    await guild.create("Puddle", who=guild.bo)
    mine = await guild.ada.autocomplete(guild.channel, "server delete", "server", "p")
    assert [choice["name"].split(" ")[0] for choice in mine] == ["Pond"]


async def test_delete_asks_for_the_name_in_a_modal_and_a_wrong_one_deletes_nothing(guild: Any) -> None:
    server = await guild.create("Pond")
    asked = await guild.ada.slash(guild.channel, "server delete", server="Pond")
    field = asked.modal["components"][0]["component"]["custom_id"]
    result = await guild.ada.submit_modal(asked, {field: "Puddle"})
    assert "nothing was deleted" in words(result)
    assert (await guild.house.row(server)).desired == "running"
    asked = await guild.ada.slash(guild.channel, "server delete", server="Pond")
    await guild.ada.submit_modal(asked, {field: "pond"})
    assert (await guild.house.row(server)).desired == "deleted"


async def test_edit_offers_groups_and_a_wrong_value_changes_nothing(guild: Any) -> None:
    server = await guild.create("Pond")
    page = await guild.ada.slash(guild.channel, "server edit", server="Pond")
    shown = page.followups[-1] if page.followups else page.response
    offered = buttons(shown.components)
    assert {"Name and description", "Meadow", "Players"} <= set(offered)
    modal = await guild.ada.click(shown.message, custom_id=offered["Players"])
    result = await guild.ada.submit_modal(modal, {"max_players": "lots", "password": ""})
    assert "takes a whole number from 1 to 100" in words(result)
    modal = await guild.ada.click(shown.message, custom_id=offered["Players"])
    await guild.ada.submit_modal(modal, {"max_players": "8", "password": ""})
    assert (await guild.house.row(server)).settings["max_players"] == "8"


async def test_a_form_that_was_open_while_somebody_else_saved_one_says_how_it_is_now(guild: Any) -> None:
    server = await guild.create("Pond")
    page = await guild.ada.slash(guild.channel, "server edit", server="Pond")
    shown = page.followups[-1] if page.followups else page.response
    offered = buttons(shown.components)
    first = await guild.ada.click(shown.message, custom_id=offered["Players"])
    second = await guild.ada.click(shown.message, custom_id=offered["Players"])
    await guild.ada.submit_modal(first, {"max_players": "8", "password": ""})
    refused = await guild.ada.submit_modal(second, {"max_players": "9", "password": ""})
    assert "Pond was changed while this form was open" in words(refused)
    assert "Most players at once: 8" in words(refused)
    assert (await guild.house.row(server)).settings["max_players"] == "8"
    said = refused.followups[-1] if refused.followups else refused.response
    again = await guild.ada.click(said.message, custom_id=buttons(said.components)["Open again"])
    await guild.ada.submit_modal(again, {"max_players": "9", "password": ""})
    assert (await guild.house.row(server)).settings["max_players"] == "9"


async def test_idle_without_options_shows_the_rule_and_with_them_sets_it(guild: Any) -> None:
    await guild.create("Pond")
    assert "pauses after 15 min" in words(await guild.bo.slash(guild.channel, "server idle", server="Pond"))
    assert "Only ada" in words(await guild.bo.slash(guild.channel, "server idle", server="Pond", minutes=0))
    assert "never pauses" in words(await guild.ada.slash(guild.channel, "server idle", server="Pond", minutes=0))


@pytest.mark.parametrize(
    ("minutes", "warn", "sentence"),
    [
        (1, 2, "Pond pauses after 2 min with nobody on, with a warning 2 min before."),
        (20, 5, "Pond pauses after 20 min with nobody on, with a warning 5 min before."),
        (20, 0, "Pond pauses after 20 min with nobody on, without a warning."),
        (0, 5, "Pond never pauses by itself."),
    ],
)
async def test_idle_says_when_the_pause_really_comes(guild: Any, minutes: int, warn: int, sentence: str) -> None:
    await guild.create("Pond")
    assert words(await guild.ada.slash(guild.channel, "server idle", server="Pond", minutes=minutes, warn=warn)) == (
        sentence
    )


async def test_list_shows_the_guilds_servers_or_only_mine(guild: Any) -> None:
    await guild.create("Pond")
    await guild.create("Puddle", who=guild.bo)
    both = words(await guild.ada.slash(guild.channel, "server list"))
    mine = words(await guild.ada.slash(guild.channel, "server list", whose="mine"))
    assert "Pond" in both
    assert "Puddle" in both
    assert "Puddle" not in mine


async def test_setup_is_for_admins_and_says_what_is_set(guild: Any) -> None:
    await guild.cy.slash(guild.channel, "guild setup", language="de")
    assert (await guild.house.guilds.get(guild.channel.guild.id)).language == "de"


async def test_help_is_a_page_a_topic(guild: Any) -> None:
    assert "/server create" in words(await guild.bo.slash(guild.channel, "help"))
    assert words(await guild.bo.slash(guild.channel, "help", topic="idle"))


async def test_a_bug_is_said_kindly_with_a_code_and_nothing_else(guild: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret internals")

    monkeypatch.setattr(guild.house.servers.lookup, "list", broken)
    said = words(await guild.ada.slash(guild.channel, "server list"))
    assert said.startswith("That was our fault, and it is noted as ")
    assert "secret" not in said


async def test_buttons_work_after_the_bot_was_restarted(guild: Any) -> None:
    server = await guild.create("Pond")
    shown = await guild.ada.slash(guild.channel, "server show", server="Pond")
    message = (shown.followups[-1] if shown.followups else shown.response).message
    await guild.env.restart_bot(guild.client())
    await guild.ada.click(message, custom_id=f"dm:pause:{server}")
    await guild.house.phase(server, "paused")
