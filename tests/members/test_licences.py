"""A game with a licence: who creates it, or resumes one from before, is asked first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from licensed import NEXT, TEXT, license_meadow
from wire import ADA, BO, CY, Said, Wire, wired

from bot.demo.guild.interactions import COMPONENT


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    async with wired(tmp_path) as made:
        license_meadow(made.core)
        yield made


async def accept(wire: Wire, said: Said, person: str = ADA, *, times: int = 1) -> Said:
    [message] = said.shown
    data = {"custom_id": said.custom_id("I accept"), "component_type": 2}
    return await wire.send(person, COMPONENT, data, source=message, times=times)


async def test_create_asks_and_the_button_goes_on_with_what_was_typed(wire: Wire) -> None:
    said = await wire.command(ADA, "server create", game="meadow", name="Pond", description="all year")
    assert said.private
    assert all(words in said.text for words in (TEXT.name, TEXT.url, "**Meadow**"))
    assert "There are no servers here yet" in (await wire.command(ADA, "server list")).text
    await wire.connect()  # another process has it after a restart
    assert "**Pond**" in (await accept(wire, said, times=2)).text
    assert "all year" in (await wire.command(ADA, "server show", server="Pond")).text
    assert "**Pond**" in (await accept(wire, said)).text  # pressed again
    assert "### 1 server" in (await wire.command(ADA, "server list")).text
    audit = (await wire.command(CY, "guild audit", kind="guild")).text
    assert "Accepted a licence for all servers here: Meadow Licence" in audit


async def test_a_button_that_cannot_go_on_says_to_type_it_again_and_the_licence_stays(wire: Wire) -> None:
    said = await wire.command(ADA, "server create", game="meadow", name="Pond")
    license_meadow(wire.core, None)
    await wire.create("Pond", BO)
    license_meadow(wire.core)
    refused = await accept(wire, said)
    assert "There is a server called Pond here" in refused.text
    assert "The licence is accepted." in refused.text
    assert "**Brook**" in (await wire.command(ADA, "server create", game="meadow", name="Brook")).text


async def test_a_server_from_before_is_asked_for_at_resume_and_others_read_who_can(wire: Wire) -> None:
    license_meadow(wire.core, None)
    pond = await wire.create()
    license_meadow(wire.core)
    await wire.command(ADA, "server pause", server="Pond")
    await wire.until(pond, "paused")
    for said in (await wire.command(BO, "server resume", server="Pond"), await wire.press(BO, f"dm:resume:{pond}")):
        assert said.text.startswith("Pond starts once the licence of Meadow is accepted here")
        assert "Only Ada (owner) or an admin can accept it" in said.text
    said = await wire.press(ADA, f"dm:resume:{pond}")
    assert "Only Ada (owner)" in (await accept(wire, said, BO)).text
    assert "**Pond**" in (await accept(wire, said)).text
    await wire.until(pond, "running")
    license_meadow(wire.core, NEXT)
    assert NEXT.url in (await wire.command(ADA, "server restart", server="Pond")).text
    assert (await wire.row(pond)).desired == "running"
