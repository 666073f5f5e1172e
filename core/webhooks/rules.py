"""Pure: which delivery is next, when one is tried again, when it is given up, and when a webhook is switched off.

A webhook's deliveries go out one after the other in the order of their events. One that fails holds up those behind it
for HOLDS_UP tries, in case the receiver is away for a moment; after that they go past it, for it may fail for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

DELAYS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 300, 900, 1800, 3600, 7200, 3 * 3600, 4 * 3600, 5 * 3600, 6 * 3600)
)
"""After the first failed try, the second, and so on; then always the last. Together they are almost 22 hours."""
JITTER = 0.2
"""Each delay is up to so much shorter or longer, so that what failed together is not tried together."""
GIVEN_UP_AFTER = timedelta(hours=24)
HOLDS_UP = 4
OFF_AFTER = timedelta(days=3)
"""So long nothing was taken."""
LONGEST = DELAYS[-1] * (1 + JITTER)
"""What is due later than that from now was written before the clock was set back."""
GONE = 410
"""The receiver says that it will never take anything any more (RFC 9110, 15.5.11)."""


class State(StrEnum):
    PENDING = "pending"
    TAKEN = "taken"
    GIVEN_UP = "given_up"


class Off(StrEnum):
    """Why a webhook is off."""

    ASKED = "asked"
    FAILING = "failing"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that is pending. `event` None: a ping, which waits for nothing."""

    id: str
    event: int | None
    attempts: int
    next_at: datetime


def is_due(waiting: Waiting, now: datetime) -> bool:
    return waiting.next_at <= now or waiting.next_at > now + LONGEST


def choose(pending: Sequence[Waiting], now: datetime) -> tuple[Waiting | None, timedelta | None]:
    """What to send now; or else after how long to look again, None: there is nothing."""
    in_order = sorted(pending, key=lambda each: (each.event is not None, each.event or 0, each.next_at))
    waits: list[timedelta] = []
    for each in in_order:
        if is_due(each, now):
            return each, None
        waits.append(each.next_at - now)
        if each.event is not None and each.attempts < HOLDS_UP:
            break
    return None, min(waits, default=None)


def is_taken(status: int | None) -> bool:
    """A redirect is not: it would lead to an address that nobody checked."""
    return status is not None and 200 <= status < 300


def again_at(attempts: int, created_at: datetime, now: datetime, drawn: float) -> datetime | None:
    """When to try again after so many failed tries; None: it is given up. `drawn`: between 0 and 1, by chance."""
    delay = DELAYS[min(attempts, len(DELAYS)) - 1]
    at = now + delay * (1 + JITTER * (2 * drawn - 1))
    return at if at <= created_at + GIVEN_UP_AFTER else None


def off(status: int | None, failing_since: datetime, now: datetime) -> Off | None:
    """Whether a try that failed switches the webhook off."""
    if status == GONE:
        return Off.GONE
    return Off.FAILING if now - failing_since >= OFF_AFTER else None
