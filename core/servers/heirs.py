"""Pure: to whom a server is offered whose owner left the guild.

| its owner is gone for | the server has managers | |
|---|---|---|
| less than 3 days | yes | is offered to its managers |
| less than 3 days | no | is offered to the admins |
| 3 days or more | | is offered to its managers and the admins |
| 7 days or more | | belongs to the admins |

| who was looked for | what was found | |
|---|---|---|
| an owner who is there | is there | nothing |
| an owner who is there | is gone | the first row that fits |
| an owner who was gone | is there | the offer ends: it stays theirs |
| an owner who was gone | is gone | the next row, if its time has come; no row is told twice, and none is gone back to |
| any | nobody knows | nothing: an outage makes nobody gone, and nothing goes on during one |
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum

ADMINS_AFTER, THEIRS_AFTER = timedelta(days=3), timedelta(days=7)


class Heirs(IntEnum):
    """To whom it is offered. Stored, so never change a number."""

    NOBODY = 0  # its owner is there
    MANAGERS = 1
    ADMINS = 2  # and the managers
    THEIRS = 3  # it belongs to the admins: nobody took it


def heirs(gone_since: datetime, told: Heirs, now: datetime, *, managed: bool) -> Heirs:
    """What holds now, of a server whose owner is gone. `told`: what held when it was looked at last; `managed`: it has
    managers."""
    if now >= gone_since + THEIRS_AFTER:
        return Heirs.THEIRS
    due = Heirs.MANAGERS if managed and now < gone_since + ADMINS_AFTER else Heirs.ADMINS
    return max(told, due)


def next_step(
    is_member: bool | None, gone_since: datetime | None, told: Heirs, now: datetime, *, managed: bool
) -> Heirs | None:
    """What is to be told now; None: nothing. `is_member` None: nobody knows. NOBODY: the owner is back."""
    if is_member is None:
        return None
    if is_member:
        return Heirs.NOBODY if gone_since is not None else None
    due = heirs(gone_since or now, told, now, managed=managed)
    return due if due > told else None
