"""Pure: how fast one member may ask. A person never meets it; a script that asks all day does.

The rule is GCRA, as ATM networks and many proxies have it: a moment for each member, from which on all that they asked
for is paid back. (ITU-T I.371, annex A)
"""

from __future__ import annotations

import math
from datetime import timedelta

from core.errors import LimitReached

BURST = 60
"""So much at once, from a member who asked for nothing lately."""
EVERY = 1.0
"""Seconds for each after that."""
_TIDY = 1000


class Pace:
    """What members asked of this process."""

    def __init__(self, *, burst: int = BURST, every: float = EVERY) -> None:
        self._ahead = burst * every
        self._every = every
        self._paid_at: dict[int, float] = {}

    def left(self, member: int, now: float) -> tuple[int, int]:
        """How much more they may ask at once, and seconds until that is all of `most` again."""
        ahead = max(0.0, self._paid_at.get(member, now) - now)
        return int((self._ahead - ahead) / self._every + 1e-6), math.ceil(ahead)

    @property
    def most(self) -> int:
        return round(self._ahead / self._every)

    def take(self, member: int, now: float) -> None:
        """They ask for one thing more. `now`: seconds by a clock that is not set back. LimitReached with the time to
        wait; what is refused costs nothing."""
        paid_at = max(self._paid_at.get(member, now), now) + self._every
        if (wait := paid_at - now - self._ahead) > 0:
            raise LimitReached("pace.wait", wait=timedelta(seconds=wait))
        if len(self._paid_at) >= _TIDY:
            self._paid_at = {each: at for each, at in self._paid_at.items() if at > now}
        self._paid_at[member] = paid_at
