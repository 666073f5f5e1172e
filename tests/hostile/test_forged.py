"""Buttons, selects and forms that nobody was offered, or that have outlived what they belong to."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs
from wire import ADA, BO, CY, NEIGHBOURS, Said, Wire

from bot.demo.guild import cast, components
from bot.demo.guild.interactions import COMPONENT
from cogs import rights
from cogs.buttons import VERBS
from core.data.tables import ServerRow
from core.guilds.access import Do
from core.guilds.settings import GuildView

NOT_FOUND = "There is no such server here."
OF_A_SERVER = sorted(verb for verb in VERBS if isinstance(rights.BUTTONS[verb], Do))
FORGED = {
    "no verb": "dm:",
    "unknown verb": "dm:explode",
    "unknown verb with a server": "dm:explode:abcdefghijkl",
    "a method's name": "dm:__class__:abcdefghijkl",
    "an id that is short": "dm:resume:abc",
    "an id that is long": f"dm:resume:{'a' * 90}",
    "an id in upper case": "dm:resume:ABCDEFGHIJKL",
    "an id of unicode": "dm:resume:\u0430bcdefghijkl",
    "sql for an id": "dm:resume:' OR 1=1 --",
    "as long as can be": f"dm:{'x' * 97}",
    "emoji": "dm:\U0001f42d:\U0001f42d",
    "a guild beyond all numbers": f"dm:resume:abcdefghijkl:{'9' * 70}",
    "arabic digits": "dm:resume:abcdefghijkl:\u0661\u0662",
    "a list of nobody's": "dm:list:everything_7",
    "a page beyond all pages": f"dm:list:guild_{'9' * 80}",
    "a page of another kind": "dm:list:mine_x",
    "a group of settings that is not": "dm:change:abcdefghijkl:g99_99",
    "another bot's": "poll:vote:3",
    "a form's": "dm:delete_form:abcdefghijkl",
    "line breaks": "dm:resume\n:abcdefghijkl",
    "nothing but spaces": "   ",
}


@pytest.mark.parametrize("custom_id", FORGED.values(), ids=list(FORGED))
@pytest.mark.parametrize("direct", [False, True], ids=["in the guild", "by direct message"])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_forged_button_is_answered_in_words_and_does_nothing(den: Wire, custom_id: str, direct: bool) -> None:
    said = await answered(den, ADA, custom_id, direct=direct)
    assert said.kind in ("message", "update")
    row = await den.row((await den.core.servers.lookup.get(den.actor(), "Pond")).id)
    assert (row.desired, row.run) == ("running", 1)


@pytest.mark.parametrize("verb", OF_A_SERVER)
async def test_a_button_of_a_deleted_server_says_so(wire: Wire, verb: str) -> None:
    pond = await wire.create()
    await wire.submit(ADA, f"dm:delete_form:{pond}", {"name": "Pond"})
    said = await answered(wire, ADA, f"dm:{verb}:{pond}")
    if said.kind == "modal":
        said = await wire.submit(ADA, str(said.modal["custom_id"]), {"name": "Pond"})
    if verb != "undo":
        assert (await wire.row(pond)).desired == "deleted"
        assert "Pond" in said.text


@pytest.mark.parametrize("verb", OF_A_SERVER)
async def test_a_button_of_a_purged_server_is_one_of_a_server_that_never_was(wire: Wire, verb: str) -> None:
    pond = await wire.create()
    await purge(wire, pond)
    assert (await answered(wire, ADA, f"dm:{verb}:{pond}")).text == NOT_FOUND


@pytest.mark.parametrize("field", ["server_channel", "notice_channel", "admin_role", "create_role"])
@pytest.mark.parametrize("value", ["77", "9" * 30, "-1", "x", "\u0661"])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_channel_or_role_that_was_not_offered_is_refused(den: Wire, field: str, value: str) -> None:
    said = await choose(den, field, value)
    assert said.text.endswith("One of these values cannot be used here. Choose it from the list.")
    assert await nothing_is_set(den)


async def test_a_language_that_was_not_offered_is_refused(wire: Wire) -> None:
    said = await choose(wire, "language", "xx")
    assert said.text.endswith("takes one of: en, de.")
    assert await nothing_is_set(wire)


async def test_a_setting_that_was_not_offered_is_refused(wire: Wire) -> None:
    pond = await wire.create()
    said = await wire.submit(ADA, f"dm:change_form:{pond}:g0_0", {"season": "monsoon"})
    assert said.text == "Season takes one of: spring, summer, autumn, winter."
    said = await wire.submit(ADA, f"dm:change_form:{pond}:g0_0", {"console_secret": "x"})
    assert "has no setting" in said.text
    assert (await wire.row(pond)).run == 1


async def test_a_form_works_after_the_bot_was_restarted(wire: Wire) -> None:
    pond = await wire.create()
    opened = await wire.press(ADA, f"dm:change:{pond}:about")
    await wire.disconnect()
    await wire.connect()
    said = await wire.submit(ADA, str(opened.modal["custom_id"]), {"name": "Puddle"})
    assert "is changed: Name" in said.text


async def test_a_form_of_a_server_that_was_deleted_meanwhile_changes_nothing(wire: Wire) -> None:
    pond = await wire.create()
    opened = await wire.press(ADA, f"dm:change:{pond}:about")
    await wire.submit(CY, f"dm:delete_form:{pond}", {"name": "Pond"})
    said = await wire.submit(ADA, str(opened.modal["custom_id"]), {"name": "Puddle"})
    assert said.text.startswith("Pond is deleted.")
    assert (await wire.row(pond)).name == "Pond"


async def test_a_form_of_a_server_that_was_purged_meanwhile_is_one_of_none(wire: Wire) -> None:
    pond = await wire.create()
    opened = await wire.press(ADA, f"dm:delete:{pond}")
    await purge(wire, pond)
    assert (await wire.submit(ADA, str(opened.modal["custom_id"]), {"name": "Pond"})).text == NOT_FOUND


async def test_a_form_that_nobody_knows_is_answered(wire: Wire) -> None:
    for custom_id in ("", "dm:own_form:abcdefghijkl", "dm:delete_form:\u0430bcdefghijkl", "x" * 100):
        assert (await wire.submit(ADA, custom_id, {"name": "Pond"})).text.startswith("This is from before")


async def test_a_player_who_forges_the_buttons_of_a_manager_is_told_who_can(wire: Wire) -> None:
    pond = await wire.create()
    for verb in ("pause", "restart", "edit", "change", "delete", "undo"):
        assert (await answered(wire, BO, f"dm:{verb}:{pond}")).text.startswith("Only Ada (owner)")
    assert (await wire.submit(BO, f"dm:delete_form:{pond}", {"name": "Pond"})).text.startswith("Only Ada (owner)")
    assert (await wire.row(pond)).desired == "running"


@pytest.mark.parametrize("verb", OF_A_SERVER)
async def test_by_direct_message_a_guild_in_a_custom_id_opens_nothing(wire: Wire, verb: str) -> None:
    theirs = await wire.create("Pond", BO, NEIGHBOURS)
    said = await answered(wire, ADA, f"dm:{verb}:{theirs}:{NEIGHBOURS}", direct=True)
    assert said.text == NOT_FOUND
    listed = await answered(wire, ADA, f"dm:list:{NEIGHBOURS}", direct=True)
    assert "Pond" not in listed.text


async def test_by_direct_message_deleted_servers_of_others_are_not_listed(wire: Wire) -> None:
    theirs = await wire.create("Pond", BO, NEIGHBOURS)
    await wire.core.servers.removal.delete(wire.actor(BO, NEIGHBOURS), theirs, "Pond")
    for direct in (True, False):
        said = await answered(wire, ADA, f"dm:kept:{theirs}:{NEIGHBOURS}", direct=direct)
        assert "Pond" not in said.text


async def test_by_direct_message_the_owner_resumes_what_is_theirs(wire: Wire) -> None:
    pond = await wire.create()
    await wire.press(ADA, f"dm:pause:{pond}")
    await wire.until(pond, "paused")
    said = await answered(wire, ADA, f"dm:resume:{pond}:{cast.GUILD}", direct=True)
    assert "is waking up" in said.text


async def answered(wire: Wire, person: str, custom_id: str, *, direct: bool = False) -> Said:
    """The answer; and no bug was noted on the way."""
    with capture_logs() as logged:
        said = await wire.press(person, custom_id, direct=direct)
    assert [line for line in logged if line["log_level"] == "error"] == []
    assert said.kind in ("message", "update", "modal")
    assert said.private
    assert "our fault" not in said.text
    return said


async def choose(wire: Wire, field: str, value: str) -> Said:
    """On the page of `/guild setup`, with what Discord would not have let through."""
    page = await wire.command(CY, "guild setup")
    [message] = page.shown
    found = components.find(message.data["components"], f"dm-setup:{field}")
    assert found is not None
    data = {"custom_id": found["custom_id"], "component_type": found["type"], "values": [value]}
    return await wire.send(CY, COMPONENT, data, source=message)


async def purge(wire: Wire, server: str) -> None:
    """Deleted, and its time to come back is over."""
    await wire.submit(ADA, f"dm:delete_form:{server}", {"name": "Pond"})
    async with wire.database.begin() as session:
        row = await session.get_one(ServerRow, server)
        row.purge_at = wire.now()
        session.add(row)
    wire.core.controller.wake(server)
    await wire.until(server, "deleted")


async def nothing_is_set(wire: Wire) -> bool:
    return await wire.core.guilds.get(int(cast.GUILD)) == GuildView()
