"""The machine's clock is set back by two hours under the running bot: nothing waits for two hours."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from ports import ports
from shipped import shipped

from bot.demo.guild.cast import CHAT

pytestmark = pytest.mark.process
SETBACK = Path(__file__).parents[1] / "support" / "setback.py"


async def test_set_back_by_two_hours_servers_are_warned_about_paused_and_started_as_ever(tmp_path: Path) -> None:
    """The games' agents, and Discord, keep the clock that they had."""
    async with shipped(tmp_path, command=[sys.executable, str(SETBACK)], PORTS=ports(), IDLE_AFTER="12") as house:
        await house.create()
        assert house.process is not None
        house.process.send_signal(signal.SIGUSR1)
        warning = await house.message("**Pond** has been empty since", within=60)
        paused = await house.message("**Pond** is paused: nobody was on", within=60)
        assert paused["id"] == warning["id"]
        await house.message("### Pond", "Paused")
        await house.press("Resume", paused, who="Bo")
        await house.message("### Pond", "Running", within=60)
        await house.until(lambda found: sum("is ready" in str(m["components"]) for m in found) == 2, within=60)
        await house.people["Ada"].slash(CHAT, "server keep", server="Pond", hours=1)
        house.process.send_signal(signal.SIGUSR1)
        await house.people["Ada"].slash(CHAT, "server pause", server="Pond")
        await house.message("### Pond", "Paused", within=60)
        await house.message("**Pond** was paused by", within=60)
