"""Pure: what is shown of the players, from what a game's query said, and who joined since."""

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


def joined(before: ShownPlayers, after: ShownPlayers) -> ShownPlayers | None:
    """Who is there now and was not `before`, and how many play now; None where nobody joined.

    A name is new only where all were known before: some games name a few of many, and each time others.
    """
    knew_all = len(before.names) == before.online
    new = tuple(name for name in after.names if name not in before.names) if knew_all else ()
    return ShownPlayers(new, after.online) if new or after.online > before.online else None
