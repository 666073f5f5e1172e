"""Pure: what a game answers when it is asked who plays, or that it does not tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from core.games.terminal import plain

MOST_NAMES = 200
LONGEST_NAME = 64
MOST_PLAYERS = 100_000
"""Beyond that it is nonsense, and no number for a database."""


class NoAnswer(Exception):
    """Nobody knows who plays; why in words."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`max` is 0 where the game does not tell. Names are plain text, and may be fewer than `online`."""

    online: int
    max: int = 0
    names: tuple[str, ...] = ()


def counted(online: Any, most: Any = None, names: Iterable[Any] = (), *, bots: Any = 0) -> Answer:
    """What was told, where it can be true. Raises `NoAnswer` where `online` or `bots` is no number of players."""
    if not _is_number(online) or not _is_number(bots):
        raise NoAnswer("the answer does not say how many play")
    known: list[str] = []
    for name in names:
        if len(known) == MOST_NAMES:
            break
        if isinstance(name, str) and (clean := " ".join(plain(name[: 4 * LONGEST_NAME]).split())[:LONGEST_NAME]):
            known.append(clean)
    return Answer(max(0, online - bots), most if _is_number(most) else 0, tuple(known))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_PLAYERS
