"""`dormouse` or `python -m bot`: run | demo | check | migrate | worlds | games | guilds | backup."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from bot.arguments import add_games_commands, add_store_commands
from core.errors import CannotGoOn, Misconfigured


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
    add_games_commands(commands)
    chosen = parser.parse_args(arguments)
    verbs = {
        "run": _run,
        "demo": _demo,
        "check": _check,
        "migrate": _migrate,
        "worlds": _store,
        "backup": _store,
        "guilds": _guilds,
        "games": _games,
    }
    try:
        code = verbs[chosen.command](chosen)
    except CannotGoOn as wrong:
        _say("Dormouse cannot go on like this:", wrong.lines)
        code = 1
    except Misconfigured as wrong:
        starts = chosen.command in ("run", "demo")
        _say("Dormouse cannot start like this:" if starts else "That cannot be done like this:", wrong.lines)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _run(_: argparse.Namespace) -> int:
    from bot.app import build
    from bot.lock import only_one
    from bot.settings import load
    from bot.telemetry import logs

    settings, unknown = load()
    logs.set_up(secrets=settings.secrets)
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

    report = asyncio.run(check())
    for remark in report.remarks:
        print(remark)
    if report.mistakes:
        _say("Not ready:", report.mistakes)
        return 1
    print("All is well.")
    return 0


def _migrate(_: argparse.Namespace) -> int:
    from bot.database import migrate
    from bot.settings import load
    from core.data.schema import Schema

    settings, _unknown = load()
    found, missing = asyncio.run(migrate(settings))
    if missing:
        _say("No copy of the database could be put on the store before this:", [missing])
    match found:
        case Schema.CURRENT:
            print("The schema was up to date already.")
        case Schema.NEWER:
            print("The schema is of a newer Dormouse, which lets this one use it: there is nothing to do.")
        case _:
            print("The schema is up to date now.")
    return 0


def _store(chosen: argparse.Namespace) -> int:
    from bot.worlds import run

    return run(chosen)


def _guilds(chosen: argparse.Namespace) -> int:
    from bot.guilds import run

    return run(chosen)


def _games(chosen: argparse.Namespace) -> int:
    from bot.games import run

    return run(chosen)


def _say(title: str, lines: list[str]) -> None:
    print(title, *(f"  - {line}" for line in lines), sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main()
