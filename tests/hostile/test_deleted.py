"""Deleted servers that can still be brought back: what they hold, who sees them, and who lets go of them."""

from __future__ import annotations

import pytest
from hostile import OTHERS, PLACES
from wire import ADA, BO, CY, Wire

from bot.demo.guild.components import walk
from cogs import rights
from core.guilds.access import Do


async def make_and_delete(wire: Wire, person: str, number: int) -> str:
    said = await wire.command(person, "server create", game="meadow", name=f"Pond {number}")
    assert "is being made" in said.text, said.text
    server = (await wire.core.servers.lookup.get(wire.actor(person), f"Pond {number}")).id
    await wire.submit(person, f"dm:delete_form:{server}", {"name": f"Pond {number}"})
    return server


async def test_an_admin_who_deletes_much_is_not_locked_out(wire: Wire) -> None:
    for number in range(8):
        await make_and_delete(wire, CY, number)


async def test_a_member_who_deleted_much_sees_until_when_and_lets_go_of_one(wire: Wire) -> None:
    servers = [await make_and_delete(wire, ADA, number) for number in range(6)]
    refused = await wire.command(ADA, "server create", game="meadow", name="Lake")
    assert "You deleted 6 servers" in refused.text
    assert "**Pond 0** · until <t:" in refused.text
    opened = await wire.press(ADA, refused.custom_id("Let go of Pond 0"))
    assert opened.modal["title"] == "Let go of Pond 0 for good"
    said = await wire.submit(ADA, opened.modal["custom_id"], {"name": "Pond 1"})
    assert "nothing was changed" in said.text
    said = await wire.submit(ADA, opened.modal["custom_id"], {"name": "Pond 0"})
    assert "is gone for good now" in said.text
    await wire.until(servers[0], "deleted")
    said = await wire.command(ADA, "server create", game="meadow", name="Lake")
    assert "is being made" in said.text


async def test_an_admin_sees_the_guilds_deleted_servers_and_a_member_lets_go_of_no_other(wire: Wire) -> None:
    server = await make_and_delete(wire, ADA, 1)
    status = await wire.command(CY, "guild status")
    assert "1 deleted server can still be brought back" in status.text
    kept = await wire.press(CY, status.custom_id("Deleted servers"))
    assert "**Pond 1** · until <t:" in kept.text
    assert "Only Ada (owner) or an admin" in (await wire.press(BO, f"dm:purge:{server}")).text
    assert "Only Ada (owner) or an admin" in (await wire.submit(BO, f"dm:purge_form:{server}", {"name": "Pond 1"})).text
    none = await wire.press(BO, "dm:kept")
    assert "There is no deleted server" in none.text
    assert "is gone for good" in (await wire.submit(CY, f"dm:purge_form:{server}", {"name": "Pond 1"})).text


COMMANDS = [
    place.command
    for place in PLACES
    if place.field == "server" and isinstance(rights.COMMANDS[place.command], Do)  # the audit's are for admins alone
]
OF_DELETED = ("server show", "server delete")


@pytest.mark.parametrize("command", [each for each in COMMANDS if each not in OF_DELETED])
async def test_a_command_says_until_when_it_can_be_brought_back_and_by_whom(wire: Wire, command: str) -> None:
    server = await make_and_delete(wire, ADA, 1)
    for person in (ADA, BO, CY):
        for meant in (server, "Pond 1", "POND 1"):
            said = await wire.command(person, command, **(OTHERS.get(command, {}) | {"server": meant}))
            assert said.text.startswith("Pond 1 is deleted. Until <t:"), said.text
            assert said.text.endswith("by Ada (owner) or an admin, with **Undo** on its card.")
    assert (await wire.row(server)).desired == "deleted"


@pytest.mark.parametrize("verb", ["join", "keep", "resume", "pause", "restart", "edit", "snapshots", "world_undo"])
async def test_a_button_that_is_still_somewhere_says_it_too(wire: Wire, verb: str) -> None:
    server = await make_and_delete(wire, ADA, 1)
    assert (await wire.press(BO, f"dm:{verb}:{server}")).text.startswith("Pond 1 is deleted. Until <t:")


async def test_an_undo_that_is_refused_says_who_can(wire: Wire) -> None:
    server = await make_and_delete(wire, ADA, 1)
    assert (await wire.press(BO, f"dm:undo:{server}")).text == "Only Ada (owner) or an admin can bring Pond 1 back."
    refused = "Only Ada (owner) or an admin can let go of Pond 1 for good."
    assert (await wire.press(BO, f"dm:purge:{server}")).text == refused
    assert "is back, and paused" in (await wire.press(CY, f"dm:undo:{server}")).text


async def test_an_undo_for_which_there_is_no_room_says_who_can_make_some(wire: Wire) -> None:
    server = await make_and_delete(wire, ADA, 1)
    for number in (2, 3):
        await wire.create(f"Pond {number}")
    said = await wire.press(ADA, f"dm:undo:{server}")
    assert said.text.endswith("Delete one, or ask an admin to bring this one back.")


async def test_what_is_gone_for_good_is_as_if_it_had_never_been(wire: Wire) -> None:
    server = await make_and_delete(wire, ADA, 1)
    await wire.submit(ADA, f"dm:purge_form:{server}", {"name": "Pond 1"})
    await wire.until(server, "deleted")
    for meant in (server, "Pond 1"):
        assert (await wire.command(BO, "server show", server=meant)).text == "There is no such server here."


async def test_where_members_create_none_it_is_said_and_an_admin_may(wire: Wire) -> None:
    await wire.command(CY, "guild quota", per_member=0)
    assert "only admins create servers" in (await wire.command(ADA, "server create", game="meadow", name="Lake")).text
    assert "is being made" in (await wire.command(CY, "server create", game="meadow", name="Lake")).text


async def test_many_deleted_servers_fit_into_one_message(wire: Wire) -> None:
    await wire.allow(10)
    for number in range(12):
        await make_and_delete(wire, ADA, number)
    shown = (await wire.press(ADA, "dm:kept")).shown[0].data["components"]
    buttons = [each for each, _ in walk(shown) if each["type"] == 2]
    assert len(buttons) == 9
