"""A program of the machine takes a server's port while it is paused: the server comes up at another address."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ports import ports
from shipped import Shipped, shipped

from bot.demo.guild.cast import CHAT

pytestmark = pytest.mark.process


def port_of(message: object) -> int:
    found = re.search(r"127\.0\.0\.1:(\d+)", json.dumps(message))
    assert found
    return int(found[1])


@pytest.fixture
async def own_house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Shipped]:
    """Nobody is paused for being empty. The parameter says how many ports it has."""
    first, _, last = ports().partition("-")
    most = f"{first}-{min(int(last), int(first) + request.param - 1)}"
    async with shipped(tmp_path, IDLE_AFTER="0", PORTS=most) as house:
        yield house


@pytest.mark.parametrize("own_house", [20], indirect=True)
async def test_a_resume_finds_another_port_and_says_so(own_house: Shipped) -> None:
    card = await own_house.create()
    before = port_of(card["components"])
    await own_house.people["Ada"].slash(CHAT, "server pause", server="Pond")
    await own_house.message("### Pond", "Paused")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", before))
        other.listen()
        await own_house.people["Ada"].slash(CHAT, "server resume", server="Pond")
        told = await own_house.message("**Pond** has a new address", f"Port {before} is used by something else")
        card = await own_house.message("### Pond", "Running")
        after = port_of(card["components"])
        assert after != before
        assert port_of(told["components"]) == after
        with socket.create_connection(("127.0.0.1", after)):
            pass


@pytest.mark.parametrize("own_house", [1], indirect=True)
async def test_where_none_is_free_the_card_says_whom_to_ask_and_the_log_which_port(own_house: Shipped) -> None:
    port = int(own_house.environ["DORMOUSE_PORTS"].partition("-")[0])
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        await own_house.people["Ada"].slash(CHAT, "server create", game="meadow", name="Pond")
        await own_house.message("### Pond", "Something else on the host uses its port", "Tell whoever runs this bot")
        assert "no port for a server" in own_house.log
    await own_house.message("### Pond", "Running")
