"""Start, console, saves and end of the real process."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import socket
from typing import TYPE_CHECKING

import pytest

from bot.demo.meadow.settings import SettingsError, read

if TYPE_CHECKING:
    from tests.meadow.conftest import Starter

pytestmark = pytest.mark.process


async def test_a_saved_world_comes_back_bit_for_bit(start: Starter) -> None:
    meadow = await start()
    ada, _ = await meadow.join("Ada")
    await ada.plant((1, 2, "t"), (3, 4, "s"))
    await ada.next("plant")
    await meadow.command("save")
    await meadow.expect("saved revision 1")
    world = (await meadow.status())["world"]
    data = start.world.read_bytes()
    assert world["hash"] == hashlib.sha256(data).hexdigest()
    assert world["cells"] == 2
    assert await meadow.terminate() == 0
    again = await start()
    assert (await again.status())["world"] == world
    assert await again.terminate() == 0
    assert start.world.read_bytes() == data


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_saves_and_says_goodbye(start: Starter, number: signal.Signals) -> None:
    meadow = await start(save_every="3600")
    ada, _ = await meadow.join("Ada")
    await ada.plant((1, 2, "t"))
    await ada.next("plant")
    meadow.process.send_signal(number)
    await ada.next("sleep")
    assert await ada.closed() == 1001
    assert await meadow.ended() == 0
    assert meadow.lines[-1] == "Meadow stopped, saved revision 1"
    assert b".t." in start.world.read_bytes()


async def test_the_world_is_saved_at_intervals_even_without_stdin(start: Starter) -> None:
    meadow = await start(save_every="0.05", stdin=asyncio.subprocess.DEVNULL)
    ada, _ = await meadow.join("Ada")
    await ada.plant((1, 2, "t"))
    await meadow.status_when(lambda status: status["world"]["saved_revision"] == 1)


async def test_saves_can_be_held_and_released(start: Starter) -> None:
    meadow = await start(save_every="0.05")
    await meadow.command("save off")
    await meadow.expect("saving off")
    ada, _ = await meadow.join("Ada")
    await ada.plant((1, 2, "t"))
    await ada.next("plant")
    assert (await meadow.status())["world"]["saved_revision"] == 0
    await meadow.command("save on")
    await meadow.expect("saving on")
    await meadow.status_when(lambda status: status["world"]["saved_revision"] == 1)


async def test_the_console_speaks_counts_kicks_and_stops(start: Starter) -> None:
    meadow = await start()
    ada, _ = await meadow.join("Ada")
    bo, _ = await meadow.join("Bo Peep")
    await meadow.command("say Supper is\tready")
    await meadow.expect("said: Supper is ready")
    assert (await ada.next("say"))["text"] == "Supper is ready"
    await meadow.command("players")
    await meadow.expect("2 of 16 players: Ada, Bo Peep")
    await meadow.command("kick bo peep")
    await meadow.expect("kicked Bo Peep")
    assert await bo.closed() == 4003
    await meadow.expect("Bo Peep left")
    await meadow.command("kick Cy")
    await meadow.expect("nobody is called Cy")
    await meadow.command("\x00dance")
    await meadow.expect("unknown command: dance .*")
    await meadow.command("help")
    await meadow.expect("commands: .*")
    await meadow.command("stop")
    await ada.next("sleep")
    assert await meadow.ended() == 0


async def test_a_damaged_world_is_refused_and_left_alone(start: Starter) -> None:
    start.folder.mkdir()
    start.world.write_bytes(b'{"format": 1, "rows"')
    meadow = await start(ready=False)
    assert await meadow.ended() == 3
    assert len(meadow.lines) == 1
    assert "world.json is damaged" in meadow.lines[0]
    assert start.world.read_bytes() == b'{"format": 1, "rows"'


async def test_a_port_in_use_is_said_in_words(start: Starter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        meadow = await start(ready=False, port=str(taken.getsockname()[1]))
        assert await meadow.ended() == 4
    assert meadow.lines[0].startswith("Meadow cannot listen on 127.0.0.1 port ")


async def test_a_folder_that_is_none_is_said_in_words(start: Starter) -> None:
    start.folder.write_text("a file")
    meadow = await start(ready=False)
    assert await meadow.ended() == 4
    assert meadow.lines[0].startswith("Meadow cannot use its folder")


async def test_it_can_be_made_to_crash_for_tests_only(start: Starter) -> None:
    meadow = await start(debug="1")
    await meadow.command("exit 7")
    assert await meadow.ended() == 7
    meadow = await start()
    await meadow.command("exit 7")
    await meadow.expect("unknown command: exit 7 .*")


def test_settings_have_defaults() -> None:
    settings = read({"MEADOW_PORT": "", "MEADOW_GREETING": ""})
    assert (settings.host, settings.port, settings.max_players, settings.season) == ("127.0.0.1", 8400, 16, "spring")


def test_all_wrong_settings_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        read(
            {"MEADOW_PORT": "70000", "MEADOW_SEASON": "rain", "MEADOW_MAX_PLAYERS": "many", "MEADOW_SAVE_EVERY": "nan"}
        )
    for name in ("PORT", "SEASON", "MAX_PLAYERS", "SAVE_EVERY"):
        assert f"MEADOW_{name}" in str(raised.value)
