"""A world's volume that is full when its server starts: said in words, and it comes up once there is room.

Mounts a small disk on the node, so it runs only where DORMOUSE_CLUSTER_CTL names the command that reaches into it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import kube
import pytest
from onkube import on_kubernetes, write_game

from bot.demo.guild.cast import CHAT
from core.cluster.kubernetes.names import GAME

kube.needs_cluster()
CTL = shlex.split(os.environ.get("DORMOUSE_CLUSTER_CTL", ""))
pytestmark = [
    *kube.pytestmark,
    pytest.mark.process,
    pytest.mark.skipif(not CTL, reason="DORMOUSE_CLUSTER_CTL is not set"),
]

TIDY = """
from http.server import BaseHTTPRequestHandler, HTTPServer
print(len(open("/data/rules.txt").read()), "letters of rules", flush=True)
class Status(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"online": 0, "max": 4}')
HTTPServer(("0.0.0.0", 8400), Status).serve_forever()
"""
RULES = f'files = [{{ path = "rules.txt", content = "{"be kind " * 1000}" }}]'


def inside(script: str, *arguments: str) -> str:
    """A shell command in the node's namespaces; what it printed."""
    ended = subprocess.run([*CTL, "inside", "sh", "-ec", script, "sh", *arguments], capture_output=True, timeout=30)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout.decode()


def folder_of_the_world(namespace: kube.Namespace, game: str) -> str:
    """Where the node keeps the one claim of that game."""
    [claim] = json.loads(namespace.kubectl("get", "pvc", "-l", f"{GAME}={game}", "-o", "json"))["items"]
    return str(namespace.get("pv", claim["spec"]["volumeName"])["spec"]["local"]["path"])


@contextlib.contextmanager
def full_disk(folder: str) -> Iterator[None]:
    """A disk of 1 MiB over the folder, with all that was in it and no room for a byte more; gone at the end."""
    fill = """
        mkdir "$1.small"
        mount -t tmpfs -o size=1m,mode=2777 tmpfs "$1.small"
        cp -a "$1/." "$1.small"
        dd if=/dev/zero of="$1.small/data/ballast" bs=4096 2>/dev/null || true
        mount --move "$1.small" "$1"
        rmdir "$1.small"
    """
    inside(fill, folder)
    try:
        yield
    finally:
        inside('umount --lazy "$1"', folder)


def make_room(folder: str) -> None:
    inside('mount -o remount,size=2m "$1"', folder)


async def test_a_full_volume_is_said_and_its_server_comes_up_once_there_is_room(
    namespace: kube.Namespace, tmp_path: Path
) -> None:
    games = write_game(tmp_path, "tidy", TIDY, RULES)
    async with on_kubernetes(namespace, tmp_path, ports="31800-31809", GAMES_DIR=games) as house:
        ada = house.people["Ada"]
        await ada.slash(CHAT, "server create", game="tidy", name="Pond")
        await house.message("### Pond", "Running", within=60)
        await ada.slash(CHAT, "server create", game="meadow", name="Brook")
        await ada.slash(CHAT, "server pause", server="Pond")
        await house.message("### Pond", "Paused", within=60)
        folder = await asyncio.to_thread(folder_of_the_world, namespace, "tidy")
        with full_disk(folder):
            await ada.slash(CHAT, "server resume", server="Pond")
            await house.message("### Pond", "Its disk is full.", "only they can make room", within=60)
            await house.message("### Brook", "Running", within=60)
            await asyncio.to_thread(make_room, folder)
            await house.message("### Pond", "Running", within=90)
            await ada.slash(CHAT, "server pause", server="Pond")
            await house.message("### Pond", "Paused", within=60)
        await ada.slash(CHAT, "server resume", server="Pond")
        await house.message("### Pond", "Running", within=60)
        assert '"event": "bug"' not in house.log
        assert len(await house.cards()) == 1
