"""Pure: whether players are named. The one place that decides what of their names anybody reads.

A guild may have its players not named (`/guild setup`): then all say how many play, and nobody who. A game's own last
lines may name them too, so nobody reads these either, but for who asks for its log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from core.notices.kinds.notices import CrashedNotice, FollowNotice, IdleJoined, IdleWarned, Notice, StartFailedNotice

SOMEBODY = "••••"
"""What stands in a text for a name that was forgotten."""

_LISTS, _TEXTS = ("last_players", "names"), ("log", "line")
"""Keys of the data of events and notices in which players are named."""


def named(players: Iterable[str], *, shown: bool) -> tuple[str, ...]:
    return tuple(players) if shown else ()


def last_lines(log: str, *, shown: bool) -> str:
    return log if shown else ""


def without_names(told: Notice) -> Notice:
    """What a notice says where players are not named."""
    match told:
        case IdleWarned():
            return replace(told, last_players=())
        case IdleJoined() | FollowNotice():
            return replace(told, names=())
        case CrashedNotice() | StartFailedNotice():
            return replace(told, log="")
        case _:
            return told


def without_name(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The data of an event or a notice, as it is stored, where this player is forgotten: the fact stays, and of a text
    all but the name."""
    kept = dict(data)
    for key in _LISTS:
        if isinstance(there := kept.get(key), list):
            kept[key] = [each for each in there if str(each).casefold() != name.casefold()]
    for key in _TEXTS:
        if isinstance(text := kept.get(key), str):
            kept[key] = text_without(text, name)
    return kept


def text_without(text: str, name: str) -> str:
    """Whole words only: a player may be called *a*."""
    return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", SOMEBODY, text, flags=re.IGNORECASE) if name else text
