"""Pure: what becomes of a guild's servers while the bot is not in the guild, and when it is back.

| the guild | a server that is to be | |
|---|---|---|
| was left | RUNNING | is paused, because GUILD_GONE |
| was left 7 days ago | PAUSED | is archived: its world is on the store alone |
| was left 30 days ago | anything but DELETED | is purged, its world's last state safe first |
| is there | PAUSED or ARCHIVED, because GUILD_GONE | runs again |

All of it follows from what the rows say, so it does not matter who was running meanwhile. A guild that Discord does not
tell of, as in an outage, was not left.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from core.words import Because, Desired

ARCHIVED_AFTER, PURGED_AFTER = timedelta(days=7), timedelta(days=30)


class Step(Enum):
    PAUSE = "pause"
    ARCHIVE = "archive"
    PURGE = "purge"
    START = "start"


def next_step(
    desired: Desired, because: Because, left_at: datetime | None, now: datetime, *, keeps_worlds: bool
) -> Step | None:
    """`left_at` None: the bot is in the guild. Where no worlds are kept, nothing can be archived."""
    if left_at is None:
        away = because is Because.GUILD_GONE and desired in (Desired.PAUSED, Desired.ARCHIVED)
        return Step.START if away else None
    if desired is Desired.DELETED:
        return None
    if now >= left_at + PURGED_AFTER:
        return Step.PURGE
    if desired is Desired.RUNNING:
        return Step.PAUSE
    if desired is Desired.PAUSED and keeps_worlds and now >= left_at + ARCHIVED_AFTER:
        return Step.ARCHIVE
    return None
