"""The demo: a guild on loopback, and behind it the shipped bot as a process of its own, with real game servers.

Ctrl-C saves and ends the game servers and leaves what is desired as it is: started again, it goes on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import webbrowser
from pathlib import Path

from bot import lock
from bot.demo.guild import cast
from bot.demo.guild.oauth import CLIENT_SECRET
from bot.demo.guild.server import Guild
from core.agent.local.process import end, identity
from core.cluster.local.cluster import LocalCluster
from core.errors import Misconfigured

SETTINGS = {
    "DORMOUSE_DISCORD_TOKEN": "demo",
    "DORMOUSE_CLUSTER": "local",
    "DORMOUSE_IDLE_AFTER": "60",
    "DORMOUSE_IDLE_WARN": "30",
    "DORMOUSE_IDLE_GRACE": "20",
    "DORMOUSE_HEALTH": "off",
}
STOP_WITHIN = 30.0


async def run(folder: Path, port: int, *, open_browser: bool = True) -> int:
    """Until Ctrl-C or SIGTERM. The bot is started again if it dies. One demo at a time keeps a folder."""
    with lock.only_one(folder):
        return await _run(folder, port, open_browser=open_browser)


async def _run(folder: Path, port: int, *, open_browser: bool) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    guild = Guild(folder / "guild")
    try:
        await guild.start(port=port)
    except OSError as wrong:
        raise Misconfigured(
            [f"Port {port} cannot be used ({wrong.strerror}): try make demo PORT={port + 1}."]
        ) from None
    await _end_what_was_left(folder / "bot")
    log, web = folder / "bot.log", f"127.0.0.1:{_free(port + 1)}"
    bot = asyncio.create_task(_keep_bot(guild, folder, log, web))
    print(f"\n  The Hollow Oak is open:  {guild.page_url}\n  Its dashboard:           http://{web}", flush=True)
    print(f"\n  Ctrl-C ends it; all is kept in {folder}/.\n", flush=True)
    if open_browser and sys.stdout.isatty():
        with contextlib.suppress(Exception):
            webbrowser.open(guild.page_url)
    await stopping.wait()
    print("\n  Saving worlds ...", flush=True)
    bot.cancel()
    await asyncio.gather(bot, return_exceptions=True)
    cluster = LocalCluster(folder / "bot" / "servers")
    await cluster.start(halted=True)
    if late := await cluster.halt(STOP_WITHIN):
        print(f"  Still saving: {', '.join(late)}.", flush=True)
    await cluster.close()
    await guild.stop()
    return 0


async def _end_what_was_left(data: Path) -> None:
    """The bot of a demo that was killed still runs, and has what the next one needs."""
    if (found := lock.holder(data)) and found.isdecimal() and (who := identity(int(found))):
        await end(int(found), who, grace=STOP_WITHIN)


def _free(port: int) -> int:
    """This port, or another one where something has it."""
    for each in (port, 0):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", each)) as found:
            taken: int = found.getsockname()[1]
            return taken
    return port


async def _keep_bot(guild: Guild, folder: Path, log: Path, web: str) -> None:
    """`web`: host and port of the dashboard."""
    environ = SETTINGS | {
        "DORMOUSE_WEB": web,
        "DORMOUSE_PUBLIC_URL": f"http://{web}",
        "DORMOUSE_DISCORD_CLIENT_ID": cast.APPLICATION,
        "DORMOUSE_DISCORD_CLIENT_SECRET": CLIENT_SECRET,
        "DORMOUSE_DISCORD_OAUTH_URL": guild.page_url,
        "DORMOUSE_DISCORD_API_URL": guild.api_url,
        "DORMOUSE_DISCORD_GATEWAY_URL": guild.gateway_url,
        "DORMOUSE_DATA_DIR": str((folder / "bot").absolute()),
    }
    # What the person has set wins, except for where the demo's own Discord is.
    fixed = {key: environ[key] for key in environ if key.endswith(("_URL", "_TOKEN", "_DIR", "_CLUSTER"))}
    environ = environ | dict(os.environ) | fixed
    while True:
        with open(log, "ab") as output:  # noqa: ASYNC230 - a local file, once a start
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=environ, stdout=output, stderr=output, start_new_session=True
            )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(STOP_WITHIN):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
            raise
        print(f"  The bot ended with {code}; see {log}. Starting it again.", flush=True)
        await asyncio.sleep(2)
