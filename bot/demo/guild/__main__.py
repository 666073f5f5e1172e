"""Run the guild alone: `python -m bot.demo.guild --port 8090 --folder data/guild`."""

import argparse
import asyncio
import signal
from pathlib import Path

from bot.demo.guild.server import Guild


async def _run(port: int, folder: Path | None) -> None:
    guild = Guild(folder)
    await guild.start(port=port)
    print(
        f"page     {guild.page_url}/",
        f"api      {guild.api_url}",
        f"gateway  {guild.gateway_url}",
        sep="\n",
        flush=True,
    )
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    await guild.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.demo.guild", description="A small Discord on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--folder", type=Path, help="keeps the guild across restarts; without it, memory only")
    arguments = parser.parse_args()
    asyncio.run(_run(arguments.port, arguments.folder))


if __name__ == "__main__":
    main()
