"""Answers that say what happens now: to a server that still starts or is deleted, and by whom it can be done."""

from __future__ import annotations

from typing import Any

import pytest
from reading import buttons, texts


def shown(result: Any) -> Any:
    return result.followups[-1] if result.followups else result.response


def words(result: Any) -> str:
    said = shown(result)
    return str(texts(said.components) + said.content).replace("**", "")


def offered(result: Any) -> list[str]:
    return list(buttons(shown(result).components))


async def starting(guild: Any) -> str:
    guild.house.cluster.ready_at_once = False
    await guild.ada.slash(guild.channel, "server create", game="meadow", name="Pond")
    server = (await guild.house.servers.lookup.get(guild.admin, "Pond")).id
    await guild.house.phase(server, "starting")
    return str(server)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("restart", "Pond was still starting. It stops, then it starts from the beginning."),
        ("pause", "Pond was still starting. It stops, then it pauses."),
    ],
)
async def test_where_nothing_is_saved_nothing_is_said_of_it(guild: Any, command: str, answer: str) -> None:
    await starting(guild)
    assert words(await guild.ada.slash(guild.channel, f"server {command}", server="Pond")) == answer


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("restart", "Pond saves its world, then it starts anew."),
        ("pause", "Pond saves its world, then it pauses."),
    ],
)
async def test_what_runs_is_saved_first(guild: Any, command: str, answer: str) -> None:
    await guild.create()
    assert words(await guild.ada.slash(guild.channel, f"server {command}", server="Pond")) == answer


async def more(guild: Any, who: Any) -> Any:
    card = await who.slash(guild.channel, "server show", server="Pond")
    return await who.click(shown(card).message, custom_id=buttons(shown(card).components)["More"])


async def test_more_offers_what_this_member_may_use_and_says_who_can_do_the_rest(guild: Any) -> None:
    await guild.create()
    for who in (guild.ada, guild.cy):
        assert offered(await more(guild, who)) == ["Edit", "Console", "Logs", "Share", "Snapshots", "Delete"]
    his = await more(guild, guild.bo)
    assert offered(his) == []
    assert "Edit, Console, Logs, Share, Snapshots, Delete: only ada (owner) or an admin can do that." in words(his)


async def test_show_offers_what_this_member_may_use(guild: Any) -> None:
    await guild.create()
    hers = await guild.ada.slash(guild.channel, "server show", server="Pond")
    his = await guild.bo.slash(guild.channel, "server show", server="Pond")
    assert offered(hers) == ["Join", "Keep alive", "Pause", "Restart", "More"]
    assert offered(his) == ["Join", "Keep alive", "More"]


async def delete(guild: Any, server: str) -> None:
    asked = await guild.ada.slash(guild.channel, "server delete", server=server)
    field = asked.modal["components"][0]["component"]["custom_id"]
    await guild.ada.submit_modal(asked, {field: "Pond"})


async def test_a_deleted_server_is_shown_with_its_undo_to_whom_it_helps(guild: Any) -> None:
    await guild.create()
    await delete(guild, "Pond")
    hers = await guild.ada.slash(guild.channel, "server show", server="Pond")
    assert "Deleted" in words(hers)
    assert "It can be brought back until <t:" in words(hers)
    assert offered(hers) == ["Undo"]
    assert offered(await guild.bo.slash(guild.channel, "server show", server="Pond")) == []
    await guild.ada.click(shown(hers).message, custom_id=buttons(shown(hers).components)["Undo"])
    again = await guild.ada.click(shown(hers).message, custom_id=buttons(shown(hers).components)["Undo"])
    assert "Pond is back, and paused" in words(again)


async def test_undo_of_what_is_not_deleted_says_so(guild: Any) -> None:
    server = await guild.create()
    await delete(guild, "Pond")
    gone = await guild.ada.slash(guild.channel, "server show", server="Pond")
    await guild.ada.click(shown(gone).message, custom_id=buttons(shown(gone).components)["Undo"])
    await guild.ada.slash(guild.channel, "server resume", server="Pond")
    await guild.house.phase(server, "running")
    said = await guild.ada.click(shown(gone).message, custom_id=buttons(shown(gone).components)["Undo"])
    assert words(said) == "Pond is not deleted."


async def test_a_server_that_took_the_name_of_a_deleted_one_is_the_one_that_is_meant(guild: Any) -> None:
    first = await guild.create()
    await delete(guild, "Pond")
    second = await guild.create()
    assert first != second
    assert "Running" in words(await guild.bo.slash(guild.channel, "server show", server="pond"))
    await delete(guild, "Pond")
    assert (await guild.house.servers.lookup.get(guild.admin, "Pond")).id == second


async def test_deleting_what_is_deleted_says_until_when_it_can_be_brought_back(guild: Any) -> None:
    await guild.create()
    await delete(guild, "Pond")
    again = await guild.ada.slash(guild.channel, "server delete", server="Pond")
    assert words(again).startswith("Pond is deleted. It can be brought back until <t:")
    assert offered(again) == ["Undo"]


async def test_a_choice_says_its_phase_in_words(guild: Any) -> None:
    await guild.create()
    await delete(guild, "Pond")
    choices = await guild.ada.autocomplete(guild.channel, "server show", "server", "p")
    assert [each["name"] for each in choices] == ["Pond · Meadow · Deleted"]
