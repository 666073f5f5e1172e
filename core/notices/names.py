"""Pure: whether players are named. The one place that decides what of their names anybody reads.

A guild may have its players not named (`/guild setup`): then all say how many play, and nobody who. A game's own last
lines may name them too, so nobody reads these either, but for who asks for its log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.notices.kinds.notices import CrashedNotice, FollowNotice, IdleJoined, IdleWarned, Notice, StartFailedNotice


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
