"""`dormouse` or `python -m bot`: run | demo | check | migrate | worlds | backup."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from bot.arguments import add_store_commands
from core.errors import Misconfigured


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="dormouse", description="A Discord bot that gives a community game servers.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="run the bot, with the settings of the environment or .env")
    demo = commands.add_parser("demo", help="a guild in the browser, without Discord, cluster or key")
    demo.add_argument("--port", type=int, default=8300, help="where the guild's page is (default 8300)")
    demo.add_argument("--folder", type=Path, default=Path("demo-data"), help="what it keeps (default ./demo-data)")
    demo.add_argument("--no-open", action="store_true", help="do not open a browser")
    commands.add_parser("check", help="look at the whole configuration; exit 0 if it is fine, else 1")
    commands.add_parser("migrate", help="bring the database's schema up to date")
    add_store_commands(commands)
    chosen = parser.parse_args(arguments)
    verbs = {"run": _run, "demo": _demo, "check": _check, "migrate": _migrate, "worlds": _store, "backup": _store}
    try:
        code = verbs[chosen.command](chosen)
    except Misconfigured as wrong:
        _say("Dormouse cannot start like this:", wrong.lines)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _run(_: argparse.Namespace) -> int:
    from bot import telemetry
    from bot.app import build, only_one
    from bot.settings import load

    settings, unknown = load()
    telemetry.set_up(secrets=settings.secrets)
    if unknown:
        _say("These settings are not known and do nothing:", unknown)

    async def run() -> None:
        app = await build(settings)
        await app.run()

    with only_one(settings.data_dir):
        asyncio.run(run())
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    from bot.demo.runner import run

    return asyncio.run(run(chosen.folder, chosen.port, open_browser=not chosen.no_open))


def _check(_: argparse.Namespace) -> int:
    from bot.check import check

    mistakes, remarks = asyncio.run(check())
    for remark in remarks:
        print(remark)
    if mistakes:
        _say("Not ready:", mistakes)
        return 1
    print("All is well.")
    return 0


def _migrate(_: argparse.Namespace) -> int:
    from bot import backup
    from bot.settings import load
    from core.cluster.children import ChildFailed
    from core.data.database import Database, Schema
    from core.data.trouble import TROUBLE

    settings, _unknown = load()

    async def copy_before(database: Database) -> None:
        """SQLite's own copy lies beside it in any case."""
        try:
            if await database.schema() is Schema.OLD:
                await backup.keep(settings)
        except TROUBLE:
            return  # migrate says it in words
        except ChildFailed as wrong:
            _say("No copy of the database could be put on the store before this:", [wrong.detail])

    async def migrate() -> bool:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        database = Database(settings.database)
        try:
            await copy_before(database)
            return await database.migrate()
        finally:
            await database.close()

    print("The schema is up to date now." if asyncio.run(migrate()) else "The schema was up to date already.")
    return 0


def _store(chosen: argparse.Namespace) -> int:
    from bot.worlds import run

    return run(chosen)


def _say(title: str, lines: list[str]) -> None:
    print(title, *(f"  - {line}" for line in lines), sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main()
