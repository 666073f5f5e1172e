"""Pure: people in words."""

from __future__ import annotations

from cogs.escape import escape
from core.guilds.access import Level, Who
from core.text import say
from core.words import ADMINS, Sharer

_MENTIONS = {Sharer.MEMBER: "<@{}>", Sharer.ROLE: "<@&{}>"}
_LEAST = {Level.OWNER: "owner", Level.MANAGER: "manager"}


def named(who: Who, language: str) -> str:
    """`Ada (owner) or an admin`: fits after *only* and after *by*."""
    if not who.owned:
        return say(language, f"who.{_LEAST[who.least]}_admins")
    owner = escape(who.owner) or say(language, "owner.unknown")
    return say(language, f"who.{_LEAST[who.least]}", owner=owner)


def owner_of(whom: int, language: str) -> str:
    """To whom a server belongs."""
    return say(language, "owner.admins") if whom == ADMINS else mention(Sharer.MEMBER, whom)


def mention(kind: Sharer, target: int) -> str:
    """Nobody is pinged by it: messages allow no mentions."""
    return _MENTIONS[kind].format(target)
