"""The times of a server's row by the clock as it is now (core.clock). Whoever writes a row settles it first."""

from __future__ import annotations

from datetime import datetime

from core.clock import happened, set_back
from core.data.tables import ServerRow

HAPPENED = (
    "phase_since",
    "problem_since",
    "changed_at",
    "started_at",
    "empty_since",
    "known_at",
    "unknown_since",
    "warned_at",
    "warning_delivered_at",
    "unsaved_since",
    "schedule_at",
    "owner_gone_since",
)
"""Written by the bot's own clock."""
OF_THE_CLUSTER = ("ready_at",)
"""What happened, by a node's clock. It never tells that ours was set back."""
FOR_A_WHILE = ("start_by", "keep_until", "vote_until", "restart_by", "offered_until")
"""`purge_at` is none of these: it is a day that people were told, and what is deleted then is gone. Neither is
`awake_until`, which is a time of the schedule's, nor `occasion_from` and `occasion_until`, which are the occasion's."""


def is_settled(row: ServerRow, now: datetime) -> bool:
    """Whether none of its times was written before the clock was set back."""
    return not set_back((getattr(row, name) for name in HAPPENED), now)


def settle(row: ServerRow, now: datetime) -> None:
    """Let what lies ahead count from now, and end what lasts for a while so much earlier as the clock was set back."""
    back = set_back((getattr(row, name) for name in HAPPENED), now)
    if not back:
        return
    for name in (*HAPPENED, *OF_THE_CLUSTER):
        if (at := getattr(row, name)) is not None:
            setattr(row, name, happened(at, now))
    for name in FOR_A_WHILE:
        if (at := getattr(row, name)) is not None:
            setattr(row, name, at - back)
