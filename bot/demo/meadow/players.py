"""Who is in the meadow: names, animals, places, and how much each may do. Pure: time is passed in."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from .world import HEIGHT, WIDTH

ANIMALS = ("dormouse", "rabbit", "fox", "hedgehog", "frog", "duck")
NAME_LENGTH = 24
CHAT_LENGTH = 120


class FullError(Exception):
    """As many players as allowed are already in the meadow."""


@dataclass(slots=True)
class Player:
    """`x` and `y` are cells from the north-west corner."""

    id: int
    name: str
    animal: str
    x: float
    y: float

    def move(self, x: float, y: float) -> None:
        """Go there, or to the nearest place inside the meadow."""
        self.x = min(max(x, 0.0), float(WIDTH))
        self.y = min(max(y, 0.0), float(HEIGHT))


class Crowd:
    """The players, in the order in which they came. No two have the same name, whatever the case."""

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self._players: dict[int, Player] = {}
        self._last_id = 0

    def __len__(self) -> int:
        return len(self._players)

    def __iter__(self) -> Iterator[Player]:
        return iter(self._players.values())

    def names(self) -> list[str]:
        return [player.name for player in self]

    def join(self, name: str, animal: str) -> Player:
        """Let somebody in under a cleaned, unique name. Raises `FullError`."""
        if len(self) >= self.maximum:
            raise FullError
        name = self._unique(clean_text(name, NAME_LENGTH) or "Visitor")
        if animal not in ANIMALS:
            animal = ANIMALS[zlib.crc32(name.encode()) % len(ANIMALS)]
        self._last_id += 1
        # Newcomers stand side by side near the middle, not on top of one another.
        place = self._last_id % 7 - 3
        player = Player(self._last_id, name, animal, WIDTH / 2 + 1.5 * place, HEIGHT / 2 + place % 2)
        self._players[player.id] = player
        return player

    def leave(self, player: Player) -> None:
        self._players.pop(player.id, None)

    def find(self, name: str) -> Player | None:
        wanted = clean_text(name, NAME_LENGTH).casefold()
        return next((player for player in self if player.name.casefold() == wanted), None)

    def _unique(self, name: str) -> str:
        candidate, number = name, 1
        while self.find(candidate) is not None:
            number += 1
            ending = f" {number}"
            candidate = name[: NAME_LENGTH - len(ending)].rstrip() + ending
        return candidate


class Budget:
    """A token bucket: `rate` a second, at most `burst` saved up. Times are seconds of any steady clock."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = now

    def take(self, wanted: int, now: float) -> int:
        """Spend up to `wanted` and return how many were granted."""
        self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        granted = min(wanted, int(self._left))
        self._left -= granted
        return granted


def clean_text(text: str, length: int) -> str:
    """One line of visible text: no control, formatting or lone surrogate characters, single spaces, cut to `length`."""
    visible = (
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", text[: length * 8])
        if character.isspace() or unicodedata.category(character) not in ("Cc", "Cf", "Cs")
    )
    return " ".join("".join(visible).split())[:length].rstrip()
