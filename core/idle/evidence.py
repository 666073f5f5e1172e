"""Pure: turning what a game's query said into what is remembered of its players."""

from __future__ import annotations

from dataclasses import dataclass

from core.words import Evidence, Occupied, Unknown

LONGEST_NAME = 32
MOST_NAMES = 40


@dataclass(frozen=True, slots=True)
class Seen:
    """The players as they are shown: cleaned names, and a number that may be larger than the names known."""

    names: tuple[str, ...] = ()
    online: int = 0


def players(evidence: Evidence) -> Seen | None:
    """None where nothing is known: what was shown last stays."""
    if isinstance(evidence, Unknown):
        return None
    if isinstance(evidence, Occupied):
        names = tuple(name[:LONGEST_NAME] for name in evidence.names[:MOST_NAMES] if name.strip())
        return Seen(names, max(evidence.online, len(names)))
    return Seen()
