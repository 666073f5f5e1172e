"""Pure: people in words."""

from __future__ import annotations

from core.words import Sharer

_MENTIONS = {Sharer.MEMBER: "<@{}>", Sharer.ROLE: "<@&{}>"}


def mention(kind: Sharer, target: int) -> str:
    """Nobody is pinged by it: messages allow no mentions."""
    return _MENTIONS[kind].format(target)
