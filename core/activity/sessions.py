"""Pure: who began and ended to play, from one look to the next.

A session is of one player, by name, or of the server: **somebody** was on. The first are there only where names are
known and kept. Nothing is guessed:

| the look before | this look | a player's sessions |
|---|---|---|
| knew all names | knows all names | who is new begins now, who is gone ends now: both were seen |
| knew all names | names only some | all end with the look before: how they ended was not seen |
| did not | knows all names | all who are there begin now: how they began was not seen |
| none, or too long ago | | all end with the look before, those who are there begin now: neither was seen |

The server's own session goes by the number alone. Who was there in the look before and has no session was forgotten, or
names were not kept then: they have one from the next time on that they join.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

SOMEBODY = ""
"""In place of a name: the server's session."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was known of the players at a time."""

    at: datetime
    online: int
    names: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether everybody is named, and no two alike."""
        return len(self.names) == self.online

    @property
    def somebody(self) -> frozenset[str]:
        return frozenset({SOMEBODY} if self.online else ())


@dataclass(frozen=True, slots=True)
class Change:
    """A session that began or ended. `seen`: between two looks that are close; else it may have been earlier (a
    beginning) or later (an end)."""

    name: str
    at: datetime
    seen: bool


@dataclass(frozen=True, slots=True)
class Changes:
    ended: tuple[Change, ...] = ()
    begun: tuple[Change, ...] = ()


def is_cut(before: Look | None, at: datetime, gap: timedelta) -> bool:
    """Whether nobody knows what was between the look before and this time. So it is where the clock was set back."""
    return before is None or not before.at <= at <= before.at + gap


def differs(before: Look | None, now: Look, gap: timedelta) -> bool:
    """Whether any session begins or ends."""
    if before is None or is_cut(before, now.at, gap):
        return True
    return before.somebody != now.somebody or before.whole != now.whole or (now.whole and before.names != now.names)


def follow(open_: Collection[str], before: Look | None, now: Look, gap: timedelta) -> Changes:
    """`open_`: whose sessions go on so far. Of those that end without a look before, the end is now."""
    names = now.names if now.whole else frozenset()
    last = min(before.at, now.at) if before is not None else now.at
    if before is None or is_cut(before, now.at, gap):
        return Changes(_all(open_, last, seen=False), _all(names | now.somebody, now.at, seen=False))
    ended = [*_all(set(open_) & {SOMEBODY} - now.somebody, now.at, seen=True)]
    begun = [*_all(now.somebody - set(open_), now.at, seen=not before.online)]
    players = set(open_) - {SOMEBODY}
    if now.whole:
        ended += _all(players - names, now.at, seen=True)
        known = before.names if before.whole else frozenset()
        begun += _all(names - players - known, now.at, seen=before.whole)
    else:
        ended += _all(players, last, seen=False)
    return Changes(tuple(ended), tuple(begun))


def _all(names: Collection[str], at: datetime, *, seen: bool) -> tuple[Change, ...]:
    return tuple(Change(name, at, seen) for name in sorted(names))
