"""Ids as Discord makes them: milliseconds since 2015 in the upper bits.

https://discord.com/developers/docs/reference#snowflakes
"""

from collections.abc import Callable
from datetime import UTC, datetime

EPOCH_MS = 1420070400000


class Snowflakes:
    """Makes ids that never repeat and always grow, even when the clock steps back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0

    def make(self) -> str:
        self._last = max(self._last + 1, (int(self._clock() * 1000) - EPOCH_MS) << 22)
        return str(self._last)

    def seen(self, snowflake: str) -> None:
        """Later ids will be greater than this one, which came from storage."""
        self._last = max(self._last, int(snowflake))


def iso(seconds: float) -> str:
    """A Unix time as Discord writes it: `2026-11-24T09:42:00.000000+00:00`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def seconds(moment: str) -> float:
    """The Unix time of what Discord takes for one; UTC where it names no offset. Raises ValueError."""
    found = datetime.fromisoformat(moment)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
