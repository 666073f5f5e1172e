"""A server of another guild is one that does not exist: the same answer byte for byte, the same lines in the log."""

from __future__ import annotations

from typing import Any

import pytest
from hostile import OTHERS, PLACES
from structlog.testing import capture_logs
from wire import ADA, COMPONENT, CY, NEIGHBOURS, Said, Wire

from bot.demo.guild.components import MENTIONABLE_SELECT
from cogs import rights
from cogs.buttons import VERBS
from core.guilds.access import Do

THEIRS, NOBODYS = "Lake", "abcdefghijkl"
COMMANDS = [
    place.command
    for place in PLACES
    if place.field == "server" and isinstance(rights.COMMANDS[place.command], Do)  # the audit's are for admins alone
]
Everything = tuple[Said, list[Any]]


@pytest.fixture
async def theirs(wire: Wire) -> str:
    """A server of the neighbours; Ada owns it, and is here now."""
    await wire.create("Pond", ADA)
    return await wire.create(THEIRS, ADA, NEIGHBOURS)


@pytest.mark.parametrize("command", COMMANDS)
async def test_in_a_command(wire: Wire, theirs: str, command: str) -> None:
    for person in (ADA, CY):
        nobodys = await command_of(wire, person, command, NOBODYS)
        assert nobodys[0].text == "There is no such server here."
        for typed in (theirs, THEIRS, theirs.upper(), "Nope"):
            assert await command_of(wire, person, command, typed) == nobodys
    await untouched(wire, theirs)


@pytest.mark.parametrize("command", COMMANDS)
async def test_in_a_command_of_one_that_was_deleted_there(wire: Wire, theirs: str, command: str) -> None:
    await delete_theirs(wire, theirs)
    nobodys = await command_of(wire, CY, command, NOBODYS)
    for typed in (theirs, THEIRS):
        assert await command_of(wire, CY, command, typed) == nobodys


@pytest.mark.parametrize("verb", sorted(VERBS))
async def test_on_a_button_of_one_that_was_deleted_there(wire: Wire, theirs: str, verb: str) -> None:
    await delete_theirs(wire, theirs)
    assert await press_of(wire, f"dm:{verb}:{theirs}") == await press_of(wire, f"dm:{verb}:{NOBODYS}")


@pytest.mark.parametrize("command", COMMANDS)
async def test_while_a_command_is_typed(wire: Wire, theirs: str, command: str) -> None:
    for typed in (theirs, THEIRS, THEIRS[:1]):
        assert (await wire.complete(ADA, command, "server", typed)).choices == []
    everything = (await wire.complete(ADA, command, "server", "")).choices
    assert [choice["name"].split(" ")[0] for choice in everything] == ["Pond"]


@pytest.mark.parametrize("verb", sorted(VERBS))
async def test_on_a_button(wire: Wire, theirs: str, verb: str) -> None:
    for more in ("", f":{NEIGHBOURS}", ":about"):
        nobodys = await press_of(wire, f"dm:{verb}:{NOBODYS}{more}")
        assert await press_of(wire, f"dm:{verb}:{theirs}{more}") == nobodys
    await untouched(wire, theirs)


@pytest.mark.parametrize(
    "form", ["change_form:{}:about", "change_form:{}:g0_0", "delete_form:{}", "entry_form:{}", "zone_form:{}"]
)
async def test_in_a_form(wire: Wire, theirs: str, form: str) -> None:
    for fields in ({"name": THEIRS}, {"name": ""}, {"greeting": "x"}, {}):
        nobodys = await submit_of(wire, f"dm:{form.format(NOBODYS)}", fields)
        assert nobodys[0].text == "There is no such server here."
        assert await submit_of(wire, f"dm:{form.format(theirs)}", fields) == nobodys
    await untouched(wire, theirs)


async def test_in_a_select(wire: Wire, theirs: str) -> None:
    said = []
    for server in (NOBODYS, theirs):
        data = {"custom_id": f"dm-share:player:{server}", "component_type": MENTIONABLE_SELECT, "values": []}
        page = wire.post([{"type": MENTIONABLE_SELECT, "custom_id": data["custom_id"], "min_values": 0}])
        said.append(comparable(await wire.send(ADA, COMPONENT, data | {"resolved": {}}, source=page)))
    assert said[0].text.endswith("There is no such server here.")
    assert said[0] == said[1]
    await untouched(wire, theirs)


async def test_in_a_list(wire: Wire, theirs: str) -> None:
    for whose in ("mine", "guild"):
        assert THEIRS not in (await wire.command(ADA, "server list", whose=whose)).text


async def test_its_name_is_free_here(wire: Wire, theirs: str) -> None:
    said = await wire.command(ADA, "server create", game="meadow", name=THEIRS)
    assert "is being made" in said.text


async def delete_theirs(wire: Wire, server: str) -> None:
    await wire.core.servers.removal.delete(wire.actor(ADA, NEIGHBOURS), server, THEIRS)
    await wire.until(server, "deleting")


async def untouched(wire: Wire, server: str) -> None:
    row = await wire.row(server)
    assert (row.desired, row.phase, row.run, row.name) == ("running", "running", 1, THEIRS)


async def command_of(wire: Wire, person: str, command: str, server: str) -> Everything:
    with capture_logs() as logged:
        said = await wire.command(person, command, **(OTHERS.get(command, {}) | {"server": server}))
    return comparable(said), logged


async def press_of(wire: Wire, custom_id: str) -> Everything:
    with capture_logs() as logged:
        said = await wire.press(ADA, custom_id)
    return comparable(said), logged


async def submit_of(wire: Wire, custom_id: str, fields: dict[str, str]) -> Everything:
    with capture_logs() as logged:
        said = await wire.submit(ADA, custom_id, fields)
    return comparable(said), logged


def comparable(said: Said) -> Said:
    """Without the messages' own ids."""
    return Said(said.kind, said.text, said.modal, said.choices, (), said.private)
