"""Pure: how often a server is asked. One that stays silent is asked in fewer and fewer passes, at least every MOST; one
that is warned, and one that answered, in each."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta

from core.games.query.port import Players
from core.words import Unknown

PATIENT = 3
"""Silent passes before it is asked more seldom: so long may known evidence be old."""
MOST = timedelta(minutes=2)
"""Between two questions to a silent server."""


@dataclass(slots=True)
class _Silence:
    passes: int
    left: int
    last: Players


@dataclass(slots=True)
class Pace:
    """`every`: between two passes."""

    every: timedelta
    chance: random.Random = field(default_factory=random.Random)
    _silent: dict[str, _Silence] = field(default_factory=dict)

    def held(self, server: str) -> Players | None:
        """What it said last, where it is not to be asked in this pass; None: ask it."""
        silence = self._silent.get(server)
        if silence is None or silence.left <= 0:
            return None
        silence.left -= 1
        return silence.last

    def heard(self, server: str, players: Players) -> None:
        """It was asked, and answered this."""
        if not isinstance(players.evidence, Unknown):
            self._silent.pop(server, None)
            return
        silence = self._silent.setdefault(server, _Silence(0, 0, players))
        silence.passes += 1
        silence.last = players
        most = min(2 ** min(silence.passes - PATIENT, 20), MOST // self.every - 1) if silence.passes > PATIENT else 0
        silence.left = self.chance.randint(1, most) if most > 0 else 0  # so that they are not all asked in one pass

    def forget(self, server: str) -> None:
        """It was started anew, or does not run."""
        self._silent.pop(server, None)

    def keep(self, servers: set[str]) -> None:
        """The others run no more."""
        for server in self._silent.keys() - servers:
            del self._silent[server]
