"""Why a database cannot be used, in words for whoever runs Dormouse. Never an address with its password."""

from __future__ import annotations

import socket

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

_STATES = {
    "28P01": "its password is wrong",
    "28000": "the server does not let this user in",
    "3D000": "the server has no database of that name: create it first",
    "42501": "this user may not do that there: make it the database's owner",
    "25006": "it can only be read: name the primary, not a standby",
    "53300": "the server takes no more connections",
    "57P03": "the server is still starting, or stops",
}
"""SQLSTATE codes: https://www.postgresql.org/docs/current/errcodes-appendix.html"""

TROUBLE = (DBAPIError, OSError)
"""What connecting and asking may raise: asyncpg's own trouble with the network is an OSError (TimeoutError is one)."""


def is_away(wrong: BaseException) -> bool:
    """Whether the database itself is in trouble (gone, full, read-only, locked), and not what was asked of it."""
    if isinstance(wrong, DBAPIError):
        return wrong.connection_invalidated or isinstance(wrong, OperationalError | InterfaceError)
    return isinstance(wrong, OSError)


def reason(wrong: BaseException) -> str:
    """The end of a sentence: *the database cannot be used: …*"""
    match wrong:
        case socket.gaierror():
            return "the host in its address is not known"
        case ConnectionRefusedError():
            return "nothing listens at its address"
        case TimeoutError():
            return "it does not answer in time"
        case OSError():
            return f"it cannot be reached ({wrong.strerror or type(wrong).__name__})"
        case DBAPIError():
            state = str(getattr(wrong.orig, "sqlstate", "") or "")
            return _STATES.get(state) or str(wrong.orig).partition("\n")[0]
        case _:
            return type(wrong).__name__
