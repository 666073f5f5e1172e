"""Pure: people in words."""

from __future__ import annotations

from cogs.escape import escape
from core.guilds.access import Level, Who
from core.text import say
from core.words import Sharer

_MENTIONS = {Sharer.MEMBER: "<@{}>", Sharer.ROLE: "<@&{}>"}
_LEAST = {Level.OWNER: "owner", Level.MANAGER: "manager"}


def named(who: Who, language: str) -> str:
    """`Ada (owner) or an admin`: fits after *only* and after *by*."""
    owner = escape(who.owner) or say(language, "owner.unknown")
    return say(language, f"who.{_LEAST[who.least]}", owner=owner)


def mention(kind: Sharer, target: int) -> str:
    """Nobody is pinged by it: messages allow no mentions."""
    return _MENTIONS[kind].format(target)
