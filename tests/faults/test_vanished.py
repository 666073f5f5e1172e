"""What vanished in Discord and is named in a setting counts no more, and is said."""

from __future__ import annotations

import pytest
from faults import Faults
from reading import buttons, texts
from shipped import Shipped

from bot.demo.guild.cast import BO, BURROW, CHAT, KEEPERS, PLAYERS, SERVERS

pytestmark = pytest.mark.process

IDLE = {"IDLE_AFTER": "6", "IDLE_WARN": "3", "IDLE_GRACE": "1"}


async def answer_of(house: Shipped, who: str, command: str, **options: str) -> dict:
    answer = await house.people[who].slash(CHAT, command, **options)
    message = answer["message"]["id"]
    [found] = await house.until(lambda found: [m for m in found if m["id"] == message and not m.get("thinking")], who)
    return found


@pytest.mark.parametrize("fresh", [IDLE], indirect=True)
async def test_a_voice_channel_that_was_deleted_keeps_no_server_on(fresh: Shipped, its_faults: Faults) -> None:
    fresh.guild.world.move_voice(BO, BURROW)
    await fresh.create()
    said = texts((await answer_of(fresh, "Ada", "server idle", server="Pond", voice=BURROW))["components"])
    assert f"while somebody is in <#{BURROW}>" in said
    await fresh.message("### Pond", f"1 person is in <#{BURROW}>, so it stays on.")
    its_faults.delete_channel(BURROW)
    await fresh.message("### Pond", "The voice channel that it watched was deleted.")
    await fresh.message("### Pond", "Paused")
    said = texts((await answer_of(fresh, "Ada", "server idle", server="Pond"))["components"])
    assert "was deleted and no longer counts" in said


@pytest.mark.parametrize("fresh", [IDLE], indirect=True)
async def test_a_server_stops_watching_at_the_press_of_a_button(fresh: Shipped, its_faults: Faults) -> None:
    fresh.guild.world.move_voice(BO, BURROW)
    await fresh.create()
    answer = await answer_of(fresh, "Ada", "server idle", server="Pond", voice=BURROW)
    await fresh.message("### Pond", f"1 person is in <#{BURROW}>")
    stop = buttons(answer["components"])["Stop watching voice"]
    await fresh.people["Ada"].press(answer, stop)
    await fresh.message("watches no voice channel any more")
    await fresh.message("### Pond", "Paused")


async def test_channels_and_roles_that_were_deleted_are_said_on_the_page_of_rules(
    fresh: Shipped, its_faults: Faults
) -> None:
    chosen = {"server_channel": SERVERS, "notice_channel": SERVERS, "admin_role": KEEPERS, "create_role": PLAYERS}
    await answer_of(fresh, "Cy", "guild setup", **chosen)
    its_faults.delete_channel(SERVERS)
    for role in (KEEPERS, PLAYERS):
        fresh.guild.world.delete_role(role)
    said = texts((await answer_of(fresh, "Cy", "guild setup"))["components"])
    assert said.count("was deleted") == 4
    refused = texts((await answer_of(fresh, "Ada", "server create", game="meadow", name="Pond"))["components"])
    assert "was deleted" in refused
    assert "<@&" not in refused
