"""Pure: stored times, and a clock that may have been set back since they were written.

A time of something that happened lies in the past. One that lies ahead was written before the machine's clock was set
back, and counts from now: nothing waits for the old time to come again. What was promised for a while (`start_by`,
`keep_until`) moves back by as much as the clock did. How often and for how long something is done by this process is
measured by a clock that cannot be set at all (the event loop's).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

APART = timedelta(seconds=10)
"""The clocks of two machines may be so far apart: what lies ahead by less was written by another one."""


def is_ahead(at: datetime, now: datetime) -> bool:
    """Whether this time of something that happened was written before the clock was set back."""
    return at > now + APART


def happened(at: datetime, now: datetime) -> datetime:
    """When it happened, as this clock has it: never after now."""
    return min(at, now)


def set_back(happened: Iterable[datetime | None], now: datetime) -> timedelta:
    """By how much the clock was set back since these times were written, at least; zero where it was not."""
    back = max((at - now for at in happened if at is not None), default=timedelta(0))
    return back if back > APART else timedelta(0)
