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
    # pages, and forms on them: for browsers alone
    "static": OPEN,
    "page_home": OPEN,
    "page_server": Right(None, Do.SEE),
    "page_card": Right(None, Do.SEE),
    "page_licence": Right(None, Do.SEE),
    "page_resume": Right(None, Do.RESUME),
    "page_pause": Right(None, Do.PAUSE),
    "page_restart": Right(None, Do.RESTART),
    "page_keep": Right(None, Do.KEEP),
    "page_undo": Right(None, Do.UNDO),
    "page_go_on": Right(None, Do.ACCEPT),
    "page_activity": Right(None, Do.SEE),
    "page_activity_picture": Right(None, Do.SEE),
    "page_guild_activity": Right(None, DoInGuild.ACTIVITY),
    "page_guild_activity_picture": Right(None, DoInGuild.ACTIVITY),
    "page_console": Right(None, Do.LOGS),
    "page_log": Right(None, Do.LOGS),
    "page_send": Right(None, Do.CONSOLE),
    "page_snapshots": Right(None, Do.SNAPSHOTS),
    "page_snapshot": Right(None, Do.SNAPSHOT),
    "page_restore_ask": Right(None, Do.RESTORE),
    "page_restore": Right(None, Do.RESTORE),
    "page_restore_undo": Right(None, Do.RESTORE),
    "page_edit": Right(None, Do.EDIT),
    "page_save": Right(None, Do.EDIT),
    "page_guild": Right(None, DoInGuild.LIST),
    "page_guild_rules": Right(None, DoInGuild.SETUP),
    "page_guild_limits": Right(None, DoInGuild.QUOTA),
    "page_guild_games": Right(None, DoInGuild.GAMES),
    "page_audit": Right(None, DoInGuild.AUDIT),
    "page_account": Right(None),
    "page_account_save": Right(None),
    "page_token_make": Right(None),
    "page_token_revoke": Right(None),
    "page_session_end": Right(None),
    "page_host": Right(None),  # operators alone, whoever else asks finds nothing
}
"""By operation id."""


def of(operation: str) -> Right:
    """KeyError: the route has no row."""
    return ROUTES[operation]
