"""No secret in any log or answer: recognisable ones are planted, things go wrong, and all that came out is searched."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from aiohttp import web
from faults import ANSWER, SEND, Faults
from reading import buttons
from shipped import ROOT
from watched import Watched, watching

from bot.demo.guild.cast import BOT, CHAT, DIRECT_CHANNELS, WELCOME

pytestmark = pytest.mark.process

TOKEN = "planted-token-0f1e2d3c4b5a"  # `shipped` searches the log for its beginning as well
MASTER_KEY = "planted-master-key-9a8b7c6d"
DATABASE_PASSWORD = "planted-database-5e4f3a2b"
GAME_PASSWORD = "planted-game-1c2d3e4f"


class Overheard:
    """Tokens of interactions, as the bot uses them: whoever has one can answer in its place for 15 minutes."""

    def __init__(self, house: Watched) -> None:
        self.tokens: set[str] = set()
        house.guild.before.append(self._listen)

    async def _listen(self, request: web.Request) -> None:
        parts = request.path.split("/")
        if "webhooks" in parts or "interactions" in parts:
            self.tokens.add(parts[5])


@pytest.fixture
async def planted(tmp_path: Path, database_url: str) -> AsyncIterator[Watched]:
    settings = {"DISCORD_TOKEN": TOKEN, "MASTER_KEY": MASTER_KEY}
    if not database_url.startswith("sqlite"):
        settings["DATABASE_URL"] = database_url.replace("dormouse@", f"dormouse:{DATABASE_PASSWORD}@")
    async with watching(tmp_path, **settings) as house:
        yield house


def derived(server: str) -> list[str]:
    """The console's and the agent's passwords, as core.servers.passwords derives them."""
    return [
        hmac.new(MASTER_KEY.encode(), f"{purpose}:{server}:1".encode(), hashlib.sha256).hexdigest()[:32]
        for purpose in ("console", "agent")
    ]


async def give_a_password(house: Watched, server: str) -> None:
    ada = house.people["Ada"]
    await ada.slash(CHAT, "server edit", server="Pond")
    page = await house.message("### Pond", "Password", who="Ada")
    opened = await ada.press(page, buttons(page["components"])["Players"])
    await ada.submit(CHAT, opened["modal"], max_players="8", password=GAME_PASSWORD)
    offers = await house.until(lambda found: [each for each in found if "Restart now" in buttons(each["components"])])
    await house.press("Restart now", offers[-1])
    async with asyncio.timeout(30):  # the new run has it, and is up
        while not (GAME_PASSWORD in read(house, server, "pod.json") and '"ready"' in read(house, server, "state.json")):
            await asyncio.sleep(0.05)
    await house.message("### Pond", "Running")


def read(house: Watched, server: str, name: str) -> str:
    """A file of the current pod; empty between two pods."""
    with contextlib.suppress(FileNotFoundError):
        return (house.folder / "bot" / "servers" / server / "pod" / name).read_text("utf-8")
    return ""


async def go_wrong(house: Watched, server: str, database_url: str) -> None:
    """Discord fails and limits us, a game crashes, the database cuts us off, members and strangers ask for too much."""
    faults = Faults(house.guild)
    faults.answer(*SEND, 500, times=3)
    faults.rate_limit("PATCH", "/webhooks/*/*/messages/@original", 0.2)
    faults.answer(*ANSWER, 500, times=1)
    with_fault = house.people["Bo"].slash(CHAT, "server pause", server="Pond")
    await asyncio.gather(with_fault, return_exceptions=True)
    os.kill(json.loads(read(house, server, "state.json"))["pid"], signal.SIGKILL)
    await house.message("**Pond** ended by itself")
    if not database_url.startswith("sqlite"):
        connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await connection.close()
    await asyncio.gather(
        house.people["Bo"].slash(CHAT, "server delete", server="Pond"),
        house.people["Ada"].slash(CHAT, "server create", game="meadow", name="**Pond**"),
        house.people["Bo"].say(DIRECT_CHANNELS[house.people["Bo"].id], f"<@{BOT}> health"),
        house.people["Cy"].say(DIRECT_CHANNELS[house.people["Cy"].id], f"<@{BOT}> health"),
        return_exceptions=True,
    )
    await faults.close(4000)
    await house.message("A name is made of letters")


async def said_by_commands(house: Watched) -> str:
    """What `check`, a second `run`, and each with a wrong database say."""
    lines = ""
    wrong = f"postgresql://dormouse:{DATABASE_PASSWORD}@127.0.0.1:9/none"
    for command, more in (("check", {}), ("run", {}), ("check", {"DORMOUSE_DATABASE_URL": wrong})):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", command, cwd=ROOT, env=house.environ | more,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await asyncio.wait_for(process.communicate(), 90)
        # A look at a bot that runs is no mistake; a second start, and a database that is away, are.
        assert process.returncode == (0 if (command, more) == ("check", {}) else 1)
        lines += output.decode()
    return lines


def logs(house: Watched) -> str:
    found = [house.folder / "bot.log", *(house.folder / "bot").rglob("*log*")]
    return "\n".join(file.read_text("utf-8", "replace") for file in found if file.is_file())


async def public(house: Watched) -> str:
    """Messages that everybody sees."""
    return json.dumps([await house.people["Bo"].read(channel, limit=100) for channel in (CHAT, WELCOME)])


async def answers(house: Watched) -> str:
    """What each person was told, also where only they see it."""
    return json.dumps(
        [
            await person.read(channel, limit=100)
            for person in house.people.values()
            for channel in (CHAT, DIRECT_CHANNELS[person.id])
        ]
    )


async def test_no_secret_comes_out_while_things_go_wrong(planted: Watched, database_url: str) -> None:
    overheard = Overheard(planted)
    card = await planted.create()
    server = card["components"][0]["components"][-1]["components"][-1]["custom_id"].split(":")[2]
    await give_a_password(planted, server)
    await go_wrong(planted, server, database_url)
    watching = json.dumps([await planted.ask("/healthz"), await planted.ask("/readyz"), await planted.metrics()])
    commands = await said_by_commands(planted)
    told, shown = await answers(planted), await public(planted)
    assert await planted.stop() == 0

    secrets = [TOKEN, MASTER_KEY, DATABASE_PASSWORD, *derived(server)]
    for place, text in {
        "log": logs(planted), "health": watching, "command": commands, "answer": told
    }.items():  # fmt: skip
        assert text
        assert [secret for secret in secrets if secret in text] == [], place
    # Who may join is told the game's password; nobody else, and nothing that is kept.
    for place, text in {"log": logs(planted), "health": watching, "command": commands, "public": shown}.items():
        assert GAME_PASSWORD not in text, place
    assert overheard.tokens
    assert [token for token in overheard.tokens if token in logs(planted)] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_opens_games_is_not_in_the_database(planted: Watched) -> None:
    card = await planted.create()
    server = card["components"][0]["components"][-1]["components"][-1]["custom_id"].split(":")[2]
    assert await planted.stop() == 0
    kept = b"".join(file.read_bytes() for file in (planted.folder / "bot").glob("dormouse.db*"))
    assert server.encode() in kept
    assert [secret for secret in [TOKEN, MASTER_KEY, *derived(server)] if secret.encode() in kept] == []
