"""Pure: how far a program's token reaches. It never reaches further than the member who made it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from core.errors import BadInput


class Scope(StrEnum):
    SERVERS_READ = "servers:read"
    SERVERS_POWER = "servers:power"  # resume, pause, restart, keep alive
    SERVERS_WRITE = "servers:write"  # create, edit, share, schedule, delete
    CONSOLE = "console"  # console and log
    WORLDS_READ = "worlds:read"
    WORLDS_WRITE = "worlds:write"
    FILES_READ = "files:read"
    FILES_WRITE = "files:write"
    ACTIVITY_READ = "activity:read"
    GUILDS_READ = "guilds:read"
    GUILDS_WRITE = "guilds:write"
    ACCOUNT_READ = "account:read"
    ACCOUNT_WRITE = "account:write"
    HOST_READ = "host:read"  # of whoever runs the bot


ALL = frozenset(Scope)
READ = frozenset(each for each in Scope if each.endswith(":read"))


def scopes_of(typed: str) -> frozenset[Scope]:
    """What somebody typed, separated by spaces or commas: scopes, `read` for all that read, `all`; empty: READ.
    BadInput names the first that is none."""
    found: set[Scope] = set()
    for part in re.split(r"[,\s]+", typed.strip().lower()):
        match part:
            case "":
                pass
            case "read":
                found |= READ
            case "all":
                found |= ALL
            case _:
                found.add(_scope(part))
    return frozenset(found) or READ


def in_order(scopes: Iterable[str]) -> list[Scope]:
    """Those that are known, as the table above has them."""
    given = set(scopes)
    return [each for each in Scope if each in given]


def _scope(typed: str) -> Scope:
    try:
        return Scope(typed)
    except ValueError:
        raise BadInput("token.scope", scope=typed, scopes=", ".join(Scope)) from None
