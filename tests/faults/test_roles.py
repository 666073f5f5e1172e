"""A role that was deleted: what is shared with it says so, and stays as closed as it was."""

from __future__ import annotations

from town import Town
from wire import ADA, BO, COMPONENT, CY

from bot.demo.guild.cast import KEEPERS, PLAYERS
from bot.demo.guild.components import MENTIONABLE_SELECT


async def test_a_server_for_players_of_a_deleted_role_stays_closed_until_its_owner_says_otherwise(
    hollow_oak: Town,
) -> None:
    await hollow_oak.create()
    share = {"server": "Pond", "as": "player"}
    await hollow_oak.wire.command(ADA, "server share", **share, **{"with": PLAYERS})
    client = hollow_oak.wire.client
    assert client is not None
    hollow_oak.guild.world.delete_role(PLAYERS)
    await hollow_oak.until(lambda: all(role.id != int(PLAYERS) for role in client.guilds[0].roles))
    refused = await hollow_oak.wire.command(BO, "server resume", server="Pond")
    assert refused.text == "Pond is shared with certain players only. Ask Ada (owner) or an admin."
    said = await hollow_oak.wire.command(ADA, "server share", **share | {"as": "manager"}, **{"with": KEEPERS})
    assert "Players, who resume it, keep it awake and join: a deleted role" in said.text
    assert "Besides them, only its owner and admins may use it." in said.text
    assert "Once the deleted roles are removed it has no players of its own" in said.text
    button = said.custom_id("Remove deleted roles")
    assert (await hollow_oak.wire.press(BO, button)).text == "Only Ada (owner) or an admin can share Pond."
    said = await hollow_oak.wire.press(ADA, button)
    assert "a deleted role" not in said.text
    assert f"<@&{KEEPERS}>" in said.text
    assert "Everybody here may resume it" in said.text
    assert "player → nobody" in (await hollow_oak.wire.command(CY, "guild audit")).text


async def test_the_page_of_sharing_keeps_a_deleted_role_that_nobody_can_choose(hollow_oak: Town) -> None:
    """Else choosing other players would open the server to all."""
    pond = await hollow_oak.create()
    await hollow_oak.wire.command(ADA, "server share", **{"server": "Pond", "as": "player", "with": PLAYERS})
    client = hollow_oak.wire.client
    assert client is not None
    hollow_oak.guild.world.delete_role(PLAYERS)
    await hollow_oak.until(lambda: all(role.id != int(PLAYERS) for role in client.guilds[0].roles))
    [page] = (await hollow_oak.wire.press(ADA, f"dm:share:{pond}")).shown
    nobody = {"custom_id": f"dm-share:player:{pond}", "component_type": MENTIONABLE_SELECT, "values": []}
    said = await hollow_oak.wire.send(ADA, COMPONENT, nobody | {"resolved": {}}, source=page)
    assert "Besides them, only its owner and admins may use it." in said.text
    refused = await hollow_oak.wire.command(BO, "server resume", server="Pond")
    assert refused.text == "Pond is shared with certain players only. Ask Ada (owner) or an admin."
