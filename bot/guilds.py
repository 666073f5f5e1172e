"""`dormouse guilds`: what an operator does with guilds at a shell. It writes to the database; the bot that runs, here
or elsewhere, does what follows."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Awaitable, Callable

import structlog

from bot import from_settings
from bot.settings import Settings, load
from core.assemble import assemble
from core.cluster.none import NoCluster
from core.data.database import Database
from core.data.schema import Schema
from core.data.tables import utc_now
from core.data.trouble import TROUBLE, reason
from core.errors import Misconfigured, Refusal
from core.host import GuildSummary, Operations
from core.servers.blocking import EVERY
from core.text import DEFAULT, say, size


def run(chosen: argparse.Namespace) -> int:
    settings, _ = load()
    logged = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # it says so itself
    try:
        asyncio.run(_run(chosen, settings))
    except Refusal as refusal:
        raise Misconfigured([say(DEFAULT, refusal.message, **refusal.values)]) from refusal
    finally:
        structlog.configure(**logged)
    return 0


async def _run(chosen: argparse.Namespace, settings: Settings) -> None:
    database = Database(settings.database)
    try:
        if await database.schema() not in (Schema.CURRENT, Schema.NEWER):
            raise Misconfigured(["The database is not one of this version: start it once, or run `dormouse migrate`."])
        catalogue, rules = from_settings.catalogue(settings), from_settings.rules(settings)
        operations = assemble(database, catalogue, NoCluster(), rules, utc_now).operations
        await _VERBS[chosen.verb](chosen, operations)
    except TROUBLE as wrong:
        raise Misconfigured([f"The database cannot be used: {reason(wrong)}."]) from wrong
    finally:
        await database.close()


async def _ls(_: argparse.Namespace, operations: Operations) -> None:
    for each in await operations.guilds():
        print(_line(each))


def _line(each: GuildSummary) -> str:
    """Names are known to Discord alone: here there are ids."""
    remarks = ["not there any more"] * each.left
    if each.blocked_at is not None:
        remarks.append(f"blocked since {each.blocked_at:%Y-%m-%d %H:%M} {each.blocked_words}".rstrip())
    return "  ".join(
        [str(each.id), f"servers {each.servers}", f"running {each.running}", size(DEFAULT, each.stored), *remarks]
    )


async def _block(chosen: argparse.Namespace, operations: Operations) -> None:
    if await operations.block(chosen.guild, " ".join(chosen.words), by=None):
        within = int(EVERY.total_seconds())
        print(f"Blocked. What runs there is paused within {within} seconds where the bot runs, else once it starts.")
    else:
        print("It is blocked with these words already.")


async def _unblock(chosen: argparse.Namespace, operations: Operations) -> None:
    if await operations.unblock(chosen.guild, by=None):
        print("It is not blocked any more. Its servers stay paused until somebody resumes them.")
    else:
        print("It is not blocked.")


async def _broadcast(chosen: argparse.Namespace, operations: Operations) -> None:
    count = await operations.broadcast(" ".join(chosen.words), by=None)
    print(f"It goes to {'1 guild' if count == 1 else f'{count} guilds'}.")


_VERBS: dict[str, Callable[[argparse.Namespace, Operations], Awaitable[None]]] = {
    "ls": _ls,
    "block": _block,
    "unblock": _unblock,
    "broadcast": _broadcast,
}
