"""What may be typed after `dormouse worlds`, `games`, `guilds` and `backup`. Apart, so that little is loaded for it."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_store_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    worlds = commands.add_parser("worlds", help="look at, check, bring back and tidy the worlds on the store")
    verbs = worlds.add_subparsers(dest="verb", required=True, metavar="VERB")
    listed = verbs.add_parser("ls", help="servers, or one server's snapshots")
    listed.add_argument("server", nargs="?")
    checked = verbs.add_parser("check", help="read back all of each newest snapshot; exit 1 if not well")
    checked.add_argument("server", nargs="?")
    checked.add_argument("--all", action="store_true", help="of every snapshot")
    checked.add_argument("--mend", action="store_true", help="make right what older versions still have right")
    back = verbs.add_parser("restore", help="write a snapshot into an empty or new folder")
    back.add_argument("server")
    back.add_argument("snapshot", help="as ls names it, or newest")
    back.add_argument("folder", type=Path)
    collected = verbs.add_parser("collect", help="hide what retention does not keep; exit 1 on an alarm")
    collected.add_argument("server", nargs="?")
    shown = verbs.add_parser("unhide", help="make all that was hidden visible again")
    shown.add_argument("server")
    drill = verbs.add_parser("drill", help="bring each newest snapshot back and throw it away; exit 1 if one cannot be")
    drill.add_argument("server", nargs="?")
    guilds = commands.add_parser("guilds", help="the guilds that the bot is in")
    verbs = guilds.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("ls", help="each with its servers, those that run, and what it stores")
    blocked = verbs.add_parser("block", help="pause what runs there, and let nothing start; its worlds stay")
    blocked.add_argument("guild", type=_guild)
    blocked.add_argument("words", nargs="*", help="what its members are told")
    unblocked = verbs.add_parser("unblock", help="let its members resume their servers again")
    unblocked.add_argument("guild", type=_guild)
    told = verbs.add_parser("broadcast", help="one message to each guild, in its notice channel")
    told.add_argument("words", nargs="+")
    copies = commands.add_parser("backup", help="the database's copies on the store")
    verbs = copies.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("take", help="one more, now")
    verbs.add_parser("ls", help="those there are, newest first")
    restored = verbs.add_parser("restore", help="put one in the database's place")
    restored.add_argument("name", help="as ls names it, or newest")
    verbs.add_parser("rebuild", help="servers that the database lacks, from the store and this machine's folders")


def add_games_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    games = commands.add_parser("games", help="the games on offer, and the files that say how they are run")
    verbs = games.add_subparsers(dest="verb", required=True, metavar="VERB")
    checked = verbs.add_parser("check", help="every mistake in games' files, with its line; exit 1 if there is one")
    checked.add_argument("files", nargs="*", type=Path, metavar="FILE", help="these; else all on offer")
    tested = verbs.add_parser("test", help="one server of it, from its first start to its end; exit 1 if not well")
    tested.add_argument("id", help="the game's id, as its TOML file says it")
    tested.add_argument("--accept-licence", action="store_true", help="you have read its licence and accept it")


def _guild(typed: str) -> int:
    """Discord's id of a guild, small enough for every database."""
    if not (typed.isascii() and typed.isdigit() and 0 < int(typed) < 2**63):
        raise argparse.ArgumentTypeError(f"{typed!a} is no id of a guild: `ls` shows them")
    return int(typed)
