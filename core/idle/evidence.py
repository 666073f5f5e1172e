"""Pure: what is shown of the players, from what a game's query said."""

from __future__ import annotations

from dataclasses import dataclass

from core.words import Evidence, Occupied, Unknown

LONGEST_NAME = 32
MOST_NAMES = 40


@dataclass(frozen=True, slots=True)
class ShownPlayers:
    """Cleaned names, and how many players there are: maybe more than names are known."""

    names: tuple[str, ...] = ()
    online: int = 0


def players(evidence: Evidence) -> ShownPlayers | None:
    """None where nothing is known: then the last ones stay shown."""
    if isinstance(evidence, Unknown):
        return None
    if isinstance(evidence, Occupied):
        names = tuple(name[:LONGEST_NAME] for name in evidence.names[:MOST_NAMES] if name.strip())
        return ShownPlayers(names, max(evidence.online, len(names)))
    return ShownPlayers()
