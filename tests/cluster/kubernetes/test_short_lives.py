"""A game that becomes ready and dies soon after, again and again: counted through the whole bot, and given up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import kube
import pytest
from onkube import on_kubernetes, write_game
from shipped import has

from bot.demo.guild.cast import CHAT

kube.needs_cluster()
pytestmark = [pytest.mark.timeout(360), *kube.pytestmark, pytest.mark.process]

MAYFLY = """
import os, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
class Status(BaseHTTPRequestHandler):
    asked = False
    def do_GET(self):
        if not Status.asked:
            Status.asked = True
            threading.Timer(5, die).start()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"online": 0, "max": 4}')
    def log_message(self, *_):
        pass
def die():
    print("the wings are worn out", flush=True)
    os._exit(7)
HTTPServer(("0.0.0.0", 8400), Status).serve_forever()
"""


async def test_ready_for_5_s_five_times_is_given_up_and_said_in_one_message(
    namespace: kube.Namespace, tmp_path: Path
) -> None:
    """Between its lives it waits longer than the time after which it would count as healthy: 10, 20 and 40 s."""
    games = write_game(tmp_path, "mayfly", MAYFLY)
    changes = {"healthy_after": 20.0}
    async with on_kubernetes(namespace, tmp_path, ports="31810-31819", changes=changes, GAMES_DIR=games) as house:
        await house.people["Ada"].slash(CHAT, "server create", game="mayfly", name="Pond")
        await house.message(
            "### Pond", "It crashed 2 times (exit code 7)", "after 5 it is not tried any more", within=60
        )
        await house.message("**Pond** crashed 5 times in a row; stopped trying.", within=240)
        await house.message("### Pond", "Paused", "It crashed 5 times in a row", "Last time: exit code 7.", within=30)
        async with asyncio.timeout(30):
            while (await asyncio.to_thread(namespace.get, "pods"))["items"]:
                await asyncio.sleep(0.2)
        assert len([m for m in await house.messages() if has(m, "stopped trying") and not has(m, "### Pond")]) == 1
        assert "the wings are worn out" in str(await house.messages())
        assert len(await house.cards()) == 1
