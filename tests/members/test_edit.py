"""`/server edit` of a server that runs: nobody is thrown out, and its next start is a press away."""

from __future__ import annotations

from typing import Any

import pytest
from reading import buttons, texts

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def message(result: Any) -> Any:
    return result.followups[-1] if result.followups else result.response


def said(result: Any) -> str:
    return (texts(message(result).components) + message(result).content).replace("**", "")


async def edit_page(guild: Any) -> Any:
    return await guild.ada.slash(guild.channel, "server edit", server="Pond")


async def up(guild: Any, server: str, run: int) -> Any:
    return await guild.house.until(
        server, lambda row: row.run == run and row.phase == "running" and row.ready_at is not None
    )


async def test_a_changed_setting_waits_for_the_next_start_which_is_offered(guild: Any) -> None:
    server = await guild.create("Pond")
    form = await guild.ada.click(message(await edit_page(guild)).message, label="Players")
    answer = await guild.ada.submit_modal(form, {"max_players": "8", "password": ""})
    assert "Pond is changed: Most players at once." in said(answer)
    assert "From its next start on: Most players at once" in said(answer)
    assert (await guild.house.row(server)).run == 1
    show = said(await guild.bo.slash(guild.channel, "server show", server="Pond"))
    assert "From its next start on: Most players at once" in show
    await guild.ada.click(message(answer).message, label="Restart now")
    await up(guild, server, 2)
    assert guild.house.cluster.specs[server].settings["max_players"] == "8"
    assert "next start on" not in said(await guild.ada.slash(guild.channel, "server show", server="Pond"))


async def test_a_size_is_chosen_on_the_page_and_taken_at_the_next_start(guild: Any) -> None:
    server = await guild.create("Pond")
    page = await edit_page(guild)
    assert "Size: small, 96 MiB of memory" in said(page)
    await guild.ada.select(message(page).message, ["large"], custom_id=f"dm-size:{server}")
    page = await edit_page(guild)
    assert "Size: large, 256 MiB of memory" in said(page)
    assert "From its next start on: Size" in said(page)
    assert guild.house.cluster.specs[server].size.id == "small"
    await guild.ada.click(message(page).message, label="Restart now")
    await up(guild, server, 2)
    assert guild.house.cluster.specs[server].size.id == "large"
    assert "Restart now" not in buttons(message(await edit_page(guild)).components)


async def test_a_size_that_memory_does_not_allow_is_refused_in_words(guild: Any) -> None:
    server = await guild.create("Pond")
    await guild.house.quotas.set(guild.admin, {"memory": 100})
    page = message(await edit_page(guild)).message
    refused = await guild.ada.select(page, ["large"], custom_id=f"dm-size:{server}")
    assert said(refused).startswith("Pond needs 256 MiB of memory")
    assert (await guild.house.row(server)).size == "small"
    assert "Size: small" in said(await edit_page(guild))


async def test_a_player_gets_the_password_that_the_game_has_now(guild: Any) -> None:
    await guild.create("Pond")
    form = await guild.ada.click(message(await edit_page(guild)).message, label="Players")
    await guild.ada.submit_modal(form, {"max_players": "16", "password": "to come"})
    show = await guild.bo.slash(guild.channel, "server show", server="Pond")
    assert "to come" not in said(await guild.bo.click(message(show).message, label="Join"))
