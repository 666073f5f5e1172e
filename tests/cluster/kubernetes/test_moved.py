"""A drain as a member sees it: the game was ended from outside, starts again, and has not crashed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import kube
import pytest
from onkube import on_kubernetes, write_game
from reading import texts

from bot.demo.guild.cast import CHAT

kube.needs_cluster()
pytestmark = [*kube.pytestmark, pytest.mark.process]

# Ended by SIGTERM as most programs are: not with 0.
BLUNT = """
import http.server, json
class Status(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"online": 0, "max": 4}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
http.server.ThreadingHTTPServer(("0.0.0.0", 8400), Status).serve_forever()
"""


async def test_a_drain_is_said_and_is_no_crash(namespace: kube.Namespace, tmp_path: Path) -> None:
    games = write_game(tmp_path, "blunt", BLUNT)
    async with on_kubernetes(namespace, tmp_path, ports="31910-31919", GAMES_DIR=games) as house:
        await house.people["Ada"].slash(CHAT, "server create", game="blunt", name="Pond")
        await house.message("### Pond", "Running", within=90)
        await asyncio.to_thread(evict, namespace)
        await house.message("Pond", "was ended from outside. The node it ran on was emptied", within=60)
        await house.message("Pond", "is up again. The node it ran on was emptied", within=90)
        card = await house.message("### Pond", "Running", within=60)
        await house.press("Pause", card)
        await house.message("### Pond", "Paused", within=90)
        said = "".join(texts(each["components"]) for each in await house.messages())
        assert "crashed" not in said
        assert "ended by itself" not in said


def evict(namespace: kube.Namespace) -> None:
    """As `kubectl drain` does with each pod."""
    [pod] = [each["metadata"]["name"] for each in namespace.get("pods")["items"]]
    meta = {"name": pod, "namespace": namespace.name}
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
    path = f"/api/v1/namespaces/{namespace.name}/pods/{pod}/eviction"
    namespace.kubectl("create", "--raw", path, "-f", "-", given=eviction)
