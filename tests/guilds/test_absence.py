"""What becomes of servers whose guild removed the bot, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.guilds.absence import Step, next_step
from core.words import Because, Desired

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
GONE, OWNER = Because.GUILD_GONE, Because.OWNER
MOMENT = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("desired", "because", "ago", "step"),
    [
        (Desired.RUNNING, OWNER, timedelta(0), Step.PAUSE),
        (Desired.RUNNING, OWNER, timedelta(days=29), Step.PAUSE),
        (Desired.PAUSED, GONE, timedelta(days=7) - MOMENT, None),
        (Desired.PAUSED, GONE, timedelta(days=7), Step.ARCHIVE),
        (Desired.PAUSED, OWNER, timedelta(days=7), Step.ARCHIVE),
        (Desired.ARCHIVED, GONE, timedelta(days=30) - MOMENT, None),
        (Desired.ARCHIVED, GONE, timedelta(days=30), Step.PURGE),
        (Desired.PAUSED, OWNER, timedelta(days=30), Step.PURGE),
        (Desired.RUNNING, OWNER, timedelta(days=30), Step.PURGE),
        (Desired.DELETED, OWNER, timedelta(days=40), None),
        (Desired.PAUSED, GONE, None, Step.START),
        (Desired.ARCHIVED, GONE, None, Step.START),
        (Desired.PAUSED, OWNER, None, None),
        (Desired.ARCHIVED, OWNER, None, None),
        (Desired.RUNNING, OWNER, None, None),
        (Desired.DELETED, GONE, None, None),
    ],
)
def test_the_next_step(desired: Desired, because: Because, ago: timedelta | None, step: Step | None) -> None:
    left_at = None if ago is None else NOW - ago
    assert next_step(desired, because, left_at, NOW, keeps_worlds=True) is step
    without = None if step is Step.ARCHIVE else step
    assert next_step(desired, because, left_at, NOW, keeps_worlds=False) is without
