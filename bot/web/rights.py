"""Pure: what each route does, in the words of core.guilds.access, and which scope a program's token needs for it.

Whoever adds a route adds its row: no route without one answers, and a test fails for it. The use-cases ask
`core.guilds.access` themselves, as for Discord; this table is what tests and documentation go by.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.accounts.scopes import Scope
from core.guilds.access import Do, DoInGuild, Verb


@dataclass(frozen=True, slots=True)
class Right:
    """`scope` None: no token will do, only a browser in which somebody signed in. `verb` None: the caller's own."""

    scope: Scope | None
    verb: Verb | None = None


OPEN = Right(None)
"""For everybody, signed in or not."""

ROUTES: dict[str, Right] = {
    "export": OPEN,  # whoever has the signed link
    "live": OPEN,
    "ready": OPEN,
    "openapi": OPEN,
    "list_servers": Right(Scope.SERVERS_READ, DoInGuild.LIST),
    "get_server": Right(Scope.SERVERS_READ, Do.SEE),
    "resume_server": Right(Scope.SERVERS_POWER, Do.RESUME),
    # console
    "send_line": Right(Scope.CONSOLE, Do.CONSOLE),
    "get_log": Right(Scope.CONSOLE, Do.LOGS),
    "follow_log": Right(Scope.CONSOLE, Do.LOGS),
    # files of a world
    "list_files": Right(Scope.FILES_READ, Do.FILES),
    "read_file": Right(Scope.FILES_READ, Do.FILES),
    "download_file": Right(Scope.FILES_READ, Do.FILES),
    "write_file": Right(Scope.FILES_WRITE, Do.FILES_WRITE),
    "upload_file": Right(Scope.FILES_WRITE, Do.FILES_WRITE),
    "make_folder": Right(Scope.FILES_WRITE, Do.FILES_WRITE),
    "rename_file": Right(Scope.FILES_WRITE, Do.FILES_WRITE),
    "delete_file": Right(Scope.FILES_WRITE, Do.FILES_WRITE),
}
"""By operation id."""


def of(operation: str) -> Right:
    """KeyError: the route has no row."""
    return ROUTES[operation]
