"""Pure: people in words."""

from __future__ import annotations

from core.text import say
from core.words import ADMINS, Sharer

_MENTIONS = {Sharer.MEMBER: "<@{}>", Sharer.ROLE: "<@&{}>"}


def owner_of(whom: int, language: str) -> str:
    """To whom a server belongs."""
    return say(language, "owner.admins") if whom == ADMINS else mention(Sharer.MEMBER, whom)


def mention(kind: Sharer, target: int) -> str:
    """Nobody is pinged by it: messages allow no mentions."""
    return _MENTIONS[kind].format(target)
