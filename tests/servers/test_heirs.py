"""To whom a server is offered whose owner left: the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.servers.heirs import Heirs, next_step

LEFT = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOBODY, MANAGERS, ADMINS, THEIRS = Heirs


@pytest.mark.parametrize(
    ("is_member", "since", "told", "days", "managed", "step"),
    [
        # an owner who is there
        (True, None, NOBODY, 0, True, None),
        (False, None, NOBODY, 0, True, MANAGERS),
        (False, None, NOBODY, 0, False, ADMINS),
        (None, None, NOBODY, 0, True, None),
        # an owner who is gone
        (False, LEFT, MANAGERS, 2.9, True, None),
        (False, LEFT, MANAGERS, 3, True, ADMINS),
        (False, LEFT, MANAGERS, 1, False, ADMINS),
        (False, LEFT, ADMINS, 1, True, None),
        (False, LEFT, ADMINS, 6.9, True, None),
        (False, LEFT, ADMINS, 7, False, THEIRS),
        (False, LEFT, MANAGERS, 30, True, THEIRS),
        # and back, or nobody knows
        (True, LEFT, MANAGERS, 1, True, NOBODY),
        (True, LEFT, ADMINS, 30, True, NOBODY),
        (None, LEFT, MANAGERS, 30, True, None),
    ],
)
def test_what_follows(
    is_member: bool | None, since: datetime | None, told: Heirs, days: float, managed: bool, step: Heirs | None
) -> None:
    assert next_step(is_member, since, told, LEFT + timedelta(days=days), managed=managed) is step
